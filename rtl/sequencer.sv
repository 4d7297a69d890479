// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Plays the control program: each word starts what it names and says how long to wait for the next. Where another
// stream has what a word names, it waits, and all behind it.
// A wait is a constant, plus, where the word says so, what a layer's attention takes at this many blocks.
module sequencer
  import engine_pkg::*, plan_pkg::program_t, plan_pkg::SpanW, plan_pkg::WaitW, plan_pkg::InnerWait,
         plan_pkg::DropWait;
#(
  parameter int Words  = 32,
  parameter bit Guesses = 1'b0,  // the token may be a draft
  parameter     Folder = "",
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             start_i,     // the first word is played on the next cycle
  input  logic             short_i,     // held: an inner token of a prompt, which ends with its last keys and values
  input  logic [SpanW-1:0] span_i,      // held
  input  logic             live_i,      // of Guesses: it is one that is to be decided; it waits for that with its last run
  input  logic             dropped_i,   // of Guesses: it was dropped, and ends when what was begun is through
  output logic             lanes_want_o,  // a run is due: with lanes_hold_i low it is played
  input  logic             lanes_hold_i,  // the lanes are another stream's
  output logic             attend_want_o, // the same of attention
  input  logic             attend_hold_i,
  output program_t         program_o,     // the word that is played, or waits
  output logic [AddrW-1:0] place_o,     // its number
  output logic             lanes_o,     // start the lanes with it
  output logic             attend_o,    // start attention
  output logic             done_o       // the token is done
);

  localparam int InnerW = $clog2(InnerWait + 1);
  localparam int LongW  = WaitW > SpanW ? WaitW : SpanW;
  localparam int DropW  = Guesses ? $clog2(DropWait + 1) : 0;
  localparam int OverW  = DropW > InnerW ? DropW : InnerW;
  localparam int TimeW = (LongW > OverW ? LongW : OverW) + 1;

  // The word that is due next stands in a register, and the one behind it is read meanwhile: neither the ROM nor the wait
  // is in front of what the word starts. Behind the end a cycle passes before the first word is there again; it is not
  // due before.
  logic [AddrW-1:0] next_q, addr;  // of the word behind; next_q is 0 until the first is played
  logic             first_q;
  program_t         word_q, following;
  logic [TimeW-1:0] left_q, total;
  logic             busy_q, due_q, over_q, play, inner, at_once;
  logic             cut, stays;  // of a draft: nothing is begun any more; it has come to its last run

  small_rom #(.Width($bits(program_t)), .Depth(Words), .File({Folder, "program.hex"})) u_program (
    .addr_i(addr), .data_o(following));
  assign addr = next_q | AddrW'(first_q);

  // The word that would begin the last attention is the one that ends an inner token of a prompt, if not at once: the
  // last word, which does nothing but end, follows when its keys and values are written.
  assign inner         = word_q.ends && word_q.attend && short_i && !over_q;
  assign done_o        = due_q && (over_q || (word_q.ends && !word_q.attend));
  assign lanes_want_o  = due_q && word_q.lanes && !over_q && !cut && !stays;
  assign attend_want_o = due_q && word_q.attend && !inner && !over_q && !cut;
  assign lanes_o       = lanes_want_o && !lanes_hold_i;
  assign attend_o      = attend_want_o && !attend_hold_i;
  assign play          = due_q && !stays && (!lanes_want_o || lanes_o) && (!attend_want_o || attend_o);
  assign program_o     = word_q;
  assign total         = cut ? TimeW'(DropWait) : inner ? TimeW'(InnerWait) : TimeW'(word_q.wait_cycles) + (word_q.with_span ? TimeW'(span_i) : '0);
  assign at_once       = cut ? DropWait == 0 : inner ? InnerWait == 0 : word_q.wait_cycles == '0 && (!word_q.with_span || span_i == '0);

  if (Guesses) begin : gen_drafts
    logic last_q;
    always_ff @(posedge clk_i) if (play || !busy_q) last_q <= addr == AddrW'(Words - 2);
    assign cut   = dropped_i && !over_q;
    assign stays = live_i && last_q && !over_q;
  end else begin : gen_no_drafts
    assign {cut, stays} = '0;
    logic unused;
    assign unused = live_i ^ dropped_i;
  end

  always_ff @(posedge clk_i) begin
    if (play || !busy_q) begin  // the first word as it is now: memories may have been written
      word_q  <= following;
      place_o <= addr;
    end
    if (play) begin
      next_q  <= addr + 1'b1;
      first_q <= 1'b0;
    end
    if (start_i) begin
      busy_q  <= 1'b1;
      due_q   <= 1'b1;
      first_q <= 1'b1;
    end else if (play) begin
      left_q <= total;
      due_q  <= at_once && !done_o;
      over_q <= inner || cut;
      if (done_o) begin
        busy_q <= 1'b0;
        over_q <= 1'b0;
        next_q <= '0;
      end
    end else if (busy_q && !due_q) begin
      left_q <= left_q - 1'b1;
      due_q  <= left_q == TimeW'(1);
    end
    if (rst_i) begin
      busy_q <= 1'b0;
      due_q  <= 1'b0;
      over_q <= 1'b0;
      {first_q, next_q} <= '0;
    end
  end

endmodule
