// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The token loop of the extended sampler, in front of the engine and with its ports. A request without options passes
// through. Of one with options the engine is asked for a token at a time, which is dropped; from the logits that it has
// shown another is drawn, and that is what the engine is given next.
module choice_loop
  import engine_pkg::*, plan_pkg::*, choice_pkg::*;
(
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             request_valid_i,  // the engine's ports, from here on
  input  request_t         request_i,
  output progress_t        progress_o,
  input  logic             prompt_valid_i,
  output logic             prompt_ready_o,
  input  prompt_t          prompt_i,
  output logic             token_valid_o,
  input  logic             token_ready_i,
  output token_t           token_o,
  input  choice_t          choice_i,         // held until the request has ended and its tokens are taken
  output logic             request_valid_o,  // to the engine
  output request_t         request_o,
  input  progress_t        progress_i,
  output logic             prompt_valid_o,
  input  logic             prompt_ready_i,
  output prompt_t          prompt_o,
  input  logic             token_valid_i,
  output logic             token_ready_o,
  input  token_t           token_i,
  output logic             fed_o,            // a token is fed, or will be
  output logic [PositionW-1:0] place_o,      // at this position
  output logic [IdW-1:0]   fed_id_o,
  output logic             start_o,          // a draw
  input  logic             done_i,
  input  drawn_t           drawn_i           // with done_i
);

  typedef enum logic [2:0] {Idle, Ask, Feed, Wait, Draw, Judge} state_e;
  state_e           state_q;
  logic             own_q, drew_q, stop, room, own_valid_q, held_q, first_q, full;
  logic [31:0]      left_q;
  logic [IdW-1:0]   own_id_q;
  status_e          status_q;
  logic             through;  // the engine's own loop has the request
  logic             given, offers;

  assign through = state_q == Idle && !choice_i.active;
  assign full    = progress_i.position == PositionW'(Context);
  assign room    = !own_valid_q || token_ready_i;

  always_comb begin
    stop = 1'b0;
    for (int i = 0; i < Stops; i++)
      if (request_i.stop_valid[i] && request_i.stop[i] == own_id_q) stop = 1'b1;
  end

  always_comb begin
    request_o = request_i;
    if (!through) begin
      request_o.clear      = request_i.clear && first_q;
      request_o.budget     = 32'(left_q != '0);
      request_o.inverse    = '0;
      request_o.stop_valid = '0;
    end
  end
  assign request_valid_o = through ? request_valid_i : state_q == Ask;
  assign offers          = state_q == Ask || state_q == Feed;
  assign prompt_valid_o  = through || !own_q ? prompt_valid_i && (through || offers) : offers;
  assign prompt_o        = own_q && !through ? '{id: own_id_q, last: 1'b1} : prompt_i;
  assign prompt_ready_o  = (through || (state_q == Feed && !own_q)) && prompt_ready_i;
  assign token_ready_o   = through ? token_ready_i : 1'b1;
  assign token_valid_o   = own_valid_q || (through && token_valid_i);
  assign token_o         = own_valid_q ? '{id: own_id_q} : token_i;
  assign progress_o      = '{busy: state_q != Idle || progress_i.busy,
                             status: choice_i.active ? status_q : progress_i.status, position: progress_i.position};
  assign start_o         = state_q == Wait;

  logic unused;
  assign unused = ^{choice_i, drawn_i};

  // Of a token that the engine draws it is not known when it will be fed, but where.
  assign given    = through && token_valid_i && !held_q;
  assign fed_o    = (prompt_valid_o && prompt_ready_i) || given;
  assign place_o  = progress_i.position;
  assign fed_id_o = given ? token_i.id : prompt_o.id;

  always_ff @(posedge clk_i) begin
    held_q <= token_valid_i && !token_ready_o;
    if (token_ready_i) own_valid_q <= 1'b0;
    unique case (state_q)
      Idle: if (request_valid_i && choice_i.active) begin
        state_q <= Ask;
        first_q <= 1'b1;
        own_q   <= 1'b0;
        left_q  <= request_i.budget;
      end
      Ask: begin
        state_q <= Feed;
        first_q <= 1'b0;
        drew_q  <= 1'b0;
      end
      Feed: begin
        if (token_valid_i) drew_q <= 1'b1;
        if (!progress_i.busy) begin
          state_q  <= drew_q || token_valid_i ? Wait : Idle;
          status_q <= progress_i.status;
        end
      end
      Wait: state_q <= Draw;
      Draw: if (done_i) begin
        own_id_q <= drawn_i.id;
        state_q  <= Judge;
        if (drawn_i.none) begin
          status_q <= StatusStop;
          state_q  <= Idle;
        end
      end
      default: begin  // Judge
        if (stop) begin
          status_q <= StatusStop;
          state_q  <= Idle;
        end else if (room) begin
          own_valid_q <= 1'b1;
          own_q       <= 1'b1;
          left_q      <= left_q - 1'b1;
          status_q    <= left_q == 1 ? StatusBudget : StatusFull;  // of what ends here
          state_q     <= left_q == 1 || full ? Idle : Ask;
        end
      end
    endcase
    if (rst_i) begin
      state_q     <= Idle;
      own_valid_q <= 1'b0;
      status_q    <= StatusBudget;
    end
  end

endmodule
