// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Simulation only: a word that is read must have been written since the last clear. The schedule promises it.
module freshness #(
  parameter int Depth  = 8,   // in slices
  parameter int Real   = Depth,  // of them, those that hold something
  parameter int Slices = 1,   // of a word that is read
  parameter int Streams = 1,  // each has its part of them, of which so many as Real hold something
  localparam int WriteA = Depth > 1 ? $clog2(Depth) : 1,
  localparam int ReadA  = Depth / Slices > 1 ? $clog2(Depth / Slices) : 1
) (
  input logic              clk_i,
  input logic [Streams-1:0] clear_i,
  input logic              we_i,
  input logic [WriteA-1:0] waddr_i,
  input logic              re_i,
  input logic [ReadA-1:0]  raddr_i
);

  localparam int Part = Depth / Streams;
  logic [Depth-1:0] fresh_q;

  always_ff @(posedge clk_i) begin
    for (int s = 0; s < Streams; s++) if (clear_i[s]) fresh_q[s*Part +: Part] <= '0;
    if (we_i) fresh_q[waddr_i] <= 1'b1;
    for (int s = 0; s < Slices; s++)
      if (re_i && (32'(raddr_i) * Slices + s) % Part < Real && !fresh_q[WriteA'(32'(raddr_i) * Slices + s)])
        $fatal(1, "%m: word %0d is read before it is written", raddr_i);
  end

endmodule
