// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A read-only memory of a few words in fabric, read in the same cycle.
module small_rom #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter     File  = "",  // one hexadecimal word per line
  localparam int AddrW = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic [AddrW-1:0] addr_i,
  output logic [Width-1:0] data_o
);

  logic [Width-1:0] mem [Depth];
  initial $readmemh(File, mem);

  assign data_o = mem[addr_i];

endmodule
