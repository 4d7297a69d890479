// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One row of a matrix in fabric: acc += a * w. A weight of four bits is two digits that choose among 0, a, 2a
// and 3a, the last shared by all rows: two multiplexers and one adder. Other widths are added bit by bit.
module lane_fabric #(
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter int LaneW   = 18
) (
  input  logic               clk_i,
  input  logic               clr_i,  // forget the sum; a cycle after the a_i that it replaces
  input  logic [ActW-1:0]    a_i,    // signed; zero where there is nothing to add
  input  logic [ActW+1:0]    a3_i,   // 3 * a_i
  input  logic [WeightW-1:0] w_i,    // a cycle before a_i
  output logic [LaneW-1:0]   sum_o   // two cycles after a_i
);

  localparam int ProductW = ActW + WeightW;

  logic [WeightW-1:0]         w_q;
  logic signed [ProductW-1:0] product_d, product_q;
  logic signed [LaneW-1:0]    acc_q;

  if (WeightW == 4) begin : gen_digits
    localparam int DigitW = ActW + 2;
    logic [DigitW-1:0] one, two, low, high;
    logic [DigitW+1:0] sum;
    assign one = {{2{a_i[ActW-1]}}, a_i};
    assign two = {a_i[ActW-1], a_i, 1'b0};
    always_comb begin
      unique case (w_q[1:0])
        2'd0:    low = '0;
        2'd1:    low = one;
        2'd2:    low = two;
        default: low = a3_i;
      endcase
      unique case (w_q[3:2])  // worth 0, 1, -2, -1: inverted, and one more through the carry
        2'd0:    high = '0;
        2'd1:    high = one;
        2'd2:    high = ~two;
        default: high = ~one;
      endcase
      sum = {{3{low[DigitW-1]}}, low[DigitW-1:2], 1'b1} + {high[DigitW-1], high, w_q[3]};
    end
    assign product_d = {sum[DigitW:1], low[1:0]};
    logic unused;
    assign unused = sum[DigitW+1] ^ sum[0];
  end else begin : gen_bits
    always_comb begin
      product_d = w_q[WeightW-1] ? -(ProductW'($signed(a_i)) <<< (WeightW - 1)) : '0;
      for (int b = 0; b < WeightW - 1; b++) begin
        product_d = product_d + (w_q[b] ? ProductW'($signed(a_i)) <<< b : '0);
      end
    end
    logic unused;
    assign unused = ^a3_i;
  end

  always_ff @(posedge clk_i) begin
    w_q       <= w_i;
    product_q <= product_d;
    if (clr_i) acc_q <= '0;
    else acc_q <= acc_q + LaneW'(product_q);
  end

  assign sum_o = acc_q;

endmodule
