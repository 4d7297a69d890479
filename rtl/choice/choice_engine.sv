// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The engine with an extended sampler around each of its streams: the engine's ports, and the samplers'. A stream that
// draws leaves the engine to the others.
module choice_engine
  import engine_pkg::*, plan_pkg::*, choice_pkg::*;
#(
  parameter Folder = ""
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic [Streams-1:0]            request_valid_i,
  input  request_t [Streams-1:0]        request_i,
  output progress_t [Streams-1:0]       progress_o,
  output logic [Streams-1:0]            fetch_o,
  input  logic                          load_valid_i,
  input  logic [31:0]                   load_data_i,
  input  logic [Streams-1:0]            prompt_valid_i,
  output logic [Streams-1:0]            prompt_ready_o,
  input  prompt_t [Streams-1:0]         prompt_i,
  output logic [Streams-1:0]            token_valid_o,
  input  logic [Streams-1:0]            token_ready_i,
  output token_t [Streams-1:0]          token_o,
  output logic                          logits_valid_o,
  output logits_t                       logits_o,
  input  logic [12:0]                   trace_addr_i,
  output logic [31:0]                   trace_data_o,
  input  choice_t [Streams-1:0]         choice_i,      // held until the request has ended and its tokens are taken
  input  logic [Streams-1:0]            mask_we_i,     // of allowed tokens; not while one is drawn
  input  logic [Streams-1:0][MaskA-1:0] mask_addr_i,
  input  logic [Streams-1:0][31:0]      mask_i,
  input  guide_t [Streams-1:0]          guide_i,       // of an automaton; nor this
  output logic [Streams-1:0][GuideA-1:0] guide_state_o,
  output drawn_t [Streams-1:0]          drawn_o,       // of the last draw
  input  logic [Streams-1:0][BestA-1:0] best_addr_i,
  output logic [Streams-1:0][IdW-1:0]   best_id_o,     // a cycle later
  output logic [Streams-1:0][LogitW-1:0] best_logit_o
);

  logic [Streams-1:0]      valid, prompt_valid, prompt_ready, token_valid, token_ready;
  request_t [Streams-1:0]  request;
  progress_t [Streams-1:0] progress;
  prompt_t [Streams-1:0]   prompt;
  token_t [Streams-1:0]    token;

  engine #(.Folder(Folder)) u_engine (
    .clk_i, .rst_i, .request_valid_i(valid), .request_i(request), .progress_o(progress), .fetch_o, .load_valid_i,
    .load_data_i, .prompt_valid_i(prompt_valid), .prompt_ready_o(prompt_ready), .prompt_i(prompt),
    .token_valid_o(token_valid), .token_ready_i(token_ready), .token_o(token), .logits_valid_o, .logits_o,
    .trace_addr_i, .trace_data_o);

  for (genvar s = 0; s < Streams; s++) begin : gen_stream
    logic                 fed, start, done, shown;
    logic [PositionW-1:0] place;
    logic [IdW-1:0]       fed_id;
    /* verilator lint_off UNUSEDSIGNAL */  // of the best, the host is told id and logit
    best_t [Best-1:0]     best;
    /* verilator lint_on UNUSEDSIGNAL */

    choice_loop u_loop (
      .clk_i, .rst_i, .request_valid_i(request_valid_i[s]), .request_i(request_i[s]), .progress_o(progress_o[s]),
      .prompt_valid_i(prompt_valid_i[s]), .prompt_ready_o(prompt_ready_o[s]), .prompt_i(prompt_i[s]),
      .token_valid_o(token_valid_o[s]), .token_ready_i(token_ready_i[s]), .token_o(token_o[s]),
      .choice_i(choice_i[s]), .request_valid_o(valid[s]), .request_o(request[s]), .progress_i(progress[s]),
      .prompt_valid_o(prompt_valid[s]), .prompt_ready_i(prompt_ready[s]), .prompt_o(prompt[s]),
      .token_valid_i(token_valid[s]), .token_ready_o(token_ready[s]), .token_i(token[s]), .fed_o(fed),
      .place_o(place), .fed_id_o(fed_id), .start_o(start), .done_i(done), .drawn_i(drawn_o[s]));

    // The engine reads out one stream's logits at a time, and says whose.
    assign shown = logits_valid_o && 32'(logits_o.stream) == s;

    choice #(.Folder(Folder)) u_choice (
      .clk_i, .rst_i, .we_i(shown), .logits_i(logits_o), .mask_we_i(mask_we_i[s]), .mask_addr_i(mask_addr_i[s]),
      .mask_i(mask_i[s]), .guide_i(guide_i[s]), .guide_state_o(guide_state_o[s]), .fed_i(fed), .place_i(place),
      .fed_id_i(fed_id), .start_i(start), .choice_i(choice_i[s]), .inverse_i(request_i[s].inverse),
      .seed_i(request_i[s].seed), .position_i(progress[s].position), .done_o(done), .drawn_o(drawn_o[s]), .best_o(best));

    always_ff @(posedge clk_i) begin
      best_id_o[s]    <= best[best_addr_i[s]].id;
      best_logit_o[s] <= best[best_addr_i[s]].logit;
    end
  end

endmodule
