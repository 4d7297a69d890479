// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A value some cycles later.
module delay #(
  parameter int Width  = 1,
  parameter int Cycles = 1
) (
  input  logic             clk_i,
  input  logic [Width-1:0] d_i,
  output logic [Width-1:0] d_o
);

  if (Cycles == 0) begin : gen_wire
    assign d_o = d_i;
    logic unused;
    assign unused = clk_i;
  end else begin : gen_stages
    logic [Width-1:0] stage_q [Cycles];
    always_ff @(posedge clk_i) begin
      stage_q[0] <= d_i;
      for (int i = 1; i < Cycles; i++) stage_q[i] <= stage_q[i-1];
    end
    assign d_o = stage_q[Cycles-1];
  end

endmodule
