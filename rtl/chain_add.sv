// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// a + b + c as one carry chain. Yosys would otherwise join additions into trees of compressors, which cost more than
// the chains that every FPGA has; and what goes through which input decides whether a multiplexer in front of b
// shares the adder's LUTs.
module chain_add #(
  parameter bit Minus  = 1'b0,  // a - ~b: the form whose b shares LUTs on AMD parts; ECP5 has none to share
  parameter int AW     = 12,
  parameter int BW     = 12,
  parameter int YW     = 13
) (
  input  logic signed [AW-1:0] a_i,
  input  logic signed [BW-1:0] b_i,
  input  logic                 c_i,
  output logic signed [YW-1:0] y_o
);

  // The carry enters through a bit below the lowest.
  logic [YW:0]   sum;
  logic [YW-1:0] a, b;

  assign a = YW'(a_i);
  assign b = YW'(b_i);

  if (Minus) begin : gen_minus
    assign sum = {a, 1'b0} - ~{b, c_i};
  end else begin : gen_plus
    assign sum = {a, 1'b1} + {b, c_i};
  end
  assign y_o = sum[YW:1];

  logic unused;
  assign unused = sum[0];

endmodule
