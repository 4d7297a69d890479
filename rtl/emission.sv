// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Reads a pass out of the lanes, one depth per cycle, and plays the word that says what becomes of each read.
module emission
  import engine_pkg::*;
#(
  parameter int Rows   = 8,
  parameter int Depth  = 8,
  parameter int DestW  = 8,
  parameter int BiasW  = 0,
  parameter int Words  = 512,
  parameter int Stages = 2,   // of a lane
  parameter     Folder = "",
  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1,
  localparam int CountW = $clog2(Depth + 1),
  localparam int AddrW  = Words > 1 ? $clog2(Words) : 1,
  localparam int BiasP  = BiasW > 0 ? BiasW : 1
) (
  input  logic                        clk_i,
  input  logic                        rst_i,
  input  logic                        restart_i,  // the next word is the first
  input  logic                        tag_i,      // a pass's last step
  input  logic [CountW-1:0]           count_i,    // reads of that pass
  input  logic                        embed_i,    // a read that comes from the embedding
  output logic                        valid_o,    // E0: the outputs below hold a word
  output logic [SelW-1:0]             sel_o,      // the depth to read
  output logic                        embed_o,
  output kind_e                       kind_o,
  output logic                        set_o,      // of the residual: replace instead of add
  output logic                        first_o,    // first of a new residual vector, or of the logits
  output logic                        fold_o,     // the norm's root joins
  output logic [Rows-1:0]             mask_o,     // rows that exist
  output logic [5:0]                  shift_o,    // of the requantisation
  output logic [5:0]                  post_o,     // shift of the product behind it
  output logic [DestW-1:0]            dest_o,     // address in whatever kind_o writes
  output logic [Rows-1:0][16:0]       multiplier_o,
  output logic [Rows-1:0][BiasP-1:0]  bias_o
);

  localparam int PlainW = 17 * Rows + DestW + 12 + Rows + 6;
  localparam int WordW  = PlainW + BiasW * Rows;

  logic [CountW-1:0] count, left_q;
  logic [SelW-1:0]   sel_q;
  logic              tag, read_q, read;
  logic [AddrW-1:0]  addr_q;
  logic [WordW-1:0]  word;
  logic [2:0]        kind;

  delay #(.Width(1 + CountW), .Cycles(Stages - 1)) u_tag (
    .clk_i, .d_i({tag_i && !rst_i, count_i}), .d_o({tag, count}));

  assign read = read_q || embed_i;

  always_ff @(posedge clk_i) begin
    if (tag) begin
      read_q <= 1'b1;
      sel_q  <= '0;
      left_q <= count - 1'b1;
    end else if (left_q != 0) begin
      sel_q  <= sel_q + 1'b1;
      left_q <= left_q - 1'b1;
    end else begin
      read_q <= 1'b0;
    end
    if (restart_i) addr_q <= '0;
    else if (read) addr_q <= addr_q + 1'b1;
    sel_o   <= sel_q;
    embed_o <= embed_i;
    valid_o <= read;
    if (rst_i) begin
      read_q  <= 1'b0;
      left_q  <= '0;
      valid_o <= 1'b0;
      addr_q  <= '0;
    end
  end

  rom #(.Width(WordW), .Depth(Words), .File({Folder, "emission.hex"})) u_rom (
    .clk_i, .en_i(1'b1), .addr_i(addr_q), .data_o(word));

  assign {multiplier_o, dest_o, post_o, shift_o, mask_o, fold_o, first_o, set_o, kind} = word[PlainW-1:0];
  assign kind_o = kind_e'(kind);

  if (BiasW > 0) begin : gen_bias
    assign bias_o = word[WordW-1:PlainW];
  end else begin : gen_no_bias
    assign bias_o = '0;
  end

endmodule
