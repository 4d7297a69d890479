// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Cycles since power-up, readable in two halves, and what the last request did.
module host_counters (
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        latch_i,       // the low half is being read
  input  logic        start_i,       // a request begins
  input  logic        work_i,        // the engine is busy
  input  logic        put_i,         // a token
  input  logic [31:0] write_index_i,
  output logic [31:0] cycles_low_o,
  output logic [31:0] cycles_high_o, // as latched
  output logic [31:0] run_cycles_o,
  output logic [31:0] produced_o,
  output logic [31:0] requests_o,
  output logic [31:0] start_index_o
);

  logic [31:0] high_q;

  always_ff @(posedge clk_i) begin
    {high_q, cycles_low_o} <= {high_q, cycles_low_o} + 1'b1;
    if (latch_i) cycles_high_o <= high_q;
    if (work_i) run_cycles_o <= run_cycles_o + 1'b1;
    if (put_i) produced_o <= produced_o + 1'b1;
    if (start_i) begin
      run_cycles_o  <= '0;
      produced_o    <= '0;
      requests_o    <= requests_o + 1'b1;
      start_index_o <= write_index_i;
    end
    if (rst_i) begin
      {high_q, cycles_low_o}      <= '0;
      cycles_high_o               <= '0;
      {run_cycles_o, produced_o}  <= '0;
      requests_o                  <= '0;
      start_index_o               <= write_index_i;
    end
  end

endmodule
