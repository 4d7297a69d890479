// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Reads a pass out of the lanes, one depth per cycle, and plays the word that says what becomes of each read.
module emission
  import engine_pkg::*;
#(
  parameter int Groups = 8,
  parameter int Depth  = 9,
  parameter int DestW  = 8,
  parameter int Words  = 512,
  parameter     Folder = "",
  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1,
  localparam int CountW = $clog2(Depth + 1),
  localparam int AddrW  = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    restart_i,  // the next word is the first
  input  logic                    tag_i,      // a pass ends; its first read is on the next cycle
  input  logic [CountW-1:0]       count_i,    // reads of that pass
  input  logic                    embed_i,    // a read that comes from the embedding
  output logic [SelW-1:0]         sel_o,      // the depth to read, with valid_o
  output logic                    valid_o,    // the outputs below hold a word
  output kind_e                   kind_o,
  output logic                    first_o,    // first of a new residual vector
  output logic                    fold_o,     // the norm's root joins
  output logic [Groups-1:0]       mask_o,     // rows that exist
  output logic [5:0]              shift_o,    // of the requantisation
  output logic [5:0]              post_o,     // shift of the product behind it
  output logic [DestW-1:0]        dest_o,     // address in whatever kind_o writes
  output logic [Groups-1:0][16:0] multiplier_o
);

  localparam int WordW = 17 * Groups + DestW + 12 + Groups + 5;

  logic [CountW-1:0] left_q;
  logic [SelW-1:0]   sel_q;
  logic              read_q, read;
  logic [AddrW-1:0]  addr_q;
  logic [WordW-1:0]  word;
  logic [2:0]        kind;

  assign read = read_q || embed_i;

  always_ff @(posedge clk_i) begin
    if (tag_i) begin
      read_q <= 1'b1;
      sel_q  <= '0;
      left_q <= count_i - 1'b1;
    end else if (left_q != 0) begin
      sel_q  <= sel_q + 1'b1;
      left_q <= left_q - 1'b1;
    end else begin
      read_q <= 1'b0;
    end
    if (restart_i) addr_q <= '0;
    else if (read) addr_q <= addr_q + 1'b1;
    sel_o   <= sel_q;
    valid_o <= read;
    if (rst_i) begin
      read_q  <= 1'b0;
      left_q  <= '0;
      valid_o <= 1'b0;
    end
  end

  rom #(.Width(WordW), .Depth(Words), .File({Folder, "emission.hex"})) u_rom (
    .clk_i, .en_i(1'b1), .addr_i(addr_q), .data_o(word));

  assign {multiplier_o, dest_o, post_o, shift_o, mask_o, fold_o, first_o, kind} = word;
  assign kind_o = kind_e'(kind);

endmodule
