// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The token loop in front of a core behind AXI streams that computes one token per command: what HLS makes of
// hls/core.hpp. Ports as engine's, and the core's three streams.
module streamed_engine
  import engine_pkg::*;
#(
  parameter int Vocab   = 512,
  parameter int Context = 512,
  parameter int LogitW  = 16,
  parameter int Stops   = 8,
  localparam int IdW       = $clog2(Vocab),
  localparam int PositionW = $clog2(Context + 1),
  localparam int LogitA    = $clog2(Vocab),
  localparam int CommandW  = 152
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic                      request_i,
  input  logic                      clear_i,
  input  logic [31:0]               budget_i,
  input  logic [63:0]               seed_i,
  input  logic [16:0]               inverse_i,
  input  logic [Stops-1:0]          stop_valid_i,
  input  logic [Stops-1:0][IdW-1:0] stop_i,
  output logic                      busy_o,
  output status_e                   status_o,
  output logic [PositionW-1:0]      position_o,
  output logic                      fetch_o,
  input  logic                      prompt_valid_i,
  output logic                      prompt_ready_o,
  input  logic [IdW-1:0]            prompt_id_i,
  input  logic                      prompt_last_i,
  output logic                      token_valid_o,
  input  logic                      token_ready_i,
  output logic [IdW-1:0]            token_id_o,
  output logic                      logit_valid_o,
  output logic [LogitA-1:0]         logit_addr_o,
  output logic [LogitW-1:0]         logit_o,
  output logic                      command_valid_o,  // to the core
  input  logic                      command_ready_i,
  output logic [CommandW-1:0]       command_o,
  input  logic                      scores_valid_i,   // from it: the logits by id, unless the command was brief
  output logic                      scores_ready_o,
  input  logic [31:0]               scores_i,
  input  logic                      drawn_valid_i,    // and then the token, which ends the command
  output logic                      drawn_ready_o,
  input  logic [31:0]               drawn_i
);

  logic           start, next, brief, unused_clear, done;
  logic [IdW-1:0] id;

  token_loop #(.Vocab(Vocab), .Context(Context), .Stops(Stops)) u_loop (
    .clk_i, .rst_i, .request_i, .clear_i, .budget_i, .stop_valid_i, .stop_i, .busy_o, .status_o, .prompt_valid_i,
    .prompt_ready_o, .prompt_id_i, .prompt_last_i, .token_valid_o, .token_ready_i, .token_id_o, .clear_o(unused_clear),
    .start_o(start), .next_o(next), .id_o(id), .short_o(brief), .position_o, .done_i(done), .sampled_i(IdW'(drawn_i)));
  assign fetch_o = start;

  // The loop holds id, brief and position until the token is done, so the command stands still as AXI asks.
  assign command_o = {6'b0, brief, inverse_i, seed_i, 32'(position_o), 32'(id)};

  always_ff @(posedge clk_i) begin
    if (start) command_valid_o <= 1'b1;
    else if (command_ready_i) command_valid_o <= 1'b0;
    if (rst_i) command_valid_o <= 1'b0;
  end

  // Whatever comes is taken at once: the debug stream cannot be stalled.
  assign scores_ready_o = 1'b1;
  assign drawn_ready_o  = 1'b1;
  assign done           = drawn_valid_i;
  assign logit_valid_o  = scores_valid_i;
  assign logit_o        = LogitW'(scores_i);

  always_ff @(posedge clk_i) begin
    if (start || rst_i) logit_addr_o <= '0;
    else if (scores_valid_i) logit_addr_o <= logit_addr_o + 1'b1;
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
  assign unused = ^{unused_clear, next, drawn_i[31:IdW], scores_i[31:LogitW]};

endmodule
