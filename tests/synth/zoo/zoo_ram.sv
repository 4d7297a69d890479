// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A write port and a read port; a read of the word being written gives the old one.
module zoo_ram #(
  parameter int Width   = 8,
  parameter int Depth   = 16,
  parameter int Enables = 1,
  parameter bit Clear   = 1'b0  // reset clears what was read
) (
  input  logic        clk_i,
  input  logic        rst_i,
  input  logic        we_i,
  input  logic        en_i,
  input  logic [7:0]  be_i,
  input  logic [15:0] waddr_i,
  input  logic [15:0] raddr_i,
  input  logic [71:0] data_i,
  output logic [31:0] out_o
);

  localparam int AddrW = $clog2(Depth);
  localparam int Part = Width / Enables;
  (* ram_style = "block" *) logic [Width-1:0] mem [Depth];
  logic [Width-1:0] word_q;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < Enables; i++)
      if (we_i && (Enables == 1 || be_i[i])) mem[waddr_i[AddrW-1:0]][i*Part+:Part] <= data_i[i*Part+:Part];
    if (en_i) word_q <= mem[raddr_i[AddrW-1:0]];
    if (Clear && rst_i) word_q <= '0;
  end
  assign out_o = 32'(word_q) ^ 32'(72'(word_q) >> 32) ^ 32'(72'(word_q) >> 64);

endmodule
