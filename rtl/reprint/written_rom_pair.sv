// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A rom_pair that can be written, through the port of its first output.
module written_rom_pair
  import contents_pkg::contents_t, contents_pkg::section_of, contents_pkg::FileW;
#(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter     File  = "",  // what it holds until it is written
  localparam int AddrW = Depth > 1 ? $clog2(Depth) : 1
) (
  input  contents_t             contents_i,
  input  logic                  clk_i,
  input  logic                  en_i,
  input  logic [1:0][AddrW-1:0] addr_i,
  output logic [1:0][Width-1:0] data_o
);

  localparam int Own = section_of(FileW'(File));

  (* ram_style = "block", no_rw_check *) logic [Width-1:0] mem [Depth];
  initial $readmemh(File, mem);

  logic             write;
  logic [AddrW-1:0] first;
  assign write = contents_i.valid && 32'(contents_i.section) == Own;
  assign first = write ? AddrW'(contents_i.addr) : addr_i[0];

  always_ff @(posedge clk_i) begin
    if (write) mem[first] <= Width'(contents_i.data);
    else if (en_i) data_o[0] <= mem[first];
  end
  always_ff @(posedge clk_i) begin
    if (en_i) data_o[1] <= mem[addr_i[1]];
  end

  logic unused;
  assign unused = ^{contents_i.addr, contents_i.data};

`ifndef SYNTHESIS
  initial if (Own < 0) $fatal(1, "%m: no section of the contents is of its file");
`endif

endmodule
