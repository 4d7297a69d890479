// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A request of the host, played to the engine as one request per token: so it can end behind any token, and it waits
// for room in the ring before a token is computed. Three cycles per token are the price.
// What continues begins with the last token sampled, whose keys and values are not cached yet.
//
// A reset ends a request at once where the engine is its alone. Of several streams, others go on in the same pipelines:
// there the token that is being computed is computed to its end and dropped.
module host_request
  import engine_pkg::*, host_pkg::*, plan_pkg::*;
#(
  localparam int PromptA = Context > 1 ? $clog2(Context) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 start_i,       // only while busy_o is low
  input  logic                 clear_i,       // with start_i: from an empty context
  input  logic                 stop_i,
  input  logic                 reset_i,
  input  logic [PositionW-1:0] length_i,      // held while busy_o, as budget_i
  input  logic [31:0]          budget_i,
  output logic                 busy_o,
  output logic                 stalled_o,     // it waits for room
  output logic                 pending_o,     // a token waits to be fed
  output logic [2:0]           reason_o,      // why the last request ended
  output logic                 done_o,        // it ends: for one cycle
  output logic [PromptA-1:0]   prompt_addr_o,
  input  logic [IdW-1:0]       prompt_word_i, // one cycle later
  input  logic                 full_i,
  output logic                 put_o,
  output logic [IdW-1:0]       put_id_o,
  output logic [PositionW-1:0] position_o,    // tokens in the context
  output logic                 engine_rst_o,  // the engine's ports, from here on
  output logic                 request_valid_o,
  output logic                 clear_o,       // of the engine's request, as the next
  output logic                 budget_o,
  output logic                 drafts_o,      // it goes on as it is,
  output logic                 follows_o,     // and behind the token that is computed too
  input  progress_t            progress_i,
  output logic                 prompt_valid_o,
  input  logic                 prompt_ready_i,
  output prompt_t              prompt_o,
  input  logic                 token_valid_i,
  input  token_t               token_i
);

  localparam bit Several = Streams > 1;

  typedef enum logic [2:0] {Idle, Room, Feed, Wait, Flush} state_e;
  state_e               state_q;
  logic                 first_q, clear_q, stop_q, cut_q, lead_q, feeds, feeds_q, fetched_q, offers, take;
  logic                 fits_q;       // the context has room; it stands long before it is asked
  logic                 first_d, cut_d, stop_d, some_d, drop_d, ends_d, ends;
  logic [2:0]           reason_d, reason;
  logic [3:0]           flush_q;
  logic [31:0]          left_q;
  logic                 some_q, one_q; // left_q is not zero; it is one, and has been for a while
  logic [PositionW-1:0] rest_q;       // prompt tokens that are left
  logic                 stopped, stopped_q;  // a stop came before the item that is offered: it is the last
  logic                 whole, next;  // what is offered is the last of them; one of them is taken
  logic                 stopped_d, whole_d, final_q;  // final_q: stopped or whole
  logic [IdW-1:0]       pending_id_q;
  status_e              status_q, status_d;
  logic                 drop_q, empty_q, drop, empty;  // a reset was asked for; the context is none since one

  assign drop           = Several && drop_q;
  assign empty          = Several && empty_q;
  assign busy_o         = state_q != Idle || drop;
  assign engine_rst_o   = rst_i || state_q == Flush;
  assign position_o     = empty ? '0 : progress_i.position;
  assign request_valid_o = state_q == Room && !ends && !stalled_o;
  assign clear_o        = clear_q;
  assign budget_o       = some_q;
  assign drafts_o       = state_q != Idle && !stop_q;
  assign feeds          = some_q && (clear_q || fits_q);
  assign stalled_o      = state_q == Room && !ends && full_i && feeds;
  assign done_o         = (state_q == Room && ends && !drop) || (state_q == Flush && flush_q == 0)
                          || (state_q == Idle && drop);

  // An item is the last of its request, or is made it by a stop; then the token that comes of it is not one of the text.
  // Of several streams it is taken a cycle after the engine has looked at it, so that only a stop before it is offered
  // counts.
  assign stopped        = Several ? stopped_q : stop_q;
  assign offers         = lead_q || fetched_q;
  assign prompt_valid_o = (state_q == Feed || (Several && request_valid_o)) && offers;
  assign prompt_o       = '{id: lead_q ? pending_id_q : prompt_word_i, last: Several ? final_q : whole || stopped};
  assign stopped_d      = take || !prompt_valid_o ? stop_q : stopped_q;
  assign whole_d        = next ? rest_q == 2 : lead_q && !take ? rest_q == 0 : rest_q == 1;
  assign take           = state_q == Feed && offers && prompt_ready_i;
  assign next           = take && !lead_q;
  assign put_o          = state_q == Wait && token_valid_i && !cut_q && !drop;
  assign put_id_o       = token_i.id;

  // Whether the request ends is known of the next cycle: much of the engine starts in the one in which it does not.
  assign first_d  = state_q == Idle || first_q;
  assign cut_d    = state_q != Idle && cut_q;
  assign stop_d   = (state_q != Idle && (stop_q || stop_i)) || (Several && reset_i);
  assign drop_d   = Several && (reset_i || (drop_q && state_q != Idle));
  assign some_d   = put_o ? !one_q : some_q;
  assign status_d = state_q == Wait ? progress_i.status : status_q;

  always_comb begin
    ends_d   = 1'b1;
    reason_d = ReasonStopped;
    if (!first_d && !cut_d) begin
      if (status_d == StatusStop) reason_d = ReasonStopToken;
      else if (status_d == StatusFull) reason_d = ReasonContextFull;
      else if (!some_d) reason_d = ReasonBudget;
      else ends_d = stop_d;
    end else begin
      ends_d = stop_d;
    end
    if (drop_d) ends_d = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    follows_o <= some_q && left_q != 1;
    fits_q    <= progress_i.position != PositionW'(Context);
    one_q     <= left_q == 1;
    ends      <= ends_d;
    reason    <= reason_d;
    fetched_q <= !next;
    stopped_q <= stopped_d;
    whole     <= whole_d;
    final_q   <= stopped_d || whole_d;
    if (stop_i && busy_o) stop_q <= 1'b1;
    unique case (state_q)
      Idle: begin
        stop_q        <= 1'b0;
        cut_q         <= 1'b0;
        first_q       <= 1'b1;
        clear_q       <= clear_i || empty;
        lead_q        <= pending_o && !clear_i;
        left_q        <= budget_i;
        some_q        <= budget_i != 0;
        rest_q        <= length_i;
        prompt_addr_o <= '0;
        if (start_i) state_q <= Room;
        if (drop) begin
          {pending_o, drop_q, empty_q} <= 3'b001;
          reason_o                     <= ReasonReset;
        end
      end
      Room: begin
        if (ends) begin
          reason_o <= reason;
          state_q  <= Idle;
          if (reason == ReasonStopToken) pending_o <= 1'b0;
        end else if (!stalled_o) begin
          state_q <= Feed;
          first_q <= 1'b0;
          feeds_q <= feeds;
          if (clear_q) {pending_o, empty_q} <= '0;
        end
      end
      Feed: if (take) begin
        clear_q <= 1'b0;
        cut_q   <= stopped && !whole;
        lead_q  <= 1'b0;
        if (lead_q) begin
          if (feeds_q) pending_o <= 1'b0;
        end else begin
          rest_q        <= rest_q - 1'b1;
          prompt_addr_o <= prompt_addr_o + 1'b1;
        end
        if (prompt_o.last) state_q <= Wait;
      end
      Wait: begin
        if (put_o) begin
          pending_o    <= 1'b1;
          pending_id_q <= token_i.id;
          lead_q       <= 1'b1;
          left_q       <= left_q - 1'b1;
          some_q       <= !one_q;
        end
        status_q <= progress_i.status;
        rest_q   <= '0;
        if (!progress_i.busy) state_q <= Room;
      end
      default: begin  // Flush: what is in the engine's pipelines
        flush_q <= flush_q - 1'b1;
        if (flush_q == 0) state_q <= Idle;
      end
    endcase
    if (Several && reset_i) begin
      stop_q <= 1'b1;
      drop_q <= 1'b1;
    end else if (reset_i) begin
      state_q   <= Flush;
      reason_o  <= ReasonReset;
      flush_q   <= '1;
      pending_o <= 1'b0;
    end
    if (rst_i) begin
      state_q   <= Idle;
      reason_o  <= ReasonNone;
      pending_o <= 1'b0;
      drop_q    <= 1'b0;
      empty_q   <= 1'b0;
    end
  end

endmodule
