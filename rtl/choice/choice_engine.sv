// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The engine with the extended sampler around it: the engine's ports, and the sampler's.
module choice_engine
  import engine_pkg::*, plan_pkg::*, choice_pkg::*;
#(
  parameter Folder = ""
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              request_valid_i,
  input  request_t          request_i,
  output progress_t         progress_o,
  output logic              fetch_o,
  input  logic              load_valid_i,
  input  logic [31:0]       load_data_i,
  input  logic              prompt_valid_i,
  output logic              prompt_ready_o,
  input  prompt_t           prompt_i,
  output logic              token_valid_o,
  input  logic              token_ready_i,
  output token_t            token_o,
  output logic              logits_valid_o,
  output logits_t           logits_o,
  input  logic [12:0]       trace_addr_i,
  output logic [31:0]       trace_data_o,
  input  choice_t           choice_i,      // held until the request has ended and its tokens are taken
  input  logic              mask_we_i,     // of allowed tokens; not while one is drawn
  input  logic [MaskA-1:0]  mask_addr_i,
  input  logic [31:0]       mask_i,
  output drawn_t            drawn_o,       // of the last draw
  input  logic [BestA-1:0]  best_addr_i,
  output logic [IdW-1:0]    best_id_o,     // a cycle later
  output logic [LogitW-1:0] best_logit_o
);

  logic                 valid, prompt_valid, prompt_ready, token_valid, token_ready, fed, start, done;
  request_t             request;
  progress_t            progress;
  prompt_t              prompt;
  token_t               token;
  logic [PositionW-1:0] place;
  logic [IdW-1:0]       fed_id;
  /* verilator lint_off UNUSEDSIGNAL */  // of the best, the host is told id and logit
  best_t [Best-1:0]     best;
  /* verilator lint_on UNUSEDSIGNAL */

  choice_loop u_loop (
    .clk_i, .rst_i, .request_valid_i, .request_i, .progress_o, .prompt_valid_i, .prompt_ready_o, .prompt_i,
    .token_valid_o, .token_ready_i, .token_o, .choice_i, .request_valid_o(valid), .request_o(request),
    .progress_i(progress), .prompt_valid_o(prompt_valid), .prompt_ready_i(prompt_ready), .prompt_o(prompt),
    .token_valid_i(token_valid), .token_ready_o(token_ready), .token_i(token), .fed_o(fed), .place_o(place),
    .fed_id_o(fed_id), .start_o(start), .done_i(done), .drawn_i(drawn_o));

  engine #(.Folder(Folder)) u_engine (
    .clk_i, .rst_i, .request_valid_i(valid), .request_i(request), .progress_o(progress), .fetch_o, .load_valid_i,
    .load_data_i, .prompt_valid_i(prompt_valid), .prompt_ready_o(prompt_ready), .prompt_i(prompt),
    .token_valid_o(token_valid), .token_ready_i(token_ready), .token_o(token), .logits_valid_o, .logits_o,
    .trace_addr_i, .trace_data_o);

  choice #(.Folder(Folder)) u_choice (
    .clk_i, .rst_i, .we_i(logits_valid_o), .logits_i(logits_o), .mask_we_i, .mask_addr_i, .mask_i, .fed_i(fed),
    .place_i(place), .fed_id_i(fed_id), .start_i(start), .choice_i, .inverse_i(request_i.inverse),
    .seed_i(request_i.seed), .position_i(progress.position), .done_o(done), .drawn_o, .best_o(best));

  always_ff @(posedge clk_i) begin
    best_id_o    <= best[best_addr_i].id;
    best_logit_o <= best[best_addr_i].logit;
  end

endmodule
