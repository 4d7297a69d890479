// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A ROM in block RAM.
module tiny_rom #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter     File  = ""
) (
  input  logic                     clk_i,
  input  logic                     en_i,
  input  logic [$clog2(Depth)-1:0] addr_i,
  output logic [Width-1:0]         data_o
);

  (* rom_style = "block" *) logic [Width-1:0] mem [Depth];
  initial $readmemh(File, mem);

  always_ff @(posedge clk_i) if (en_i) data_o <= mem[addr_i];

endmodule
