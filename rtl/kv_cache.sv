// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Keys or values of every layer, one bank per position of a block, read a block at a time.
module kv_cache #(
  parameter int Banks    = 12,
  parameter int Depth    = 860,  // layers * words of a position * blocks
  parameter int Channels = 8,    // of a word: one head's, or several heads'
  parameter int Width    = 8,
  parameter int Rows     = 8,    // channels written at a time
  parameter int Stages   = 1,    // of a read
  localparam int Parts  = (Channels + Rows - 1) / Rows,
  localparam int PartW  = Parts > 1 ? $clog2(Parts) : 1,
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1,
  localparam int AddrW  = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                                     clk_i,
  input  logic                                     we_i,
  input  logic [BankW-1:0]                         bank_i,
  input  logic [AddrW-1:0]                         waddr_i,
  input  logic [PartW-1:0]                         part_i,
  input  logic [Rows-1:0][Width-1:0]             data_i,
  input  logic [AddrW-1:0]                         raddr_i,
  output logic [Banks-1:0][Channels-1:0][Width-1:0] data_o   // Stages after raddr_i
);

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    for (genvar p = 0; p < Parts; p++) begin : gen_part
      localparam int Size = p == Parts - 1 ? Channels - p * Rows : Rows;
      block_ram #(.Width(Size * Width), .Depth(Depth), .Stages(Stages)) u_ram (
        .clk_i, .we_i(we_i && bank_i == BankW'(b) && part_i == PartW'(p)), .waddr_i,
        .wdata_i(data_i[Size-1:0]), .raddr_i, .rdata_o(data_o[b][p*Rows +: Size]));
    end
  end

  if (Parts * Rows != Channels) begin : gen_pad
    logic unused;
    assign unused = ^data_i;
  end

endmodule
