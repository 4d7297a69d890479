// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Plays one matrix: for each pass of the lanes one slot per column step, and as many in all as the pass has reads.
module streamer
  import engine_pkg::*;
#(
  parameter int Depth = 8,   // reads of a full pass
  parameter int StepW = 8,
  parameter int EmitW = 8,
  parameter int StreamW = 1,
  parameter int RunW  = 1,
  localparam int CountW = $clog2(Depth + 1)
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              start_i,  // begin on the next cycle; never while busy but on the last slot
  input  logic [StreamW-1:0] stream_i, // whose matrix it is
  input  logic [RunW-1:0]   run_i,    // its number
  input  source_e           source_i,
  input  logic [StepW-1:0]  steps_i,  // column steps of a pass, at least 1
  input  logic [EmitW-1:0]  emits_i,  // reads of all passes together, at least 1
  output logic [StreamW-1:0] stream_o,
  output logic [RunW-1:0]   run_o,
  output source_e           source_o,
  output logic              step_o,
  output logic              first_o,  // with step_o: of a pass
  output logic [StepW-1:0]  index_o,  // of the step
  output logic              tag_o,    // the pass's last step
  output logic              opens_o,  // with tag_o: the pass is the matrix's first
  output logic [CountW-1:0] count_o   // reads of the pass
);

  localparam int SlotW = StepW > CountW ? StepW : CountW;

  logic              busy_q, last, done;
  logic [SlotW-1:0]  slot_q, last_step, last_slot;
  logic [StepW-1:0]  steps_q;
  logic [EmitW-1:0]  emits_q;

  // The last pass leaves at once: its reads go on behind it.
  assign last      = 32'(emits_q) <= Depth;
  assign last_step = SlotW'(steps_q - 1'b1);
  assign last_slot = (last || last_step > SlotW'(Depth - 1)) ? last_step : SlotW'(Depth - 1);
  assign done      = slot_q == last_slot;

  assign step_o  = busy_q && slot_q <= last_step;
  assign first_o = slot_q == '0;
  assign index_o = StepW'(slot_q);
  assign tag_o   = busy_q && slot_q == last_step;
  assign count_o = last ? CountW'(emits_q) : CountW'(Depth);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      busy_q   <= 1'b1;
      slot_q   <= '0;
      opens_o  <= 1'b1;
      stream_o <= stream_i;
      run_o    <= run_i;
      source_o <= source_i;
      steps_q  <= steps_i;
      emits_q  <= emits_i;
    end else if (busy_q) begin
      slot_q <= done ? '0 : slot_q + 1'b1;
      if (done) begin
        busy_q  <= !last;
        opens_o <= 1'b0;
        emits_q <= emits_q - EmitW'(Depth);
      end
    end
    if (rst_i) busy_q <= 1'b0;
  end

endmodule
