// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The token loop in front of a core behind AXI streams that computes one token per command: what HLS makes of
// hls/core.hpp. Ports as engine's, and the core's three streams.
module streamed_engine
  import plan_pkg::*;
#(
  localparam int CommandW = 152
) (
  input  logic                clk_i,
  input  logic                rst_i,
  input  logic                request_valid_i,
  input  request_t            request_i,
  output progress_t           progress_o,
  output logic                fetch_o,
  input  logic                prompt_valid_i,
  output logic                prompt_ready_o,
  input  prompt_t             prompt_i,
  output logic                token_valid_o,
  input  logic                token_ready_i,
  output token_t              token_o,
  output logic                logits_valid_o,
  output logits_t             logits_o,         // a row is one logit
  output logic                command_valid_o,  // to the core
  input  logic                command_ready_i,
  output logic [CommandW-1:0] command_o,
  input  logic                scores_valid_i,   // from it: the logits by id, unless the command was brief
  output logic                scores_ready_o,
  input  logic [31:0]         scores_i,
  input  logic                drawn_valid_i,    // and then the token, which ends the command
  output logic                drawn_ready_o,
  input  logic [31:0]         drawn_i
);

  logic [3:0]        unused_drafts;
  logic [IdW-1:0]    unused_newer, unused_older;
  logic              start, next, brief, unused_clear, unused_want, unused_noisy, done;
  logic [IdW-1:0]    id;
  logic [LogitA-1:0] row_q;

  token_loop u_loop (
    .clk_i, .rst_i, .request_valid_i, .request_i, .progress_o, .prompt_valid_i, .prompt_ready_o, .prompt_i,
    .token_valid_o, .token_ready_i, .token_o, .clear_o(unused_clear), .want_o(unused_want), .noisy_o(unused_noisy),
    .start_i(1'b0), .start_o(start), .next_o(next), .id_o(id),
    .drafts_o(unused_drafts[0]), .wanted_o(unused_drafts[1]), .guess_i('0), .live_i(1'b0), .draft_i('0),
    .keep_o(unused_drafts[2]), .leave_o(unused_drafts[3]), .newer_o(unused_newer), .older_o(unused_older),
    .short_o(brief), .flying_i(1'b0), .done_i(done), .sampled_i(IdW'(drawn_i)));
  assign fetch_o = start;

  // The loop holds id, brief and position until the token is done, so the command stands still as AXI asks.
  assign command_o = {6'b0, brief, request_i.inverse, request_i.seed, 32'(progress_o.position), 32'(id)};

  always_ff @(posedge clk_i) begin
    if (start) command_valid_o <= 1'b1;
    else if (command_ready_i) command_valid_o <= 1'b0;
    if (rst_i) command_valid_o <= 1'b0;
  end

  // Whatever comes is taken at once: the debug stream cannot be stalled.
  assign scores_ready_o = 1'b1;
  assign drawn_ready_o  = 1'b1;
  assign done           = drawn_valid_i;
  assign logits_valid_o = scores_valid_i;
  assign logits_o       = '{stream: '0, row: row_q, value: $bits(logits_o.value)'(LogitW'(scores_i))};

  always_ff @(posedge clk_i) begin
    if (start || rst_i) row_q <= '0;
    else if (scores_valid_i) row_q <= row_q + 1'b1;
  end

`ifndef SYNTHESIS
  // What the other side promises. A token that comes while none is computed would end the next one.
  logic [31:0] scores_q;
  logic        outstanding_q;
  always_ff @(posedge clk_i) begin
    if (start) scores_q <= '0;
    else if (scores_valid_i) scores_q <= scores_q + 1;
    if (command_valid_o && command_ready_i) outstanding_q <= 1'b1;
    else if (drawn_valid_i) outstanding_q <= 1'b0;
    if (rst_i) outstanding_q <= 1'b0;
    if (!rst_i && drawn_valid_i) begin
      a_asked: assert (outstanding_q) else $error("a token that was not asked for");
      a_whole: assert (scores_q == (brief ? 0 : Vocab)) else $error("%0d logits", scores_q);
      a_known: assert (drawn_i < Vocab) else $error("token %0d", drawn_i);
    end
  end
`endif

  logic unused;
  assign unused = ^{unused_drafts, unused_newer, unused_older, unused_clear, unused_want, unused_noisy, next, drawn_i[31:IdW], scores_i[31:LogitW]};

endmodule
