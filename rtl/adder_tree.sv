// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The sum of N signed values as a tree of carry chains, each as wide as its sum can be.
module adder_tree #(
  parameter int N     = 8,
  parameter int Width = 16,
  localparam int OutW = Width + $clog2(N)
) (
  input  logic [N-1:0][Width-1:0] value_i,
  output logic signed [OutW-1:0]  sum_o
);

  if (N == 1) begin : gen_leaf
    assign sum_o = $signed(value_i[0]);
  end else begin : gen_node
    localparam int High  = N / 2;
    localparam int Low   = N - High;
    localparam int LowW  = Width + $clog2(Low);
    localparam int HighW = Width + $clog2(High);
    logic signed [LowW-1:0]  low;
    logic signed [HighW-1:0] high;
    adder_tree #(.N(Low), .Width(Width)) u_low (.value_i(value_i[Low-1:0]), .sum_o(low));
    adder_tree #(.N(High), .Width(Width)) u_high (.value_i(value_i[N-1:Low]), .sum_o(high));
    chain_add #(.AW(LowW), .BW(HighW), .YW(OutW)) u_add (.a_i(low), .b_i(high), .c_i(1'b0), .y_o(sum_o));
  end

endmodule
