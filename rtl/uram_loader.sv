// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Collects 32-bit words to whole weight words and says where they go: pair after pair, address after address.
module uram_loader #(
  parameter int Width = 512,
  parameter int Depth = 8,
  parameter int Uram  = 8,
  parameter logic [Depth-1:0][15:0] Words = '0
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             valid_i,
  input  logic [31:0]      data_i,
  output logic [Depth-1:0] load_o,  // write word_o at addr_o of the pair that begins with this depth
  output logic [15:0]      addr_o,
  output logic [Width-1:0] word_o
);

  localparam int Parts = (Width + 31) / 32;
  localparam int PartW = $clog2(Parts + 1);
  localparam int Pairs = Uram / 2;
  localparam int PairW = Pairs > 1 ? $clog2(Pairs) : 1;

  logic [Parts*32-1:0] shift_q;
  logic [PartW-1:0]    part_q;
  logic [PairW-1:0]    pair_q;
  logic [15:0]         addr_q, last;
  logic                full_q;

  always_comb begin
    last = '0;
    for (int p = 0; p < Pairs; p++)
      if (pair_q == PairW'(p)) last = Words[2*p] + Words[2*p+1] - 16'd1;
    load_o = '0;
    for (int p = 0; p < Pairs; p++) load_o[2*p] = full_q && pair_q == PairW'(p);
  end

  always_ff @(posedge clk_i) begin
    full_q <= 1'b0;
    if (valid_i) begin
      shift_q <= (Parts * 32)'({data_i, shift_q} >> 32);
      part_q  <= part_q == PartW'(Parts - 1) ? '0 : part_q + 1'b1;
      full_q  <= part_q == PartW'(Parts - 1);
    end
    if (full_q) begin
      addr_q <= addr_q == last ? '0 : addr_q + 1'b1;
      if (addr_q == last) pair_q <= pair_q == PairW'(Pairs - 1) ? '0 : pair_q + 1'b1;
    end
    if (rst_i) begin
      part_q <= '0;
      pair_q <= '0;
      addr_q <= '0;
      full_q <= 1'b0;
    end
  end

  assign addr_o = addr_q;
  assign word_o = shift_q[Width-1:0];

  if (Parts * 32 != Width) begin : gen_spare
    logic unused;
    assign unused = ^shift_q[Parts*32-1:Width];
  end

endmodule
