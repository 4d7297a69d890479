// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The weights of two depths in one UltraRAM, each read through a port of its own. A bitstream cannot initialise it: its
// contents are written at boot, through the first port. Simulation finds them there.
module uram_pair #(
  parameter int Width     = 512,
  parameter int LowWords  = 2048,
  parameter int HighWords = 2048,
  parameter     LowFile   = "",
  parameter     HighFile  = "",
  localparam int Words = LowWords + HighWords,
  localparam int LowA  = LowWords > 1 ? $clog2(LowWords) : 1,
  localparam int HighA = HighWords > 1 ? $clog2(HighWords) : 1,
  localparam int AddrW = $clog2(Words)
) (
  input  logic             clk_i,
  input  logic             load_i,       // write the next word instead of reading the first port
  input  logic [AddrW-1:0] load_addr_i,
  input  logic [Width-1:0] load_data_i,
  input  logic [LowA-1:0]  low_addr_i,
  input  logic [HighA-1:0] high_addr_i,
  output logic [Width-1:0] low_o,        // a cycle after low_addr_i
  output logic [Width-1:0] high_o
);

  (* ram_style = "ultra" *) logic [Width-1:0] mem [Words];

  logic [AddrW-1:0] first, second;
  assign first  = load_i ? load_addr_i : AddrW'(low_addr_i);
  assign second = AddrW'(high_addr_i) + AddrW'(LowWords);

  always_ff @(posedge clk_i) begin
    if (load_i) mem[first] <= load_data_i;
    else low_o <= mem[first];
  end
  always_ff @(posedge clk_i) high_o <= mem[second];

`ifndef SYNTHESIS
  initial begin
    $readmemh(LowFile, mem, 0, LowWords - 1);
    $readmemh(HighFile, mem, LowWords, Words - 1);
  end
`endif

endmodule
