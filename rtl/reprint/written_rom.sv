// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A rom that can be written: it reads as one, in the same cycle, through a port of its own.
module written_rom
  import contents_pkg::contents_t, contents_pkg::section_of, contents_pkg::FileW;
#(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter     File  = "",  // what it holds until it is written
  localparam int AddrW = Depth > 1 ? $clog2(Depth) : 1
) (
  input  contents_t        contents_i,
  input  logic             clk_i,
  input  logic             en_i,
  input  logic [AddrW-1:0] addr_i,
  output logic [Width-1:0] data_o
);

  localparam int Own = section_of(FileW'(File));

  // Nothing is read while something is written: the engine is idle.
  (* ram_style = "block", no_rw_check *) logic [Width-1:0] mem [Depth];
  initial $readmemh(File, mem);

  always_ff @(posedge clk_i) begin
    if (contents_i.valid && 32'(contents_i.section) == Own) mem[AddrW'(contents_i.addr)] <= Width'(contents_i.data);
    if (en_i) data_o <= mem[addr_i];
  end

  logic unused;
  assign unused = ^{contents_i.addr, contents_i.data};

`ifndef SYNTHESIS
  initial if (Own < 0) $fatal(1, "%m: no section of the contents is of its file");
`endif

endmodule
