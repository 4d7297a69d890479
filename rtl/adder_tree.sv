// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The sum of N signed values as a tree of carry chains. All at the width of the result.
module adder_tree #(
  parameter int N     = 8,
  parameter int Width = 16
) (
  input  logic [N-1:0][Width-1:0] value_i,
  output logic [Width-1:0]        sum_o
);

  if (N == 1) begin : gen_leaf
    assign sum_o = value_i[0];
  end else begin : gen_node
    localparam int Low = N / 2;
    logic [Width-1:0] low, high;
    adder_tree #(.N(Low), .Width(Width)) u_low (.value_i(value_i[Low-1:0]), .sum_o(low));
    adder_tree #(.N(N - Low), .Width(Width)) u_high (.value_i(value_i[N-1:Low]), .sum_o(high));
    chain_add #(.AW(Width), .BW(Width), .YW(Width)) u_add (.a_i(low), .b_i(high), .c_i(1'b0), .y_o(sum_o));
  end

endmodule
