// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The rotated queries of a layer, written a group of channels at a time, read a head at a time.
module queries #(
  parameter int Heads   = 8,
  parameter int HeadDim = 8,
  parameter int Width   = 9,
  parameter int Groups  = 8,
  localparam int Parts  = (HeadDim + Groups - 1) / Groups,
  localparam int PartW  = Parts > 1 ? $clog2(Parts) : 1,
  localparam int HeadW  = Heads > 1 ? $clog2(Heads) : 1
) (
  input  logic                           clk_i,
  input  logic                           we_i,
  input  logic [HeadW-1:0]               whead_i,
  input  logic [PartW-1:0]               part_i,
  input  logic [Groups-1:0][Width-1:0]   data_i,
  input  logic [HeadW-1:0]               rhead_i,
  output logic [HeadDim-1:0][Width-1:0]  query_o   // in the same cycle
);

  for (genvar p = 0; p < Parts; p++) begin : gen_part
    localparam int Size = p == Parts - 1 ? HeadDim - p * Groups : Groups;
    small_ram #(.Width(Size * Width), .Depth(Heads)) u_ram (
      .clk_i, .we_i(we_i && part_i == PartW'(p)), .waddr_i(whead_i), .wdata_i(data_i[Size-1:0]),
      .raddr_i(rhead_i), .rdata_o(query_o[p*Groups +: Size]));
  end

  if (Parts * Groups != HeadDim) begin : gen_pad
    logic unused;
    assign unused = ^data_i;
  end

endmodule
