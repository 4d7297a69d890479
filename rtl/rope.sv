// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Cosines and sines of the current position, for pairs of neighbouring rows.
// Rows of a head are ordered so that rotated partners are neighbours; rows that do not turn have angle 0.
module rope #(
  parameter int Rows  = 8,
  parameter int Context = 512,
  parameter int Parts   = 1,  // groups of rows per head
  parameter bit Turns   = 1'b1,
  parameter     Folder  = "",
  localparam int PartW  = Parts > 1 ? $clog2(Parts) : 1,
  localparam int AddrW  = $clog2(Context * Parts)
) (
  input  logic                           clk_i,
  input  logic                           clear_i,  // position 0 is next
  input  logic                           next_i,   // on to the next position
  input  logic [PartW-1:0]               part_i,
  output logic [Rows/2-1:0][15:0]        cos_o,    // units of 2**-14; two cycles after part_i
  output logic [Rows/2-1:0][15:0]        sin_o
);

  if (Turns) begin : gen_turns
    logic [AddrW-1:0]     base_q;
    logic [Rows*16-1:0]   angle;

    always_ff @(posedge clk_i) begin
      if (clear_i) base_q <= '0;
      else if (next_i) base_q <= base_q + AddrW'(Parts);
    end

    rom #(.Width(Rows * 16), .Depth(Context * Parts), .File({Folder, "angle.hex"})) u_rom (
      .clk_i, .en_i(1'b1), .addr_i(base_q + AddrW'(part_i)), .data_o(angle));
    // A block RAM answers late in its cycle, and multipliers are next.
    always_ff @(posedge clk_i) {sin_o, cos_o} <= angle;
  end else begin : gen_still
    assign cos_o = {Rows/2{16'h4000}};
    assign sin_o = '0;
    logic unused;
    assign unused = ^{clk_i, clear_i, next_i, part_i};
  end

endmodule
