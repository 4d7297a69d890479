// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
module zoo_rom #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter     File  = ""
) (
  input  logic                     clk_i,
  input  logic                     en_i,
  input  logic [$clog2(Depth)-1:0] addr_i,
  output logic [31:0]              out_o
);

  (* rom_style = "block" *) logic [Width-1:0] mem [Depth];
  logic [Width-1:0] word_q;
  initial $readmemh(File, mem);

  always_ff @(posedge clk_i) if (en_i) word_q <= mem[addr_i];
  assign out_o = 32'(word_q) ^ 32'(word_q >> 32);

endmodule
