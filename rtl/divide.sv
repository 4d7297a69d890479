// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Sums over their common total, through the reciprocal of its leading eleven bits; Divides of them per cycle.
module divide #(
  parameter int Channels = 8,
  parameter int Padded   = 8,
  parameter int Divides  = 2,
  parameter int SumW     = 30,
  parameter int TotalW   = 22,
  parameter int OutW     = 8,
  parameter int OutA     = 5,
  parameter     Folder   = ""
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic                          restart_i, // the next write goes to address 0
  input  logic                          load_i,    // at least Padded / Divides cycles apart
  input  logic [Channels-1:0][SumW-1:0] sum_i,
  input  logic [TotalW-1:0]             total_i,   // at least 2**11
  input  logic [4:0]                    shift_i,
  output logic                          we_o,
  output logic [OutA-1:0]               addr_o,
  output logic [Divides-1:0][OutW-1:0]  mixed_o
);

  localparam int Steps  = Padded / Divides;
  localparam int StepW  = $clog2(Steps + 1);
  localparam int ShortW = OutW + 13 > 22 ? OutW + 13 : 22;  // of a sum shifted with its total to 12 bits

  logic [Padded-1:0][SumW-1:0] sum_q;
  logic [StepW-1:0]            left_q;
  logic [4:0]                  valid_q;
  logic [5:0]                  lead_d, lead_q;
  logic [TotalW-1:0]           total_q, aligned;
  logic [15:0]                 inverse, inverse_q;
  logic [4:0]                  shift_q;
  logic [5:0]                  back;

  always_comb begin
    lead_d = '0;
    for (int i = 0; i < TotalW; i++) if (total_i[i]) lead_d = 6'(i);
    aligned = total_q >> (lead_q - 6'd10);
  end

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      sum_q   <= (Padded * SumW)'(sum_i);
      total_q <= total_i;
      lead_q  <= lead_d;
      shift_q <= shift_i;
      left_q  <= StepW'(Steps);
    end else if (left_q != 0) begin
      sum_q  <= sum_q >> (Divides * SumW);
      left_q <= left_q - 1'b1;
    end
    inverse_q <= inverse;
    valid_q   <= {valid_q[3:0], left_q != 0};
    if (restart_i) addr_o <= '0;
    else if (we_o) addr_o <= addr_o + 1'b1;
    if (rst_i) begin
      left_q  <= '0;
      valid_q <= '0;
    end
  end

  rom #(.Width(16), .Depth(1024), .File({Folder, "reciprocal.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(aligned[9:0]), .data_o(inverse));

  delay #(.Width(6), .Cycles(3)) u_back (.clk_i, .d_i(6'd27 - {1'b0, shift_q}), .d_o(back));

  for (genvar d = 0; d < Divides; d++) begin : gen_quotient
    logic signed [ShortW-1:0]    short;
    logic signed [ShortW+16:0]   product_q;
    requant #(.InW(SumW), .OutW(ShortW), .ShiftW(6)) u_short (
      .clk_i, .x_i($signed(sum_q[d])), .shift_i(lead_q - 6'd11), .max_i('1), .y_o(short));
    always_ff @(posedge clk_i) product_q <= (ShortW + 17)'(short * $signed({1'b0, inverse_q}));
    requant #(.InW(ShortW + 17), .OutW(OutW), .ShiftW(6)) u_quotient (
      .clk_i, .x_i(product_q), .shift_i(back), .max_i('1), .y_o(mixed_o[d]));
  end

  assign we_o = valid_q[4];

  logic unused;
  assign unused = ^aligned[TotalW-1:10];

endmodule
