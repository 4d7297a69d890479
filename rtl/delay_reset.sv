// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A flag some cycles later; a reset forgets those on their way.
module delay_reset #(
  parameter int Cycles = 1  // at least 1
) (
  input  logic clk_i,
  input  logic rst_i,
  input  logic d_i,
  output logic d_o
);

  logic [Cycles-1:0] stage_q;

  always_ff @(posedge clk_i) begin
    stage_q <= Cycles'({stage_q, d_i});
    if (rst_i) stage_q <= '0;
  end

  assign d_o = stage_q[Cycles-1];

endmodule
