// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One radix-4 digit of a weight times a: lower digits 0, 1, 2, 3 stand for -1, 0, 1, 2; the top one is two's
// complement. Each output bit is a function of two bits of a and the digit: one LUT4.
module digit #(
  parameter int ActW = 9,
  parameter int Bits = 2,    // 1: only the top digit of an odd width
  parameter bit Top  = 1'b0
) (
  input  logic [ActW-1:0] a_i,
  input  logic [Bits-1:0] digit_i,
  output logic [ActW:0]   y_o,      // a * digit - c_o
  output logic            c_o
);

  logic [ActW:0] one, two;

  assign one = {a_i[ActW-1], a_i};
  assign two = {a_i, 1'b0};

  if (Bits == 1) begin : gen_sign
    assign y_o = digit_i[0] ? ~one : '0;
    assign c_o = digit_i[0];
    logic unused;
    assign unused = ^two;
  end else if (Top) begin : gen_top
    always_comb begin
      unique case (digit_i)
        2'd0:    y_o = '0;
        2'd1:    y_o = one;
        2'd2:    y_o = ~two;
        default: y_o = ~one;
      endcase
    end
    assign c_o = digit_i[1];
  end else begin : gen_lower
    always_comb begin
      unique case (digit_i)
        2'd0:    y_o = ~one;
        2'd1:    y_o = '0;
        2'd2:    y_o = one;
        default: y_o = two;
      endcase
    end
    assign c_o = digit_i == 2'd0;
  end

endmodule
