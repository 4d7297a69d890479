// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Plays the control program: each word starts what it names and says how long to wait for the next.
// A wait is a constant, plus, where the word says so, what a layer's attention takes at this many blocks.
module sequencer
  import engine_pkg::*;
#(
  parameter int Words  = 32,
  parameter int WaitW  = 12,
  parameter int SpanW  = 12,
  parameter int StepW  = 8,
  parameter int EmitW  = 8,
  parameter     Folder = ""
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             start_i,     // the first word is played on the next cycle
  input  logic             short_i,     // held: a prompt token, which ends where the head would begin
  input  logic [SpanW-1:0] span_i,      // held
  output logic             lanes_o,     // start the lanes with:
  output source_e          source_o,
  output logic [StepW-1:0] steps_o,
  output logic [EmitW-1:0] emits_o,
  output logic             attend_o,    // start attention
  output logic             done_o       // the token is done
);

  localparam int WordW = WaitW + 6 + StepW + EmitW;
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1;
  localparam int TimeW = (WaitW > SpanW ? WaitW : SpanW) + 1;

  logic [AddrW-1:0] addr_q;
  logic [WordW-1:0] word;
  logic [WaitW-1:0] wait_cycles;
  logic [TimeW-1:0] left_q;
  logic             busy_q, play, with_span, lanes, attend, ends;
  logic [1:0]       source;

  small_rom #(.Width(WordW), .Depth(Words), .File({Folder, "program.hex"})) u_program (
    .addr_i(addr_q), .data_o(word));
  assign {wait_cycles, with_span, ends, attend, lanes, source, steps_o, emits_o} = word;

  // A word that both starts lanes and ends a short token is the head's.
  assign play     = busy_q && left_q == 0;
  assign done_o   = play && ends && (!lanes || short_i);
  assign lanes_o  = play && lanes && !done_o;
  assign attend_o = play && attend;
  assign source_o = source_e'(source);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      busy_q <= 1'b1;
      addr_q <= '0;
      left_q <= '0;
    end else if (busy_q) begin
      if (!play) begin
        left_q <= left_q - 1'b1;
      end else begin
        addr_q <= addr_q + 1'b1;
        left_q <= TimeW'(wait_cycles) + (with_span ? TimeW'(span_i) : '0);
        if (done_o) busy_q <= 1'b0;
      end
    end
    if (rst_i) busy_q <= 1'b0;
  end

endmodule
