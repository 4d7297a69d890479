// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Reads a pass out of the lanes, one depth per cycle, and plays the word that says what becomes of each read.
module emission
  import plan_pkg::emission_t, plan_pkg::EmissionW;
#(
  parameter int Depth  = 8,
  parameter int Words  = 512,
  parameter int Stages = 2,   // of a lane
  parameter     Folder = "",
  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1,
  localparam int CountW = $clog2(Depth + 1),
  localparam int AddrW  = Words > 1 ? $clog2(Words) : 1
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              restart_i,  // the next word is the first
  input  logic              tag_i,      // a pass's last step
  input  logic [CountW-1:0] count_i,    // reads of that pass
  input  logic              embed_i,    // a read that comes from the embedding
  output logic              valid_o,    // E0: the outputs below hold a word
  output logic [SelW-1:0]   sel_o,      // the depth to read
  output logic              embed_o,
  output emission_t         word_o
);

  logic [CountW-1:0]    count, left_q;
  logic [SelW-1:0]      sel_q;
  logic                 tag, read_q, read;
  logic [AddrW-1:0]     addr_q;
  logic [EmissionW-1:0] stored;

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

  rom #(.Width(EmissionW), .Depth(Words), .File({Folder, "emission.hex"})) u_rom (
    .clk_i, .en_i(1'b1), .addr_i(addr_q), .data_o(stored));

  // A field that this build has no bits of is at the top, and reads as zero.
  assign word_o = emission_t'($bits(emission_t)'(stored));

endmodule
