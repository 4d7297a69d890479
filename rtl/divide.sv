// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Sums over their common total, through the reciprocal of its leading eleven bits; Divides of them per cycle.
module divide #(
  parameter int Channels = 8,
  parameter int Padded   = 8,
  parameter int Divides  = 2,
  parameter int SumW     = 28,
  parameter int TotalW   = 20,
  parameter int OutW     = 8,
  parameter int Stages   = 1,  // of the reciprocal, and of the shift beside it
  parameter     Folder   = ""
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic                          load_i,    // at least Padded / Divides cycles apart
  input  logic [Channels-1:0][SumW-1:0] sum_i,
  input  logic [TotalW-1:0]             total_i,   // at least 2**9
  input  logic [4:0]                    shift_i,
  output logic                          we_o,      // four cycles and Stages after load_i
  output logic [Divides-1:0][OutW-1:0]  mixed_o
);

  localparam int Steps  = Padded / Divides;
  localparam int StepW  = $clog2(Steps + 1);
  localparam int ShortW = OutW + 13 > 22 ? OutW + 13 : 22;  // of a sum shifted with its total to 12 bits
  localparam int LeadW  = $clog2(TotalW);
  localparam int PlaceW = TotalW > 10 ? $clog2(TotalW - 9) : 1;

  logic [Padded-1:0][SumW-1:0] sum_q;
  logic [StepW-1:0]            left_q;
  logic [2+Stages:0]           valid_q;
  logic [PlaceW-1:0]           lead;
  logic [LeadW-1:0]            lead_d, lead_q;  // less 9
  logic                        unused_any;
  logic [TotalW:0]             total_q, aligned;
  logic [15:0]                 inverse_d, inverse;
  logic [4:0]                  shift_q, shift_ddq;
  logic [5:0]                  back;

  // With two bits of room below, total and sums come to twelve and as many bits.
  always_comb begin
    aligned = total_q >> lead_q;
  end
  leading_one #(.Width(TotalW - 9)) u_lead (.value_i(total_i[TotalW-1:9]), .any_o(unused_any), .index_o(lead));
  assign lead_d = LeadW'(lead);

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      sum_q   <= (Padded * SumW)'(sum_i);
      total_q <= {total_i, 1'b0};
      lead_q  <= lead_d;
      shift_q <= shift_i;
      left_q  <= StepW'(Steps);
    end else if (left_q != 0) begin
      sum_q  <= sum_q >> (Divides * SumW);
      left_q <= left_q - 1'b1;
    end
    valid_q <= {valid_q[1+Stages:0], left_q != 0};
    if (rst_i) begin
      left_q  <= '0;
      valid_q <= '0;
    end
  end
  delay #(.Width(5), .Cycles(1 + Stages)) u_shift (.clk_i, .d_i(shift_q), .d_o(shift_ddq));
  assign back = 6'd27 - {1'b0, shift_ddq};

  rom #(.Width(16), .Depth(1024), .File({Folder, "reciprocal.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(aligned[9:0]), .data_o(inverse_d));
  delay #(.Width(16), .Cycles(Stages - 1)) u_inverse (.clk_i, .d_i(inverse_d), .d_o(inverse));

  for (genvar d = 0; d < Divides; d++) begin : gen_quotient
    logic signed [ShortW-1:0]    short;
    logic signed [ShortW+16:0]   product_q;
    requant #(.InW(SumW + 2), .OutW(ShortW), .ShiftW(LeadW), .Stages(Stages)) u_short (
      .clk_i, .x_i($signed({sum_q[d], 2'b0})), .shift_i(lead_q), .max_i('1), .bias_i('0), .y_o(short));
    always_ff @(posedge clk_i) product_q <= (ShortW + 17)'(short * $signed({1'b0, inverse}));
    requant #(.InW(ShortW + 17), .OutW(OutW), .ShiftW(6), .Stages(2)) u_quotient (
      .clk_i, .x_i(product_q), .shift_i(back), .max_i('1), .bias_i('0), .y_o(mixed_o[d]));
  end

  assign we_o = valid_q[2+Stages];

  logic unused;
  assign unused = ^{aligned[TotalW:10], unused_any, total_i[8:0]};

endmodule
