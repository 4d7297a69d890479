// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The home of rounding and saturation: shift right, ties toward plus infinity, add the bias, clamp. Stages cycles, 1 or 2.
module requant #(
  parameter int InW    = 38,
  parameter int OutW   = 16,
  parameter int ShiftW = 6,
  parameter int BiasW  = 0,
  parameter int Stages = 2,
  localparam int BiasP = BiasW > 0 ? BiasW : 1
) (
  input  logic                     clk_i,
  input  logic signed [InW-1:0]    x_i,
  input  logic        [ShiftW-1:0] shift_i,
  input  logic        [OutW-2:0]   max_i,   // of the result, a power of two less one; its minimum is -max_i - 1
  input  logic signed [BiasP-1:0]  bias_i,
  output logic signed [OutW-1:0]   y_o
);

  localparam int MostW = InW > BiasP ? InW : BiasP;
  localparam int WideW = (MostW > OutW ? MostW : OutW) + 2;

  // One bit of fraction survives the shift: it is the half that rounding adds.
  logic signed [InW:0]     shifted_d, shifted_q;
  logic signed [WideW-1:0] rounded;
  logic        [OutW-2:0]  max;
  logic                    sign, over;
  logic signed [BiasP-1:0] bias;

  assign shifted_d = $signed({x_i, 1'b0}) >>> shift_i;

  if (Stages == 2) begin : gen_register
    always_ff @(posedge clk_i) begin
      shifted_q <= shifted_d;
      max       <= max_i;
      bias      <= bias_i;
    end
  end else begin : gen_through
    assign shifted_q = shifted_d;
    assign max       = max_i;
    assign bias      = bias_i;
  end

  if (BiasW > 0) begin : gen_bias
    chain_add #(.AW(InW), .BW(BiasP), .YW(WideW)) u_add (
      .a_i(shifted_q[InW:1]), .b_i(bias), .c_i(shifted_q[0]), .y_o(rounded));
  end else begin : gen_no_bias
    assign rounded = WideW'(shifted_q >>> 1) + WideW'({1'b0, shifted_q[0]});
    logic unused;
    assign unused = ^bias;
  end

  // What is too large has a bit beyond the maximum that is not its sign.
  assign sign = rounded[WideW-1];
  assign over = |((rounded ^ {WideW{sign}}) & ~WideW'(max));

  always_ff @(posedge clk_i) y_o <= over ? {sign, max ^ {(OutW - 1){sign}}} : OutW'(rounded);

endmodule
