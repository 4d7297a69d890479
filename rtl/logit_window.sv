// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The logits of the last token that was sampled, as the engine's debug stream gave them.
module logit_window #(
  parameter int Rows = 8,
  parameter int LogitW = 16,
  parameter int Words   = 64,
  localparam int RowA  = Words > 1 ? $clog2(Words) : 1,
  localparam int LaneA = Rows > 1 ? $clog2(Rows) : 1
) (
  input  logic                          clk_i,
  input  logic                          we_i,
  input  logic [RowA-1:0]               row_i,
  input  logic [Rows-1:0][LogitW-1:0] logit_i,
  input  logic [RowA-1:0]               rrow_i,
  input  logic [LaneA-1:0]              rlane_i,
  output logic [31:0]                   rdata_o   // one cycle later; any value while that row is written
);

  logic [Rows-1:0][LogitW-1:0] row;
  logic [LaneA-1:0]              lane_q;

  block_ram #(.Width(Rows * LogitW), .Depth(Words)) u_rows (
    .clk_i, .we_i, .waddr_i(row_i), .wdata_i(logit_i), .raddr_i(rrow_i), .rdata_o(row));

  always_ff @(posedge clk_i) lane_q <= rlane_i;

  always_comb begin
    rdata_o = '0;
    for (int g = 0; g < Rows; g++) if (32'(lane_q) == g) rdata_o = 32'($signed(row[g]));
  end

endmodule
