// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One factor times two others; packed, in one multiplier. One cycle.
module product_pair #(
  parameter bit Packed = 1'b1,
  parameter int AW     = 9,
  parameter int BW     = 8
) (
  input  logic             clk_i,
  input  logic [AW-1:0]    a_i,
  input  logic [BW-1:0]    low_i,
  input  logic [BW-1:0]    high_i,
  output logic [AW+BW-1:0] low_o,
  output logic [AW+BW-1:0] high_o
);

  localparam int ProductW = AW + BW;

  if (Packed) begin : gen_packed
    // One bit closer than two products fit: +2**(Half - 1), of both minima, is the only one that needs the bit
    // more, and its opposite never comes, so the pattern they share means the former.
    localparam int Half  = ProductW - 1;
    localparam int WordW = Half + BW + 1;
    logic signed [WordW-1:0]    word;
    logic signed [WordW+AW-1:0] both_q;
    logic                       negative_q;
    assign word = (WordW'($signed(high_i)) <<< Half) + WordW'($signed(low_i));
    // The lower product's sign from its factors: of the product it would be known only behind the multiplier.
    always_ff @(posedge clk_i) begin
      both_q     <= $signed(a_i) * word;
      negative_q <= a_i[AW-1] != low_i[BW-1] && a_i != '0 && low_i != '0;
    end
    assign low_o  = {negative_q, both_q[Half-1:0]};
    assign high_o = ProductW'(both_q >>> Half) + ProductW'(negative_q);
  end else begin : gen_apart
    always_ff @(posedge clk_i) begin
      low_o  <= ProductW'($signed(a_i) * $signed(low_i));
      high_o <= ProductW'($signed(a_i) * $signed(high_i));
    end
  end

endmodule
