// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// ALiBi: each score of a head has a bias added that grows with its position, by the head's slope.
module score_alibi #(
  parameter int Banks    = 12,
  parameter int Blocks   = 43,
  parameter int ScoreW   = 21,
  parameter int OutW     = 24,
  parameter int SlopeW   = 20,  // of a slope in units of a score, Fraction bits behind
  parameter int Fraction = 10,
  parameter int Heads    = 40,  // of a token that come here
  parameter     Slopes   = "",  // of the heads
  parameter     Folder   = "",
  localparam int IndexW = Heads > 1 ? $clog2(Heads) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_i,
  input  logic                         restart_i,  // the next head is a token's first
  input  logic                         valid_i,    // t0: a block
  input  logic                         last_i,     // of its head
  input  logic [Banks-1:0][ScoreW-1:0] score_i,    // t3
  output logic [Banks-1:0][OutW-1:0]   score_o     // t5
);

  localparam int StepW = SlopeW + $clog2(Banks + 1);
  localparam int BaseW = SlopeW + $clog2(Banks * Blocks + 1);

  logic [IndexW-1:0]           index_q;
  logic [SlopeW-1:0]           slope, slope_q;        // t0, t1
  logic                        fresh_q;
  logic [1:0]                  valid_q, first_q;      // t1, t2
  logic [StepW-1:0]            step_d, step_q;        // of a block; t1, t2
  logic [BaseW-1:0]            base_q;                // of the block's first position; t3
  logic [Banks-1:0][StepW-1:0] place_d, place_q, place_dq;  // of a bank; t1, t2, t3

  small_rom #(.Width(SlopeW), .Depth(Heads), .File({Folder, Slopes})) u_slope (.addr_i(index_q), .data_o(slope));

  times #(.InW(SlopeW + 1), .OutW(StepW), .Factor(Banks)) u_step (.x_i({1'b0, slope_q}), .y_o(step_d));
  for (genvar b = 0; b < Banks; b++) begin : gen_place
    times #(.InW(SlopeW + 1), .OutW(StepW), .Factor(b)) u_place (.x_i({1'b0, slope_q}), .y_o(place_d[b]));
  end

  always_ff @(posedge clk_i) begin
    slope_q  <= slope;
    valid_q  <= {valid_q[0], valid_i};
    first_q  <= {first_q[0], fresh_q};
    step_q   <= step_d;
    place_q  <= place_d;
    place_dq <= place_q;
    if (valid_q[1]) base_q <= first_q[1] ? '0 : base_q + BaseW'(step_q);
    if (valid_i) fresh_q <= last_i;
    if (valid_i && last_i) index_q <= index_q + 1'b1;
    if (restart_i) index_q <= '0;
    if (rst_i) begin
      valid_q <= '0;
      fresh_q <= 1'b1;
    end
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    logic [BaseW:0]             bias;
    logic [OutW-1:0]            bias_q;   // t4
    logic signed [ScoreW-1:0]   score_q;  // t4
    // Half a unit is added with the place, and what is left of the point goes on.
    assign bias = (BaseW + 1)'(base_q) + (BaseW + 1)'(place_dq[b]) + (BaseW + 1)'(1 << (Fraction - 1));
    always_ff @(posedge clk_i) begin
      bias_q     <= OutW'(bias >> Fraction);
      score_q    <= $signed(score_i[b]);
      score_o[b] <= OutW'(score_q) + bias_q;
    end
  end

endmodule
