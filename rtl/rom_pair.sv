// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A read-only memory with two registered outputs, its contents from a hex file.
module rom_pair #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter     File  = "",  // one hexadecimal word per line
  localparam int AddrW = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                  clk_i,
  input  logic                  en_i,    // the outputs keep their values while low
  input  logic [1:0][AddrW-1:0] addr_i,
  output logic [1:0][Width-1:0] data_o   // one cycle after addr_i
);

  (* rom_style = "block" *) logic [Width-1:0] mem [Depth];
  initial $readmemh(File, mem);

  always_ff @(posedge clk_i) begin
    if (en_i) data_o[0] <= mem[addr_i[0]];
  end
  always_ff @(posedge clk_i) begin
    if (en_i) data_o[1] <= mem[addr_i[1]];
  end

endmodule
