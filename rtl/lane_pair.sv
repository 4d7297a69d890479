// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Two rows of a matrix: acc += a * w for each, output-stationary, in one multiplier block.
// Its accumulator holds both sums, AccW bits apart.
module lane_pair #(
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter int AccW    = 20
) (
  input  logic                 clk_i,
  input  logic                 clr_i,  // forget the sums; a cycle after the a_i that it replaces
  input  logic [ActW-1:0]      a_i,    // signed; zero where there is nothing to add
  input  logic [2*WeightW-1:0] w_i,    // weights of both rows, a cycle before a_i
  output logic [2*AccW-1:0]    sum_o   // high row * 2**AccW + low row; two cycles after a_i
);

  localparam int WordW = AccW + WeightW + 1;

  logic signed [WeightW-1:0]    low, high;
  logic signed [WordW-1:0]      word_q;
  logic signed [WordW+ActW-1:0] product_q;  // no wider than it is, or the accumulator leaves the block
  logic signed [2*AccW-1:0]     acc_q;

  assign {high, low} = w_i;

  always_ff @(posedge clk_i) begin
    word_q    <= (WordW'(high) <<< AccW) + WordW'(low);
    product_q <= $signed(a_i) * word_q;
    if (clr_i) acc_q <= '0;
    else acc_q <= acc_q + (2*AccW)'(product_q);
  end

  assign sum_o = acc_q;

endmodule
