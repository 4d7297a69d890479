// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A value times a small constant, in shifts and adds: as a product it would take a multiplier block.
module times #(
  parameter int InW    = 12,
  parameter int OutW   = 20,
  parameter int Factor = 21  // not negative
) (
  input  logic signed [InW-1:0]  x_i,
  output logic signed [OutW-1:0] y_o  // modulo 2**OutW
);

  always_comb begin
    y_o = '0;
    for (int i = 0; i < OutW && i < 31; i++) if ((Factor >> i) % 2 == 1) y_o = y_o + (OutW'(x_i) << i);
  end

endmodule
