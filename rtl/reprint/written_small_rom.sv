// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A small_rom that can be written: distributed memory, read in the same cycle.
module written_small_rom
  import contents_pkg::contents_t, contents_pkg::section_of, contents_pkg::wires_of, contents_pkg::FileW;
#(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter     File  = "",  // what it holds until it is written
  localparam int AddrW = Depth > 1 ? $clog2(Depth) : 1
) (
  input  contents_t        contents_i,
  input  logic             clk_i,
  input  logic [AddrW-1:0] addr_i,
  output logic [Width-1:0] data_o
);

  localparam int Own = section_of(FileW'(File));
  localparam logic [Width-1:0] Kept = ~Width'(wires_of(FileW'(File)));  // the rest is wires at zero

  (* ram_style = "distributed" *) logic [Width-1:0] mem [Depth];
  initial $readmemh(File, mem);

  always_ff @(posedge clk_i) begin
    if (contents_i.valid && 32'(contents_i.section) == Own) mem[AddrW'(contents_i.addr)] <= Width'(contents_i.data);
  end
  assign data_o = mem[addr_i] & Kept;

  logic unused;
  assign unused = ^{contents_i.addr, contents_i.data};

`ifndef SYNTHESIS
  initial if (Own < 0) $fatal(1, "%m: no section of the contents is of its file");
`endif

endmodule
