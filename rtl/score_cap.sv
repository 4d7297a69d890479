// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A soft cap of a head's scores: shifted to steps of the exponential, rounded to 16 bits, capped.
module score_cap
  import engine_pkg::*;
#(
  parameter int Banks  = 12,
  parameter int ScoreW = 21,
  parameter int Heads  = 40,  // of a token that come here
  parameter int SlopeW = 9,
  parameter     Shifts = "",  // of the heads
  parameter     Folder = "",
  localparam int IndexW = Heads > 1 ? $clog2(Heads) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_i,
  input  logic                         restart_i,  // the next head is a token's first
  input  logic                         last_i,     // t0: a head's last block
  input  logic [Banks-1:0][ScoreW-1:0] score_i,    // t3
  output logic [Banks-1:0][15:0]       score_o     // t3 + ScoreCapLate
);

  logic                   last;
  logic [IndexW-1:0]      index_q;
  logic [4:0]             shift;
  logic [Banks-1:0][15:0] steps;

  delay_reset #(.Cycles(3)) u_last (.clk_i, .rst_i, .d_i(last_i), .d_o(last));
  always_ff @(posedge clk_i) begin
    if (last) index_q <= index_q + 1'b1;
    if (restart_i) index_q <= '0;
  end
  small_rom #(.Width(5), .Depth(Heads), .File({Folder, Shifts})) u_shift (.addr_i(index_q), .data_o(shift));

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    requant #(.InW(ScoreW), .OutW(16), .ShiftW(5), .Stages(2)) u_requant (
      .clk_i, .x_i(score_i[b]), .shift_i(shift), .max_i('1), .bias_i('0), .y_o(steps[b]));
  end
  soft_cap #(.Lanes(Banks), .SlopeW(SlopeW), .File({Folder, "score_cap.hex"})) u_cap (
    .clk_i, .x_i(steps), .y_o(score_o));

endmodule
