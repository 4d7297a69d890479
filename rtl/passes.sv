// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Passes through the decoder, one of every stream: what a token has for itself while it is computed. A stream's tokens
// take its own; the tokens of a prompt also those of streams that have been idle for a while, so several of one context
// are computed at once, each at its own position. plan/replay.py is the same.
//
// Tokens of one context stay in order by themselves: all play the same words, none waits less for one than the token in
// front of it, and of two that could go on the arbiter takes the older. Only attention may be ready for more blocks
// earlier: there a token waits for the one before it. So a layer's keys and values are on their way in time.
module passes
  import engine_pkg::LendAfter;
#(
  parameter int Streams = 2,
  parameter bit Lends   = 1'b1,
  parameter bit Guesses  = 1'b0,
  parameter int BankW   = 5,
  parameter int BlockW  = 4,
  parameter int SpanW   = 12,
  parameter int Slack   = 0,    // as position.sv has it
  parameter int CacheA  = 10,
  parameter int CacheN  = 860,  // words of a bank, every stream's
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1
) (
  input  logic                            clk_i,
  input  logic                            rst_i,
  // Of streams.
  input  logic [Streams-1:0]              idle_i,       // it has no request
  input  logic [Streams-1:0]              want_i,       // a token could be fetched
  input  logic [Streams-1:0]              noisy_i,      // and its logits are wanted
  input  logic [Streams-1:0]              guess_i,      // of Guesses: what comes behind its token could be, as a guess
  input  logic                            noise_free_i,
  output logic [Streams-1:0]              start_o,      // it is
  output logic                            draft_o,      // with fetch_i: that is such a guess
  input  logic [Streams-1:0]              live_i,       // whose draft keep_i is of
  output logic [Streams-1:0]              flying_o,     // some of its tokens are computed; a draft is none until it is kept
  output logic [Streams-1:0]              done_o,       // one whose logits are wanted is done
  input  logic [Streams-1:0][BankW-1:0]   bank_i,       // of its next token
  input  logic [Streams-1:0][BlockW-1:0]  blocks_i,
  input  logic [Streams-1:0][SpanW-1:0]   span_i,       // without slack
  // Of passes.
  output logic [Streams-1:0]              fetch_o,      // a token could be fetched into it
  input  logic [Streams-1:0]              fetch_i,      // it is: one at most
  output logic [Streams-1:0][StreamW-1:0] to_o,         // with fetch_i: whose token
  output logic [Streams-1:0][StreamW-1:0] owner_o,      // from the next cycle on, as all below
  input  logic [Streams-1:0]              keep_i,       // of Guesses: the draft in it is a token of its stream from now on
  output logic [Streams-1:0]              short_o,      // its logits are not wanted
  output logic [Streams-1:0][BankW-1:0]   bank_o,       // of its position
  output logic [Streams-1:0][BlockW-1:0]  blocks_o,
  output logic [Streams-1:0][SpanW-1:0]   span_o,       // less slack, two cycles after fetch_i where there is any
  output logic [Streams-1:0][CacheA-1:0]  block_o,      // its block in the owner's part of the cache, a cycle later
  input  logic [Streams-1:0]              done_i,       // the token is done
  input  logic [Streams-1:0]              attend_i,     // attention is due
  output logic [Streams-1:0]              attend_o      // and no token before it waits for it
);

  localparam int QuietW = $clog2(LendAfter + 1);

  logic [Streams-1:0]              busy_q, lends;
  logic [Streams-1:0][Streams-1:0] whose_q;   // [p][s]: the token in p is of s
  logic [Streams-1:0][Streams-1:0] ends_q;    // and its logits are wanted
  logic [Streams-1:0][Streams-1:0] before_q;  // [a][b]: the token in a comes before that in b, in one context
  logic [Streams-1:0][QuietW-1:0]  quiet_q;   // cycles for which nothing of a stream has been computed

  for (genvar s = 0; s < Streams; s++) begin : gen_stream
    always_comb begin
      flying_o[s] = 1'b0;
      done_o[s]   = 1'b0;
      for (int p = 0; p < Streams; p++) begin
        flying_o[s] |= busy_q[p] && whose_q[p][s];
        done_o[s]   |= done_i[p] && ends_q[p][s];
      end
    end
    assign lends[s] = Lends && idle_i[s] && quiet_q[s] == QuietW'(LendAfter);
    always_ff @(posedge clk_i) begin
      if (rst_i) quiet_q[s] <= QuietW'(LendAfter);
      else if (flying_o[s]) quiet_q[s] <= '0;
      else if (quiet_q[s] != QuietW'(LendAfter)) quiet_q[s] <= quiet_q[s] + 1'b1;
    end
  end

  // Of the streams that seek a pass the first one has the first of those that are lent. Who seeks and what is lent is
  // seen a cycle before, and must still be so.
  logic [Streams-1:0] ready, noisy, seeks_q, seeks, lent_q, lent;
  logic [StreamW-1:0] seeker;
  assign ready = want_i & (~noisy_i | {Streams{noise_free_i}});
  assign seeks = ready & busy_q & seeks_q;
  assign lent  = lent_q & ~busy_q & idle_i;
  always_comb begin
    seeker = '0;
    for (int s = Streams - 1; s >= 0; s--) if (seeks[s]) seeker = StreamW'(s);
  end
  always_ff @(posedge clk_i) begin
    seeks_q <= rst_i ? '0 : ready & busy_q;
    lent_q  <= rst_i ? '0 : lends & ~busy_q;
  end

  // A guess is fetched while all others have been idle for a while: into the stream's own pass, or else the first that is
  // lent. Its stream does not want a token meanwhile, nor do they.
  logic [Streams-1:0] guess;
  logic [StreamW-1:0] guesser;
  logic               guessing, at_home;  // one could be; where it would be in its stream's own pass
  if (Guesses) begin : gen_drafts
    logic [Streams-1:0] alone_q;
    for (genvar s = 0; s < Streams; s++) begin : gen_alone
      localparam logic [Streams-1:0] Self = Streams'(1) << s;
      always_ff @(posedge clk_i) alone_q[s] <= !rst_i && (lends | Self) == '1;
      assign guess[s] = guess_i[s] && alone_q[s] && (idle_i | Self) == '1 && noise_free_i;
    end
    always_comb begin
      guesser = '0;
      for (int s = 0; s < Streams; s++) if (guess_i[s]) guesser |= StreamW'(s);
    end
    assign guessing = guess != '0;
    assign at_home  = (guess & ~busy_q) != '0;
  end else begin : gen_no_drafts
    assign {guess, guesser, guessing, at_home} = '0;
    logic unused;
    assign unused = ^{guess_i, live_i, keep_i};
  end
  assign draft_o = guessing;

  for (genvar p = 0; p < Streams; p++) begin : gen_fetch
    logic first;
    if (p == 0) begin : gen_first
      assign first = lent[0];
    end else begin : gen_later
      assign first = lent[p] && lent[p-1:0] == '0;
    end
    assign fetch_o[p] = (first && seeks != '0) || (ready[p] && !busy_q[p]) || (guessing && (at_home ? guess[p] : first));
    assign to_o[p]    = guessing ? guesser : lent[p] ? seeker : StreamW'(p);
    assign noisy[p]   = guessing || noisy_i[to_o[p]];
  end

  always_comb begin
    start_o = '0;
    for (int p = 0; p < Streams; p++) if (fetch_i[p] && !guessing) start_o[to_o[p]] = 1'b1;
  end

  always_ff @(posedge clk_i)
    for (int p = 0; p < Streams; p++)
      if (fetch_i[p]) begin
        before_q[p] <= '0;
        for (int a = 0; a < Streams; a++) if (a != p) before_q[a][p] <= busy_q[a] && whose_q[a][to_o[p]];
      end

  for (genvar p = 0; p < Streams; p++) begin : gen_pass
    logic [SpanW-1:0] span_q;
    always_ff @(posedge clk_i) begin
      if (done_i[p]) busy_q[p] <= 1'b0;
      if (fetch_i[p]) begin
        busy_q[p]   <= 1'b1;
        owner_o[p]  <= to_o[p];
        short_o[p]  <= !noisy[p];
        whose_q[p]  <= guessing ? '0 : Streams'(1) << to_o[p];
        ends_q[p]   <= noisy[p] && !guessing ? Streams'(1) << to_o[p] : '0;
        bank_o[p]   <= bank_i[to_o[p]];
        blocks_o[p] <= blocks_i[to_o[p]];
        span_q      <= span_i[to_o[p]];
      end
      if (Guesses && keep_i[p]) begin
        whose_q[p] <= live_i;
        ends_q[p]  <= live_i;
      end
      block_o[p] <= CacheA'(blocks_o[p] - 1'b1) + CacheA'(32'(owner_o[p]) * (CacheN / Streams));
      if (rst_i) begin
        busy_q[p]  <= 1'b0;
        owner_o[p] <= '0;
      end
    end
    if (Slack > 0) begin : gen_slack
      // Long before it is asked for.
      always_ff @(posedge clk_i) span_o[p] <= span_q > SpanW'(Slack) ? span_q - SpanW'(Slack) : '0;
    end else begin : gen_all
      assign span_o[p] = span_q;
    end
    always_comb begin
      attend_o[p] = attend_i[p];
      for (int a = 0; a < Streams; a++) if (before_q[a][p] && attend_i[a]) attend_o[p] = 1'b0;
    end
  end

endmodule
