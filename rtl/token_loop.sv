// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The loop around a token: prompt in, tokens out, stop tokens, budget, and the end of the context.
module token_loop
  import engine_pkg::*, plan_pkg::*;
#(
  parameter int Stream = 0,
  parameter bit Ahead  = 1'b0, // of several streams: inner tokens of a prompt are fetched while others are computed
  parameter bit Guesses = 1'b0  // of those: the token behind one that is computed may be guessed, and computed too
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 request_valid_i,  // begin; only while idle
  input  request_t             request_i,        // held until it ends
  output progress_t            progress_o,
  input  logic                 prompt_valid_i,
  output logic                 prompt_ready_o,
  input  prompt_t              prompt_i,
  output logic                 token_valid_o,
  input  logic                 token_ready_i,
  output token_t               token_o,
  output logic                 clear_o,          // position 0 is next
  output logic                 want_o,           // a token could be fetched,
  output logic                 noisy_o,          // and its logits are wanted
  input  logic                 start_i,          // of Ahead: it is
  output logic                 start_o,          // a token's first cycle; of a draft, where it is kept
  output logic                 drafts_o,         // of Guesses, from here on: what comes behind the token may be computed
  output logic                 wanted_o,         // a draft may be there
  input  logic [IdW-1:0]       guess_i,          // what it would be, a cycle before
  input  logic                 live_i,           // a draft is there, to be decided:
  input  logic [IdW-1:0]       draft_i,          // this token
  output logic                 keep_o,           // it is what is needed next, and starts
  output logic                 leave_o,          // it is not
  output logic [IdW-1:0]       newer_o,          // the last token that was started,
  output logic [IdW-1:0]       older_o,          // and the one before it
  output logic                 next_o,           // the token is done, of Ahead fetched; on to the next position
  output logic [IdW-1:0]       id_o,             // held while the token is computed
  output logic                 short_o,          // its logits are not wanted
  input  logic                 flying_i,         // of Ahead: a token of it is computed
  input  logic                 done_i,           // a token is done, of Ahead one whose logits are wanted
  input  logic [IdW-1:0]       sampled_i         // with done_i
);

  typedef enum logic [2:0] {Idle, Fetch, Run, Judge, Drain} state_e;
  state_e               state_q;
  logic                 prompt_q, room, more, again;
  logic                 stop_d, full_d, last_d, stop_q, last_q, on_q;  // of the token that is judged; on_q: it has a next
  logic                 full_q;  // the context
  logic                 final_q; // the token that is computed has no next, whatever it is
  logic                 asks, held;  // of Ahead: a token is needed; of Guesses: it is not decided yet what with a draft
  logic                 inner, inner_q, taken_q;  // of a prompt, not its last; of what was started a cycle ago
  logic [31:0]          left_q;
  logic                 some_q;  // left_q is not zero
  logic [IdW-1:0]       sampled_q;
  logic [PositionW-1:0] position_q;
  status_e              status_q;

  assign progress_o     = '{busy: state_q != Idle, status: status_q, position: position_q};
  assign room           = !token_valid_o || token_ready_i;
  // A sampled token that is not the last is fetched in the cycle that judges it.
  assign more           = state_q == Judge && on_q && room;
  assign inner          = prompt_q && !prompt_i.last;
  assign noisy_o        = !inner;
  assign clear_o        = state_q == Idle && request_valid_i && request_i.clear;
  // Of several streams much is in front of a start and behind it: that a token is there stands in a register, and what a
  // start does to the prompt is done a cycle later.
  if (Ahead) begin : gen_ahead
    logic want_q;
    assign asks           = more || want_q;
    assign want_o         = asks && !held;
    assign start_o        = start_i || keep_o;
    assign prompt_ready_o = taken_q || state_q == Drain;
    assign next_o         = start_o;
    always_ff @(posedge clk_i) begin
      want_q <= 1'b0;
      unique case (state_q)
        Idle:    want_q <= request_valid_i && request_i.budget != 0 && (request_i.clear || !full_q) && prompt_valid_i;
        Fetch:   want_q <= !start_o && some_q && position_q != PositionW'(Context)
                           && (!prompt_q || (prompt_valid_i && !taken_q));
        Judge:   want_q <= !start_o && on_q && room;
        default: ;
      endcase
      taken_q <= start_o && state_q == Fetch && prompt_q && !rst_i;
      inner_q <= inner;
      if (rst_i) want_q <= 1'b0;
    end
  end else begin : gen_alone
    assign want_o         = more || (state_q == Fetch && !full_q && some_q && (!prompt_q || prompt_valid_i));
    assign start_o        = want_o;
    assign prompt_ready_o = (state_q == Fetch && prompt_q && !full_q && some_q) || state_q == Drain;
    assign next_o         = state_q == Run && done_i;
    assign {taken_q, inner_q, asks} = '0;
    logic unused_start;
    assign unused_start = start_i;
  end
  assign again          = more && start_o;

  // What is needed next is compared with the draft in the first cycle in which it could be fetched, and decided in the
  // next. Then it is fetched where the draft is another.
  if (Guesses) begin : gen_drafts
    logic [IdW-1:0] next;
    logic           seen_q, same_q, behind_q, stops_q;
    assign next     = prompt_q ? prompt_i.id : sampled_q;
    assign held     = live_i && !(seen_q && !same_q);
    assign keep_o   = asks && live_i && seen_q && same_q;
    assign leave_o  = (asks && seen_q && !same_q) || (state_q == Judge && stop_q) || clear_o;
    assign wanted_o = request_i.drafts;
    assign drafts_o = state_q == Run && behind_q && !stops_q;
    always_ff @(posedge clk_i) begin
      seen_q   <= asks && live_i && !start_o && !rst_i;
      same_q   <= next == draft_i && noisy_o;
      behind_q <= request_i.drafts && (!last_d || request_i.follows) && !full_d;
      stops_q  <= 1'b0;
      for (int i = 0; i < Stops; i++) if (request_i.stop_valid[i] && request_i.stop[i] == guess_i) stops_q <= 1'b1;
      if (start_o) begin
        newer_o <= next;
        older_o <= newer_o;
      end
    end
  end else begin : gen_no_drafts
    assign {held, keep_o, leave_o, wanted_o, drafts_o, newer_o, older_o} = '0;
    logic unused_drafts;
    assign unused_drafts = ^{asks, held, guess_i, live_i, draft_i, request_i.drafts, request_i.follows};
  end

  assign full_d = position_q == PositionW'(Context - 1);
  assign last_d = left_q == 1;
  always_comb begin
    stop_d = 1'b0;
    for (int i = 0; i < Stops; i++) if (request_i.stop_valid[i] && request_i.stop[i] == sampled_i) stop_d = 1'b1;
  end

  logic unused;
  assign unused = ^{request_i.stream, request_i.seed, request_i.inverse, flying_i};

  always_ff @(posedge clk_i) begin
    full_q  <= position_q == PositionW'(Context);
    final_q <= full_d || last_d;
    if (token_ready_i) token_valid_o <= 1'b0;
    unique case (state_q)
      Idle: begin
        if (request_valid_i) begin
          state_q  <= Fetch;
          prompt_q <= 1'b1;
          left_q   <= request_i.budget;
          some_q   <= request_i.budget != 0;
          if (request_i.clear) begin
            position_q <= '0;
            full_q     <= 1'b0;
          end
        end
      end
      Fetch: begin
        if (!some_q || full_q) begin
          status_q <= some_q ? StatusFull : StatusBudget;
          // What is computed still writes into the cache, which the next request may empty.
          if (!Ahead || !flying_i) state_q <= prompt_q ? Drain : Idle;
        end else if (start_o) begin
          id_o     <= prompt_q ? prompt_i.id : sampled_q;
          short_o  <= prompt_q && !prompt_i.last;
          prompt_q <= prompt_q && !prompt_i.last;
          if (!Ahead || !inner) state_q <= Run;
        end
      end
      Run: begin
        if (done_i) begin
          sampled_q  <= sampled_i;
          stop_q     <= stop_d;
          full_q     <= full_d;
          last_q     <= last_d;
          on_q       <= !stop_d && !final_q;
          position_q <= position_q + 1'b1;
          state_q    <= short_o ? Fetch : Judge;
        end
      end
      Judge: begin
        if (stop_q) begin
          status_q <= StatusStop;
          state_q  <= Idle;
        end else if (room) begin
          token_valid_o <= 1'b1;
          token_o.id    <= sampled_q;
          left_q        <= left_q - 1'b1;
          some_q        <= !last_q;
          id_o          <= sampled_q;
          short_o       <= 1'b0;
          state_q       <= again ? Run : Fetch;
        end
      end
      default: begin  // Drain: what is left of a prompt that found no room
        if (prompt_valid_i && prompt_i.last) state_q <= Idle;
      end
    endcase
    if (taken_q && inner_q) position_q <= position_q + 1'b1;
    if (rst_i) begin
      state_q       <= Idle;
      token_valid_o <= 1'b0;
      position_q    <= '0;
      full_q        <= 1'b0;
      status_q      <= StatusBudget;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i)
    if (!rst_i && request_valid_i && request_i.stream != StreamW'(Stream))
      $fatal(1, "%m: a request of stream %0d", request_i.stream);
`endif

endmodule
