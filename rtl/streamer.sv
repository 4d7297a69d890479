// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Plays one matrix: for each pass of the lanes a slot that clears them, one slot per column step, and the tag
// behind which their sums are read out. Passes follow each other no faster than the read-out.
module streamer
  import engine_pkg::*;
#(
  parameter int Depth = 9,   // reads of a full pass
  parameter int StepW = 8,
  parameter int EmitW = 8,
  parameter int HoldW = 3,
  localparam int CountW = $clog2(Depth + 1)
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              start_i,  // begin on the next cycle; never while busy but on the last slot
  input  source_e           source_i,
  input  logic [StepW-1:0]  steps_i,  // column steps of a pass, at least 1
  input  logic [EmitW-1:0]  emits_i,  // reads of all passes together, at least 1
  input  logic [HoldW-1:0]  hold_i,   // idle slots before the first tag: the norm's root is on its way
  output source_e           source_o,
  output logic              clr_o,
  output logic              step_o,
  output logic              fresh_o,  // the step is of the first pass: the norm sums its squares
  output logic [StepW-1:0]  index_o,  // of the step
  output logic              tag_o,
  output logic [CountW-1:0] count_o   // reads of the pass that tag_o ends
);

  localparam int SlotW = (StepW > CountW ? StepW : CountW) + HoldW + 1;

  logic              busy_q, fresh_q, last, done;
  logic [SlotW-1:0]  slot_q, tag_slot, end_slot, floor_slot;
  logic [StepW-1:0]  steps_q;
  logic [EmitW-1:0]  emits_q;
  logic [HoldW-1:0]  hold_q;

  assign last       = 32'(emits_q) <= Depth;
  assign tag_slot   = SlotW'(steps_q) + SlotW'(hold_q);
  assign floor_slot = SlotW'(Depth - 1) + SlotW'(hold_q);
  assign end_slot   = (last || tag_slot > floor_slot) ? tag_slot : floor_slot;
  assign done       = slot_q == end_slot;

  assign clr_o   = busy_q && slot_q == 0;
  assign step_o  = busy_q && slot_q != 0 && slot_q <= SlotW'(steps_q);
  assign fresh_o = fresh_q && step_o;
  assign index_o = StepW'(slot_q - 1'b1);
  assign tag_o   = busy_q && slot_q == tag_slot;
  assign count_o = last ? CountW'(emits_q) : CountW'(Depth);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      busy_q   <= 1'b1;
      fresh_q  <= 1'b1;
      slot_q   <= '0;
      source_o <= source_i;
      steps_q  <= steps_i;
      emits_q  <= emits_i;
      hold_q   <= hold_i;
    end else if (busy_q) begin
      slot_q <= done ? '0 : slot_q + 1'b1;
      if (done) begin
        busy_q  <= !last;
        emits_q <= emits_q - EmitW'(Depth);
        hold_q  <= '0;
        fresh_q <= 1'b0;
      end
    end
    if (rst_i) busy_q <= 1'b0;
  end

endmodule
