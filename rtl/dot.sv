// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The dot product of Terms activations and as many weights, in LUTs, without multiplier blocks: for each digit a chain
// of additions, then the chains, four times heavier each. Two things are left to the caller, who may have them cheaper:
// sum = y_o + c_o + digit_offset(WeightW) * (sum of the activations).
module dot
  import engine_pkg::*;
#(
  parameter int Terms   = 4,
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter bit Minus   = 1'b0,
  parameter bit Settled = 1'b0,  // c_o is zero
  parameter bit Stage   = 1'b0,  // a register between the chains and their sum: y_o is a cycle later
  localparam int Digits = digits(WeightW),
  localparam int PartW  = ActW + 1 + $clog2(Terms),
  localparam int OutW   = PartW + 2 * (Digits - 1) + (Digits > 1 ? 1 : 0)
) (
  input  logic                          clk_i,
  input  logic [Terms-1:0][ActW-1:0]    a_i,
  input  logic [Terms-1:0][WeightW-1:0] w_i,
  output logic signed [OutW-1:0]        y_o,
  output logic                          c_o
);

`ifdef VERILATOR
`ifndef HW_DIGITS
  `define HW_PRODUCTS  // simulate with products: faster, and proved equal by the tests
`endif
`endif

`ifdef HW_PRODUCTS
  logic signed [OutW-1:0] sum;
  logic                   left;

  always_comb begin
    left = !Settled && (Digits == 1 ? w_i[0][WeightW-1] : w_i[0][1:0] == 2'd0);
    sum  = -OutW'({1'b0, left});
    for (int t = 0; t < Terms; t++)
      sum = sum + OutW'($signed(a_i[t])) * (OutW'($signed(w_i[t])) - OutW'(digit_offset(WeightW)));
  end

  if (Stage) begin : gen_stage
    always_ff @(posedge clk_i) begin
      y_o <= sum;
      c_o <= left;
    end
  end else begin : gen_through
    assign y_o = sum;
    assign c_o = left;
  end
  logic unused;
  assign unused = clk_i ^ Minus;
`else
  logic [Digits-1:0][PartW-1:0]   part_d, part;
  logic [Digits-1:0][Terms-1:0]   carry;
  logic [Digits-1:0]              left_d, left;  // the carry of each chain's first term
  // The chains so far, their settled low bits included.
  logic [Digits-1:0][OutW-1:0]    joined;

  for (genvar d = 0; d < Digits; d++) begin : gen_digit
    localparam bit Top  = d == Digits - 1;
    localparam int Bits = Top ? WeightW - 2 * d : 2;
    logic [Terms-1:0][PartW-1:0] running;
    for (genvar t = 0; t < Terms; t++) begin : gen_term
      logic [ActW:0] y;
      digit #(.ActW(ActW), .Bits(Bits), .Top(Top)) u_digit (
        .a_i(a_i[t]), .digit_i(w_i[t][2*d +: Bits]), .y_o(y), .c_o(carry[d][t]));
      if (t == 0 && Settled && d == 0) begin : gen_settled
        chain_add #(.Minus(Minus), .AW(2), .BW(ActW + 1), .YW(PartW)) u_add (
          .a_i('0), .b_i(y), .c_i(carry[d][t]), .y_o(running[t]));
      end else if (t == 0) begin : gen_first
        assign running[t] = PartW'($signed(y));
      end else begin : gen_next
        chain_add #(.Minus(Minus), .AW(PartW), .BW(ActW + 1), .YW(PartW)) u_add (
          .a_i(running[t-1]), .b_i(y), .c_i(carry[d][t]), .y_o(running[t]));
      end
    end
    assign part_d[d] = running[Terms-1];
    assign left_d[d] = Settled && d == 0 ? 1'b0 : carry[d][0];
  end

  if (Stage) begin : gen_stage
    always_ff @(posedge clk_i) begin
      part <= part_d;
      left <= left_d;
    end
  end else begin : gen_through
    assign part = part_d;
    assign left = left_d;
    logic unused;
    assign unused = clk_i;
  end

  assign joined[0] = OutW'($signed(part[0]));
  for (genvar d = 1; d < Digits; d++) begin : gen_join
    localparam int UpperW = OutW - 2 * d;
    logic signed [UpperW-1:0] sum;
    chain_add #(.Minus(Minus), .AW(UpperW), .BW(PartW), .YW(UpperW)) u_add (
      .a_i(joined[d-1][OutW-1:2*d]), .b_i(part[d]), .c_i(left[d]), .y_o(sum));
    assign joined[d] = {sum, joined[d-1][2*d-1:0]};
  end

  assign y_o = joined[Digits-1];
  assign c_o = left[0];
`endif

endmodule
