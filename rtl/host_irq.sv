// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What happened since the host looked, and the interrupt line: a level, high while something that is enabled stands.
module host_irq
  import host_pkg::irq_t;
(
  input  logic clk_i,
  input  logic rst_i,
  input  irq_t event_i,      // for one cycle each; an event is not lost to a write that clears it
  input  logic enable_we_i,
  input  logic clear_we_i,
  input  irq_t wdata_i,
  output irq_t enable_o,
  output irq_t standing_o,
  output logic irq_o
);

  always_ff @(posedge clk_i) begin
    if (enable_we_i) enable_o <= wdata_i;
    standing_o <= (clear_we_i ? standing_o & ~wdata_i : standing_o) | event_i;
    irq_o      <= |(standing_o & enable_o);
    if (rst_i) begin
      enable_o   <= '0;
      standing_o <= '0;
      irq_o      <= 1'b0;
    end
  end

endmodule
