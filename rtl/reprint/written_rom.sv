// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A rom that can be written: it reads as one, in the same cycle, through a port of its own.
module written_rom
  import contents_pkg::contents_t, contents_pkg::section_of, contents_pkg::wires_of, contents_pkg::paired,
         contents_pkg::FileW;
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

  localparam int Own   = section_of(FileW'(File));
  localparam logic [Width-1:0] Kept = ~Width'(wires_of(FileW'(File)));  // the rest is wires at zero
  localparam bit Pairs = paired(FileW'(File));  // two words to a line
  localparam int LineW = Pairs ? 2 * Width : Width;
  localparam int Lines = Pairs ? (Depth + 1) / 2 : Depth;
  localparam int LineA = Lines > 1 ? $clog2(Lines) : 1;

  // Nothing is read while something is written: the engine is idle.
  (* ram_style = "block", no_rw_check *) logic [LineW-1:0] mem [Lines];
  initial $readmemh(File, mem);

  logic [LineW-1:0] line_q;
  logic             upper_q;
  always_ff @(posedge clk_i) begin
    if (contents_i.valid && 32'(contents_i.section) == Own) mem[LineA'(contents_i.addr)] <= LineW'(contents_i.data);
    if (en_i) line_q <= mem[LineA'(addr_i >> Pairs)];
    if (en_i) upper_q <= Pairs && addr_i[0];
  end
  assign data_o = (upper_q ? line_q[LineW-1-:Width] : line_q[Width-1:0]) & Kept;

  logic unused;
  assign unused = ^{contents_i.addr, contents_i.data};

`ifndef SYNTHESIS
  initial if (Own < 0) $fatal(1, "%m: no section of the contents is of its file");
`endif

endmodule
