// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Exponentials times a block of values, summed over the head, then divided by the sum of the exponentials. Times are those
// of one stage each.
module mix
  import engine_pkg::*;
#(
  parameter int     Banks   = 12,
  parameter int     Blocks  = 43,
  parameter int     HeadDim = 8,
  parameter int     CacheW  = 8,
  parameter int     WeightW = 10,
  parameter int     OutW    = 8,
  parameter int     Padded  = 8,            // channels in whole words
  parameter int     Divides = 2,
  parameter int     Terms   = 4,            // positions of one chain, in fabric
  parameter int     ReadStages = 1,         // of the divider's table
  parameter int     SumStages  = 1,
  parameter style_e Style   = StylePacked,
  parameter int     Fabric  = 0,            // of the channels, those in fabric whatever the style
  parameter bit     Minus   = 1'b0,
  parameter         Folder  = ""
) (
  input  logic                                      clk_i,
  input  logic                                      rst_i,
  input  logic                                      valid_i,   // t8: a block
  input  logic                                      first_i,   // of its head
  input  logic                                      last_i,
  input  logic [Banks-1:0][WeightW-1:0]             weight_i,  // t8
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] values_i,  // t8
  input  logic [4:0]                                shift_i,   // left, of the quotients; with last_i
  output logic                                      we_o,      // t16 of the last block
  output logic [Divides-1:0][OutW-1:0]              mixed_o
);

  localparam int TotalW   = WeightW + $clog2(Banks * Blocks + 1);
  localparam int SumW     = TotalW + CacheW;
  localparam int InFabric = Style == StyleFabric ? HeadDim : Fabric;

  localparam int Late     = SumStages + 1;          // cycles to the sums of a block
  localparam int Whole    = SumStages > 1 ? 1 : 0;  // registers in front of what makes whole sums of them
  localparam int Load     = Late + 1 + Whole;

  logic [Load-1:0]               valid_q, first_q, last_q;
  logic [Load-1:0][4:0]          shift_q;
  logic [HeadDim-1:0][SumW-1:0]  part_d, part_q, sum_q;
  logic [Banks-1:0][WeightW:0]   weight;
  /* verilator lint_off UNUSEDSIGNAL */
  logic signed [WeightW+$clog2(Banks):0] total_d;  // its sign, 0, is left over where one block holds the context
  /* verilator lint_on UNUSEDSIGNAL */
  logic [TotalW-1:0]             total_dq, total_sum_q, total_whole;

  for (genvar b = 0; b < Banks; b++) begin : gen_weight
    assign weight[b] = {1'b0, weight_i[b]};
  end
  adder_tree_late #(.N(Banks), .Width(WeightW + 1), .Late(1'(Whole))) u_total (
    .clk_i, .value_i(weight), .sum_o(total_d));
  delay #(.Width(TotalW), .Cycles(Late - Whole)) u_total_q (.clk_i, .d_i(TotalW'(total_d)), .d_o(total_dq));

  mix_products #(.Banks(Banks), .HeadDim(HeadDim), .CacheW(CacheW), .WeightW(WeightW), .SumW(SumW), .Terms(Terms),
                 .Stages(SumStages), .Style(Style), .Fabric(Fabric), .Minus(Minus)) u_products (
    .clk_i, .weight_i, .values_i, .part_o(part_d));

  always_ff @(posedge clk_i) begin
    valid_q  <= {valid_q[Load-2:0], valid_i};
    first_q  <= {first_q[Load-2:0], first_i};
    last_q   <= {last_q[Load-2:0], last_i && valid_i};
    shift_q  <= {shift_q[Load-2:0], shift_i};
    part_q   <= part_d;
    if (valid_q[Late-1]) begin
      total_sum_q <= first_q[Late-1] ? total_dq : total_sum_q + total_dq;
      for (int c = 0; c < HeadDim; c++) sum_q[c] <= first_q[Late-1] ? part_q[c] : sum_q[c] + part_q[c];
    end
    if (rst_i) last_q <= '0;
  end

  // What values in fabric are short of: digit_offset times the sum of their weights.
  logic [HeadDim-1:0][SumW-1:0] whole, sum_whole;
  logic [SumW-1:0]              lack_d, lack;
  times #(.InW(TotalW + 1), .OutW(SumW), .Factor(digit_offset(CacheW))) u_lack (
    .x_i($signed({1'b0, total_sum_q})), .y_o(lack_d));
  delay #(.Width(SumW), .Cycles(Whole)) u_lack_q (.clk_i, .d_i(lack_d), .d_o(lack));
  delay #(.Width(HeadDim * SumW), .Cycles(Whole)) u_sum_whole (.clk_i, .d_i(sum_q), .d_o(sum_whole));
  delay #(.Width(TotalW), .Cycles(Whole)) u_total_whole (.clk_i, .d_i(total_sum_q), .d_o(total_whole));
  for (genvar c = 0; c < HeadDim; c++) begin : gen_whole
    assign whole[c] = c < InFabric ? sum_whole[c] + lack : sum_whole[c];
  end

  divide #(.Channels(HeadDim), .Padded(Padded), .Divides(Divides), .SumW(SumW), .TotalW(TotalW), .OutW(OutW),
           .Stages(ReadStages), .Folder(Folder)) u_divide (
    .clk_i, .rst_i, .load_i(last_q[Load-1]), .sum_i(whole), .total_i(total_whole), .shift_i(shift_q[Load-1]), .we_o,
    .mixed_o);

  logic unused;
  assign unused = ^{valid_q, first_q, lack};

endmodule
