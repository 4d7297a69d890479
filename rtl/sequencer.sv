// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Plays the control program: each word starts what it names and says how long to wait for the next.
// A wait is a constant, plus, where the word says so, what a layer's attention takes at this many blocks.
module sequencer
  import engine_pkg::*, plan_pkg::program_t, plan_pkg::SpanW, plan_pkg::WaitW, plan_pkg::StepW, plan_pkg::EmitW,
         plan_pkg::InnerWait;
#(
  parameter int Words  = 32,
  parameter     Folder = ""
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             start_i,     // the first word is played on the next cycle
  input  logic             short_i,     // held: an inner token of a prompt, which ends with its last keys and values
  input  logic [SpanW-1:0] span_i,      // held
  output logic             lanes_o,     // start the lanes with:
  output source_e          source_o,
  output logic [StepW-1:0] steps_o,
  output logic [EmitW-1:0] emits_o,
  output logic             attend_o,    // start attention
  output logic             done_o       // the token is done
);

  localparam int AddrW = Words > 1 ? $clog2(Words) : 1;
  localparam int InnerW = $clog2(InnerWait + 1);
  localparam int LongW  = WaitW > SpanW ? WaitW : SpanW;
  localparam int TimeW = (LongW > InnerW ? LongW : InnerW) + 1;

  logic [AddrW-1:0] addr_q;
  program_t         word;
  logic [TimeW-1:0] left_q;
  logic             busy_q, play, inner;

  small_rom #(.Width($bits(program_t)), .Depth(Words), .File({Folder, "program.hex"})) u_program (
    .addr_i(addr_q), .data_o(word));

  // The word that would begin the last attention is the one that ends an inner token of a prompt, if not at once: the
  // last word follows when its keys and values are written.
  assign play     = busy_q && left_q == 0;
  assign inner    = word.ends && word.attend && short_i;
  assign done_o   = play && word.ends && !word.attend;
  assign lanes_o  = play && word.lanes;
  assign attend_o = play && word.attend && !inner;
  assign source_o = word.source;
  assign steps_o  = word.steps;
  assign emits_o  = word.emits;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      busy_q <= 1'b1;
      addr_q <= '0;
      left_q <= '0;
    end else if (busy_q) begin
      if (!play) begin
        left_q <= left_q - 1'b1;
      end else begin
        addr_q <= inner ? AddrW'(Words - 1) : addr_q + 1'b1;
        left_q <= inner ? TimeW'(InnerWait) : TimeW'(word.wait_cycles) + (word.with_span ? TimeW'(span_i) : '0);
        if (done_o) busy_q <= 1'b0;
      end
    end
    if (rst_i) busy_q <= 1'b0;
  end

endmodule
