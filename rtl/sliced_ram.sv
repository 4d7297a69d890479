// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Written a slice of a word at a time, read a whole word at a time, in the same cycle.
module sliced_ram #(
  parameter int Narrow = 64,  // bits of a slice
  parameter int Slices = 1,
  parameter int Depth  = 8,   // words
  localparam int WriteA = Depth * Slices > 1 ? $clog2(Depth * Slices) : 1,
  localparam int ReadA  = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                          clk_i,
  input  logic                          we_i,
  input  logic [WriteA-1:0]             waddr_i,  // in slices
  input  logic [Narrow-1:0]             wdata_i,
  input  logic [ReadA-1:0]              raddr_i,
  output logic [Slices-1:0][Narrow-1:0] rdata_o
);

  for (genvar s = 0; s < Slices; s++) begin : gen_slice
    small_ram #(.Width(Narrow), .Depth(Depth)) u_ram (
      .clk_i, .we_i(we_i && 32'(waddr_i) % Slices == s), .waddr_i(ReadA'(32'(waddr_i) / Slices)), .wdata_i,
      .raddr_i, .rdata_o(rdata_o[s]));
  end

endmodule
