// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The loop around a token: prompt in, tokens out, stop tokens, budget, and the end of the context.
module token_loop
  import engine_pkg::*;
#(
  parameter int Vocab   = 512,
  parameter int Context = 512,
  parameter int Stops   = 8,
  localparam int IdW       = $clog2(Vocab),
  localparam int PositionW = $clog2(Context + 1)
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic                      request_i,       // begin; only while idle
  input  logic                      clear_i,         // with request_i: from position 0
  input  logic [31:0]               budget_i,        // tokens to produce at most
  input  logic [Stops-1:0]          stop_valid_i,
  input  logic [Stops-1:0][IdW-1:0] stop_i,
  output logic                      busy_o,
  output status_e                   status_o,        // why the last request ended
  input  logic                      prompt_valid_i,
  output logic                      prompt_ready_o,
  input  logic [IdW-1:0]            prompt_id_i,
  input  logic                      prompt_last_i,
  output logic                      token_valid_o,
  input  logic                      token_ready_i,
  output logic [IdW-1:0]            token_id_o,
  output logic                      clear_o,         // position 0 is next
  output logic                      start_o,         // a token's first cycle
  output logic                      next_o,          // the token is done; on to the next position
  output logic [IdW-1:0]            id_o,            // held while the token is computed
  output logic                      short_o,         // its logits are not wanted
  output logic [PositionW-1:0]      position_o,
  input  logic                      done_i,
  input  logic [IdW-1:0]            sampled_i        // with done_i
);

  typedef enum logic [2:0] {Idle, Fetch, Run, Judge, Drain} state_e;
  state_e      state_q;
  logic        prompt_q, full, room, again;
  logic        stop_d, stop_q, full_q, last_q;  // of the token that is judged
  logic [31:0] left_q;
  logic [IdW-1:0] sampled_q;

  assign full           = position_o == PositionW'(Context);
  assign room           = !token_valid_o || token_ready_i;
  // A sampled token that is not the last is fetched in the cycle that judges it.
  assign again          = state_q == Judge && !stop_q && room && !full_q && !last_q;
  assign busy_o         = state_q != Idle;
  assign start_o        = again || (state_q == Fetch && !full && left_q != 0 && (!prompt_q || prompt_valid_i));
  assign prompt_ready_o = (start_o && state_q == Fetch && prompt_q) || state_q == Drain;
  assign clear_o        = state_q == Idle && request_i && clear_i;
  assign next_o         = state_q == Run && done_i;

  always_comb begin
    stop_d = 1'b0;
    for (int i = 0; i < Stops; i++) if (stop_valid_i[i] && stop_i[i] == sampled_i) stop_d = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (token_ready_i) token_valid_o <= 1'b0;
    unique case (state_q)
      Idle: begin
        if (request_i) begin
          state_q  <= Fetch;
          prompt_q <= 1'b1;
          left_q   <= budget_i;
          if (clear_i) position_o <= '0;
        end
      end
      Fetch: begin
        if (left_q == 0 || full) begin
          status_o <= left_q == 0 ? StatusBudget : StatusFull;
          state_q  <= prompt_q ? Drain : Idle;
        end else if (start_o) begin
          id_o     <= prompt_q ? prompt_id_i : sampled_q;
          short_o  <= prompt_q && !prompt_last_i;
          prompt_q <= prompt_q && !prompt_last_i;
          state_q  <= Run;
        end
      end
      Run: begin
        if (done_i) begin
          sampled_q  <= sampled_i;
          stop_q     <= stop_d;
          full_q     <= position_o == PositionW'(Context - 1);
          last_q     <= left_q == 1;
          position_o <= position_o + 1'b1;
          state_q    <= short_o ? Fetch : Judge;
        end
      end
      Judge: begin
        if (stop_q) begin
          status_o <= StatusStop;
          state_q  <= Idle;
        end else if (room) begin
          token_valid_o <= 1'b1;
          token_id_o    <= sampled_q;
          left_q        <= left_q - 1'b1;
          id_o          <= sampled_q;
          short_o       <= 1'b0;
          state_q       <= again ? Run : Fetch;
        end
      end
      default: begin  // Drain: what is left of a prompt that found no room
        if (prompt_valid_i && prompt_last_i) state_q <= Idle;
      end
    endcase
    if (rst_i) begin
      state_q       <= Idle;
      token_valid_o <= 1'b0;
      position_o    <= '0;
      status_o      <= StatusBudget;
    end
  end

endmodule
