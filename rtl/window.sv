// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Where the sliding window of a layer begins: the first position that its attention sees.
module window #(
  parameter int Banks  = 12,
  parameter int Blocks = 43,
  parameter int Layers = 5,
  parameter     Folder = "",
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1,
  localparam int BlockW = $clog2(Blocks + 1)
) (
  input  logic              clk_i,
  input  logic              restart_i,  // the next layer is the first
  input  logic              start_i,    // a layer
  input  logic [BlockW-1:0] blocks_i,   // in use, this token's included
  input  logic [BankW-1:0]  bank_i,     // of this token, in the last block
  output logic [BlockW-1:0] block_o,    // of the first position that is seen, from the cycle after start_i
  output logic [BankW-1:0]  bank_o
);

  localparam int LayerW = Layers > 1 ? $clog2(Layers) : 1;

  // How far back a window reaches, in blocks and banks; that of a layer that sees all, beyond the context.
  logic [LayerW-1:0] layer_q;
  // From here on generated from plan/words.py by python -m hardwire.emit.rtl.packages.
  // How far back a layer sees: a word of window.hex.
  typedef struct packed {
    logic [BlockW-1:0] blocks;  // of the cache
    logic [BankW-1:0] banks;    // and so many positions more
  } window_t;
  // By hand again.

  window_t         reach;
  logic [BlockW:0] back;
  logic            borrow, all;

  small_rom #(.Width($bits(window_t)), .Depth(Layers), .File({Folder, "window.hex"})) u_reach (
    .addr_i(layer_q), .data_o(reach));

  assign borrow = bank_i < reach.banks;
  assign back   = {1'b0, reach.blocks} + (BlockW + 1)'(borrow);
  assign all    = {1'b0, blocks_i} <= back;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      layer_q <= layer_q + 1'b1;
      block_o <= all ? '0 : blocks_i - 1'b1 - BlockW'(back);
      bank_o  <= all ? '0 : bank_i - reach.banks + (borrow ? BankW'(Banks) : '0);
    end
    if (restart_i) layer_q <= '0;
  end

endmodule
