// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The rotated queries of a layer, written some channels at a time, read as many as a walk of the cache takes.
module queries #(
  parameter int Words    = 8,  // walks
  parameter int Channels = 8,  // of a word
  parameter int Width    = 9,
  parameter int Rows     = 8,  // channels written at a time
  parameter int Streams  = 1,  // each has its part of the words
  localparam int Parts  = (Channels + Rows - 1) / Rows,
  localparam int PartW  = Parts > 1 ? $clog2(Parts) : 1,
  localparam int WordW  = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                           clk_i,
  input  logic                           we_i,
  input  logic [Streams-1:0]             clear_i,  // simulation: what is here is stale
  input  logic [WordW-1:0]               waddr_i,
  input  logic [PartW-1:0]               part_i,
  input  logic [Rows-1:0][Width-1:0]   data_i,
  input  logic                           re_i,
  input  logic [WordW-1:0]               raddr_i,
  output logic [Channels-1:0][Width-1:0]  query_o   // in the same cycle
);

  for (genvar p = 0; p < Parts; p++) begin : gen_part
    localparam int Size = p == Parts - 1 ? Channels - p * Rows : Rows;
    small_ram #(.Width(Size * Width), .Depth(Words)) u_ram (
      .clk_i, .we_i(we_i && part_i == PartW'(p)), .waddr_i(waddr_i), .wdata_i(data_i[Size-1:0]),
      .raddr_i(raddr_i), .rdata_o(query_o[p*Rows +: Size]));
  end

`ifndef SYNTHESIS
  freshness #(.Depth(Words), .Streams(Streams)) u_fresh (
    .clk_i, .clear_i, .we_i(we_i && part_i == PartW'(Parts - 1)), .waddr_i, .re_i, .raddr_i);
`else
  logic unused_check;
  assign unused_check = ^{clear_i, re_i};
`endif

  if (Parts * Rows != Channels) begin : gen_pad
    logic unused;
    assign unused = ^data_i;
  end

endmodule
