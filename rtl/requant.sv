// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The home of rounding and saturation: shift right, ties toward plus infinity, clamp. Two cycles.
module requant #(
  parameter int InW    = 38,
  parameter int OutW   = 16,
  parameter int ShiftW = 6
) (
  input  logic                     clk_i,
  input  logic signed [InW-1:0]    x_i,
  input  logic        [ShiftW-1:0] shift_i,
  input  logic        [OutW-2:0]   max_i,   // of the result; its minimum is -max_i - 1. A cycle after x_i
  output logic signed [OutW-1:0]   y_o      // two cycles after x_i
);

  localparam int WideW = InW > OutW ? InW + 1 : OutW + 1;

  // One bit of fraction survives the shift: it is the half that rounding adds.
  logic signed [InW:0]     shifted_q;
  logic signed [WideW-1:0] rounded, most, least;

  assign rounded = WideW'(shifted_q >>> 1) + WideW'({1'b0, shifted_q[0]});
  assign most    = WideW'({1'b0, max_i});
  assign least   = ~most;

  always_ff @(posedge clk_i) begin
    shifted_q <= $signed({x_i, 1'b0}) >>> shift_i;
    if (rounded > most) y_o <= OutW'(most);
    else if (rounded < least) y_o <= OutW'(least);
    else y_o <= OutW'(rounded);
  end

endmodule
