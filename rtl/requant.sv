// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The home of rounding and saturation: shift right, ties toward plus infinity, add the bias, clamp. Stages cycles:
// 2: the shift in one of its own; 3: the shift's steps of eight, what is left of it and the rounding, the clamp.
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

  localparam int Shift = Stages > 1 ? 1 : 0;
  localparam int Round = Stages > 2 ? 1 : 0;
  localparam int FineW = Round == 0 ? 0 : ShiftW > 3 ? 3 : ShiftW;  // bits of the shift behind the first register
  localparam int FineP = FineW > 0 ? FineW : 1;
  // Behind the first register more bits than what is left of the shift can bring into the result are only too large.
  localparam int NearW = OutW + (1 << FineW);
  localparam bit Far   = Round > 0 && BiasW == 0 && NearW <= InW;
  localparam int KeptW = Far ? NearW : InW + 1;
  localparam int MostW = KeptW - 1 > BiasP ? KeptW - 1 : BiasP;
  localparam int WideW = (MostW > OutW ? MostW : OutW) + 2;

  // One bit of fraction survives the shift: it is the half that rounding adds.
  logic signed [InW:0]     shifted_d, shifted_q;
  logic signed [KeptW-1:0] shifted;
  logic        [FineP-1:0] fine;
  logic signed [WideW-1:0] rounded_d, rounded;
  logic        [OutW-2:0]  max;
  logic                    sign, over;
  logic signed [BiasP-1:0] bias;

  assign shifted_d = $signed({x_i, 1'b0}) >>> ShiftW'(shift_i >> FineW << FineW);

  delay #(.Width(InW + 1), .Cycles(Shift)) u_shifted (.clk_i, .d_i(shifted_d), .d_o(shifted_q));
  delay #(.Width(FineP), .Cycles(Shift)) u_fine (.clk_i, .d_i(FineP'(shift_i)), .d_o(fine));
  delay #(.Width(BiasP), .Cycles(Shift)) u_bias (.clk_i, .d_i(bias_i), .d_o(bias));
  delay #(.Width(OutW - 1), .Cycles(Shift + Round)) u_max (.clk_i, .d_i(max_i), .d_o(max));

  if (FineW > 0) begin : gen_fine
    assign shifted = $signed(shifted_q[KeptW-1:0]) >>> fine;
  end else begin : gen_whole
    assign shifted = shifted_q;
    logic unused_fine;
    assign unused_fine = ^fine;
  end

  if (BiasW > 0) begin : gen_bias
    chain_add #(.AW(InW), .BW(BiasP), .YW(WideW)) u_add (
      .a_i(shifted[InW:1]), .b_i(bias), .c_i(shifted[0]), .y_o(rounded_d));
  end else begin : gen_no_bias
    assign rounded_d = WideW'(shifted >>> 1) + WideW'({1'b0, shifted[0]});
    logic unused;
    assign unused = ^bias;
  end

  delay #(.Width(WideW), .Cycles(Round)) u_rounded (.clk_i, .d_i(rounded_d), .d_o(rounded));

  // What is too large has a bit beyond the maximum that is not its sign. Without a bias that is seen beside the rounding:
  // of what is too small by less than one, the minimum is what it is rounded to.
  if (BiasW > 0 || Round > 0) begin : gen_behind
    logic far, below;
    if (Far) begin : gen_far
      logic far_d;
      assign far_d = |(shifted_q[InW:KeptW-1] ^ {(InW + 2 - KeptW){shifted_q[InW]}});
      delay #(.Width(2), .Cycles(1)) u_far (.clk_i, .d_i({far_d, shifted_q[InW]}), .d_o({far, sign}));
      assign below = rounded[WideW-1];
    end else begin : gen_near
      assign far   = 1'b0;
      assign below = rounded[WideW-1];
      assign sign  = below;
    end
    assign over = far || |((rounded ^ {WideW{below}}) & ~WideW'(max));
  end else begin : gen_beside
    logic [WideW-1:0] whole;
    logic             beyond, full;
    assign whole  = WideW'(shifted >>> 1);
    assign sign   = shifted[KeptW-1];
    assign beyond = |((whole ^ {WideW{sign}}) & ~WideW'(max));
    assign full   = !sign && shifted[0] && &(whole[OutW-2:0] | ~max);
    assign over   = beyond || full;
    logic unused_rounded;
    assign unused_rounded = ^rounded;
  end

  always_ff @(posedge clk_i) y_o <= over ? {sign, max ^ {(OutW - 1){sign}}} : OutW'(rounded);

endmodule
