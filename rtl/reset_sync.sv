// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A reset for one clock: on from power-up, and for some cycles behind the last moment that hold_i was high.
module reset_sync #(
  parameter int Cycles = 64
) (
  input  logic clk_i,
  input  logic hold_i,  // of any clock: a button, or a clock that is not steady yet
  output logic rst_o
);

  localparam int CountW = $clog2(Cycles + 1);

  logic [1:0]        sync_q;
  logic [CountW-1:0] count_q;

  initial begin
    sync_q  = '1;
    count_q = CountW'(Cycles);
    rst_o   = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    sync_q <= {sync_q[0], hold_i};
    rst_o  <= count_q != 0;
    if (sync_q[1]) count_q <= CountW'(Cycles);
    else if (count_q != 0) count_q <= count_q - 1'b1;
  end

endmodule
