// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Plays the control program: each word starts what it names and says how long to wait for the next. Where another
// stream has what a word names, it waits, and all behind it.
// A wait is a constant, plus, where the word says so, what a layer's attention takes at this many blocks.
module sequencer
  import engine_pkg::*, plan_pkg::program_t, plan_pkg::SpanW, plan_pkg::WaitW, plan_pkg::InnerWait;
#(
  parameter int Words  = 32,
  parameter     Folder = "",
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             start_i,     // the first word is played on the next cycle
  input  logic             short_i,     // held: an inner token of a prompt, which ends with its last keys and values
  input  logic [SpanW-1:0] span_i,      // held
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
  localparam int TimeW = (LongW > InnerW ? LongW : InnerW) + 1;

  logic [AddrW-1:0] addr_q;
  program_t         word;
  logic [TimeW-1:0] left_q;
  logic             busy_q, due, play, inner;

  small_rom #(.Width($bits(program_t)), .Depth(Words), .File({Folder, "program.hex"})) u_program (
    .addr_i(addr_q), .data_o(word));

  // The word that would begin the last attention is the one that ends an inner token of a prompt, if not at once: the
  // last word follows when its keys and values are written.
  assign due           = busy_q && left_q == 0;
  assign inner         = word.ends && word.attend && short_i;
  assign done_o        = due && word.ends && !word.attend;
  assign lanes_want_o  = due && word.lanes;
  assign attend_want_o = due && word.attend && !inner;
  assign lanes_o       = lanes_want_o && !lanes_hold_i;
  assign attend_o      = attend_want_o && !attend_hold_i;
  assign play          = due && (!lanes_want_o || lanes_o) && (!attend_want_o || attend_o);
  assign program_o     = word;
  assign place_o       = addr_q;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      busy_q <= 1'b1;
      addr_q <= '0;
      left_q <= '0;
    end else if (busy_q) begin
      if (!due) begin
        left_q <= left_q - 1'b1;
      end else if (play) begin
        addr_q <= inner ? AddrW'(Words - 1) : addr_q + 1'b1;
        left_q <= inner ? TimeW'(InnerWait) : TimeW'(word.wait_cycles) + (word.with_span ? TimeW'(span_i) : '0);
        if (done_o) busy_q <= 1'b0;
      end
    end
    if (rst_i) busy_q <= 1'b0;
  end

endmodule
