// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Attention of one token over the cache, head after head: scores of head h + 1 while head h mixes its values.
// A block of Banks positions per cycle in each half.
module attention #(
  parameter int Banks   = 12,
  parameter int Blocks  = 43,   // of the whole context
  parameter int Layers  = 5,
  parameter int Heads   = 8,
  parameter int KvHeads = 4,
  parameter int HeadDim = 8,
  parameter int QueryW  = 9,
  parameter int CacheW  = 8,
  parameter int OutW    = 8,
  parameter int Groups  = 8,
  parameter int Divides = 2,    // quotients per cycle
  parameter int Spacing = 6,    // least cycles from head to head
  parameter bit Packed  = 1'b1, // two score products per multiplier
  parameter     Folder  = "",
  localparam int Padded = (HeadDim + Groups - 1) / Groups * Groups,
  localparam int BlockW = $clog2(Blocks + 1),
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1,
  localparam int AddrW  = Layers * KvHeads * Blocks > 1 ? $clog2(Layers * KvHeads * Blocks) : 1,
  localparam int HeadW  = Heads > 1 ? $clog2(Heads) : 1,
  localparam int OutA   = Heads * Padded / Divides > 1 ? $clog2(Heads * Padded / Divides) : 1
) (
  input  logic                                      clk_i,
  input  logic                                      rst_i,
  input  logic                                      restart_i,  // the next layer is the first
  input  logic                                      start_i,    // a layer
  input  logic [BlockW-1:0]                         blocks_i,   // that hold positions, this token's included
  input  logic [BankW-1:0]                          bank_i,     // of this token, in the last block
  output logic [HeadW-1:0]                          head_o,
  input  logic [HeadDim-1:0][QueryW-1:0]            query_i,    // of head_o, in the same cycle
  output logic [AddrW-1:0]                          key_addr_o,
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] keys_i,
  output logic [AddrW-1:0]                          value_addr_o,
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] values_i,
  output logic                                      we_o,
  output logic [OutA-1:0]                           addr_o,     // of Divides mixed values
  output logic [Divides-1:0][OutW-1:0]              mixed_o
);

  localparam int ScoreW = QueryW + CacheW + $clog2(HeadDim + 1);

  logic                                     walk_valid, walk_last, peak_valid, exp_valid, exp_first, exp_last;
  logic [BlockW:0]                          walk_slot, exp_slot;
  logic [ScoreW-1:0]                        peak;
  logic [Banks-1:0][ScoreW-1:0]             score;
  logic [Banks-1:0][11:0]                   p;
  logic [9:0]                               shifts;

  block_walk #(.Blocks(Blocks), .Heads(Heads), .Group(Heads / KvHeads), .AddrW(AddrW), .Spacing(Spacing)) u_walk (
    .clk_i, .rst_i, .restart_i, .start_i, .blocks_i, .valid_o(walk_valid), .last_o(walk_last), .head_o,
    .slot_o(walk_slot), .addr_o(key_addr_o));

  scores #(.Banks(Banks), .HeadDim(HeadDim), .QueryW(QueryW), .CacheW(CacheW), .ScoreW(ScoreW), .Blocks(Blocks),
           .Packed(Packed)) u_scores (
    .clk_i, .rst_i, .valid_i(walk_valid), .last_i(walk_last), .slot_i(walk_slot), .bank_i, .query_i, .keys_i,
    .peak_o(peak), .done_o(peak_valid), .slot_r_i(exp_slot), .score_o(score));

  softmax #(.Banks(Banks), .Blocks(Blocks), .Heads(Heads), .Layers(Layers), .Group(Heads / KvHeads), .ScoreW(ScoreW),
            .AddrW(AddrW), .Folder(Folder)) u_softmax (
    .clk_i, .rst_i, .restart_i, .layer_i(start_i), .start_i(peak_valid), .peak_i(peak), .blocks_i, .bank_i, .slot_o(exp_slot),
    .score_i(score), .value_addr_o, .valid_o(exp_valid), .first_o(exp_first), .last_o(exp_last), .p_o(p),
    .shift_o(shifts));

  mix #(.Banks(Banks), .Blocks(Blocks), .HeadDim(HeadDim), .CacheW(CacheW), .OutW(OutW), .Groups(Groups),
        .Heads(Heads), .Divides(Divides), .Folder(Folder)) u_mix (
    .clk_i, .rst_i, .restart_i(start_i), .valid_i(exp_valid), .first_i(exp_first), .last_i(exp_last), .p_i(p),
    .values_i, .shift_i(shifts[4:0]), .we_o, .addr_o, .mixed_o);

  logic unused;
  assign unused = ^shifts[9:5];

endmodule
