// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Drafts: while a token is computed, a table guesses the one behind it, and while every other stream is idle it is
// computed too, in a pass that is free. It goes as far as its last run, the logits', and waits there until it is decided:
// it is kept where it is what the stream needs next, and then is that token. Otherwise it is dropped: nothing of it is
// begun any more, and its pass is free when all is through that was. plan/replay.py is the same.
module drafts #(
  parameter int Streams = 2,
  parameter int Vocab   = 512,
  parameter int Entries = 1024,  // of the table
  parameter int Bigrams = 512,
  parameter     Folder  = "",
  localparam int IdW    = Vocab > 1 ? $clog2(Vocab) : 1
) (
  input  logic                        clk_i,
  input  logic                        rst_i,
  // Of streams.
  input  logic [Streams-1:0]          idle_i,    // it has no request
  input  logic [Streams-1:0]          wanted_i,  // its draft may be there
  input  logic [Streams-1:0]          start_i,   // a token begins whose logits are wanted, a draft that is kept or another;
  input  logic [Streams-1:0][IdW-1:0] newer_i,   // held from the next cycle on: which one,
  input  logic [Streams-1:0][IdW-1:0] older_i,   // the one before it,
  input  logic [Streams-1:0]          first_i,   // and whether there is none
  input  logic [Streams-1:0]          keep_i,    // its draft is what it needs next
  input  logic [Streams-1:0]          leave_i,   // it is not
  output logic [Streams-1:0]          guess_o,   // there is a guess of what comes behind its token, until that is fetched
  output logic [IdW-1:0]              guess_id_o, // the guess, from a cycle before guess_o on
  output logic [Streams-1:0]          live_o,    // a draft of it is to be decided,
  output logic [IdW-1:0]              id_o,      // which is this token
  // Of passes.
  input  logic [Streams-1:0]          fetch_i,   // the guess is fetched into it
  input  logic [Streams-1:0]          done_i,    // it is through
  output logic [Streams-1:0]          keep_o,    // its draft is kept,
  output logic [Streams-1:0]          drop_o,    // or dropped
  output logic [Streams-1:0]          live_in_o, // its draft is to be decided
  output logic [Streams-1:0]          dropped_o  // it was dropped, and is not through yet
);

  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1;
  localparam int Late    = 5;  // from the choice of a stream's tokens: that, and the table

  // A guess: that of the stream whose token began last.
  logic [Late:0][Streams-1:0] asks_q;
  logic [StreamW-1:0]         asker;
  logic [IdW-1:0]             older_q, newer_q;
  logic                       some;

  always_comb begin
    asker = '0;
    for (int s = Streams - 1; s >= 0; s--) if (asks_q[0][s]) asker = StreamW'(s);
  end

  always_ff @(posedge clk_i) begin
    asks_q <= rst_i ? '0 : {asks_q[Late-1:0], start_i};
    if (asks_q[0] != '0) begin
      older_q <= older_i[asker];
      newer_q <= newer_i[asker];
    end
    guess_o <= start_i != '0 || fetch_i != '0 || rst_i ? '0
               : some && asks_q[Late] != '0 ? asks_q[Late] & ~first_i : guess_o;
  end

  draft_table #(.Vocab(Vocab), .Entries(Entries), .Bigrams(Bigrams), .Folder(Folder)) u_table (
    .clk_i, .older_i(older_q), .newer_i(newer_q), .some_o(some), .guess_o(guess_id_o));

  // The draft: there is one at most. Who comes while it is to be decided has every pass to himself, or soon.
  logic               drop;
  logic [Streams-1:0] others;
  for (genvar s = 0; s < Streams; s++) begin : gen_others
    assign others[s] = (~idle_i & ~(Streams'(1) << s)) != '0;
  end
  assign drop   = (live_o & ~keep_i & (leave_i | others | ~wanted_i)) != '0;
  assign keep_o = (live_o & keep_i) != '0 ? live_in_o : '0;
  assign drop_o = drop ? live_in_o : '0;

  always_ff @(posedge clk_i) begin
    if (fetch_i != '0) begin
      live_o    <= guess_o;
      live_in_o <= fetch_i;
      id_o      <= guess_id_o;
    end else if (drop || (live_o & keep_i) != '0) begin
      live_o    <= '0;
      live_in_o <= '0;
    end
    dropped_o <= (dropped_o | drop_o) & ~done_i;
    if (rst_i) {live_o, live_in_o, dropped_o} <= '0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i)
    if (!rst_i && fetch_i != '0 && (live_o != '0 || !$onehot(fetch_i) || !$onehot(guess_o)))
      $fatal(1, "%m: a draft beside another");
`endif

endmodule
