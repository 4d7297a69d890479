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
  parameter bit Split   = 1'b0,  // one within the chains: y_o is a cycle later
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

  delay #(.Width(OutW + 1), .Cycles(32'(Stage) + 32'(Split))) u_late (.clk_i, .d_i({sum, left}), .d_o({y_o, c_o}));
  logic unused;
  assign unused = Minus;
`else
  // Terms of the first part of a split chain: as many additions as in the second, where the chains' sum may follow.
  localparam int First = !Split ? Terms : Stage || Terms < 3 ? (Terms + 1) / 2 : Terms - 1;
  localparam int Pairs = (Digits + 1) / 2;
  localparam int PairW = PartW + (Digits > 1 ? 3 : 0);

  logic [Terms-1:0][ActW-1:0]     a;
  logic [Terms-1:0][WeightW-1:0]  w;
  logic [Digits-1:0][PartW-1:0]   part_d, part;
  logic [Digits-1:0][Terms-1:0]   carry;
  logic [Digits-1:0]              left_d, left;  // the carry of each chain's first term
  // Of two digits each, then of all so far, their settled low bits included.
  logic [Pairs-1:0][PairW-1:0]    pair;
  logic [Pairs-1:0][OutW-1:0]     joined;

  assign a[First-1:0] = a_i[First-1:0];
  assign w[First-1:0] = w_i[First-1:0];
  if (First < Terms) begin : gen_later
    delay #(.Width((Terms - First) * ActW), .Cycles(1)) u_a (
      .clk_i, .d_i(a_i[Terms-1:First]), .d_o(a[Terms-1:First]));
    delay #(.Width((Terms - First) * WeightW), .Cycles(1)) u_w (
      .clk_i, .d_i(w_i[Terms-1:First]), .d_o(w[Terms-1:First]));
  end

  for (genvar d = 0; d < Digits; d++) begin : gen_digit
    localparam bit Top  = d == Digits - 1;
    localparam int Bits = Top ? WeightW - 2 * d : 2;
    logic [Terms-1:0][PartW-1:0] running, earlier;
    for (genvar t = 0; t < Terms; t++) begin : gen_term
      logic [ActW:0] y;
      digit #(.ActW(ActW), .Bits(Bits), .Top(Top)) u_digit (
        .a_i(a[t]), .digit_i(w[t][2*d +: Bits]), .y_o(y), .c_o(carry[d][t]));
      if (t == 0 && Settled && d == 0) begin : gen_settled
        chain_add #(.Minus(Minus), .AW(2), .BW(ActW + 1), .YW(PartW)) u_add (
          .a_i('0), .b_i(y), .c_i(carry[d][t]), .y_o(running[t]));
      end else if (t == 0) begin : gen_first
        assign running[t] = PartW'($signed(y));
      end else begin : gen_next
        chain_add #(.Minus(Minus), .AW(PartW), .BW(ActW + 1), .YW(PartW)) u_add (
          .a_i(earlier[t]), .b_i(y), .c_i(carry[d][t]), .y_o(running[t]));
      end
      if (t > 0) begin : gen_earlier
        delay #(.Width(PartW), .Cycles(t == First ? 1 : 0)) u_earlier (.clk_i, .d_i(running[t-1]), .d_o(earlier[t]));
      end else begin : gen_none
        assign earlier[t] = '0;
        logic unused;
        assign unused = ^earlier[t];
      end
    end
    // A chain with no second part is as late.
    delay #(.Width(PartW), .Cycles(Split && First == Terms ? 1 : 0)) u_part (
      .clk_i, .d_i(running[Terms-1]), .d_o(part_d[d]));
    delay #(.Width(1), .Cycles(32'(Split))) u_left (
      .clk_i, .d_i(Settled && d == 0 ? 1'b0 : carry[d][0]), .d_o(left_d[d]));
  end

  delay #(.Width(Digits * PartW), .Cycles(32'(Stage))) u_parts (.clk_i, .d_i(part_d), .d_o(part));
  delay #(.Width(Digits), .Cycles(32'(Stage))) u_lefts (.clk_i, .d_i(left_d), .d_o(left));

  for (genvar p = 0; p < Pairs; p++) begin : gen_pair
    if (2 * p + 1 < Digits) begin : gen_two
      logic signed [PairW-3:0] sum;
      chain_add #(.Minus(Minus), .AW(PartW - 2), .BW(PartW), .YW(PairW - 2)) u_add (
        .a_i(part[2*p][PartW-1:2]), .b_i(part[2*p+1]), .c_i(left[2*p+1]), .y_o(sum));
      assign pair[p] = {sum, part[2*p][1:0]};
    end else begin : gen_one
      assign pair[p] = PairW'($signed(part[2*p]));
    end
  end

  assign joined[0] = OutW'($signed(pair[0]));
  for (genvar p = 1; p < Pairs; p++) begin : gen_join
    localparam int UpperW = OutW - 4 * p;
    localparam int JoinW  = PairW < UpperW ? PairW : UpperW;  // a digit by itself is narrower than a pair
    logic signed [UpperW-1:0] sum;
    chain_add #(.Minus(Minus), .AW(UpperW), .BW(JoinW), .YW(UpperW)) u_add (
      .a_i(joined[p-1][OutW-1:4*p]), .b_i(pair[p][JoinW-1:0]), .c_i(left[2*p]), .y_o(sum));
    assign joined[p] = {sum, joined[p-1][4*p-1:0]};
  end

  assign y_o = joined[Pairs-1];
  assign c_o = left[0];
`endif

endmodule
