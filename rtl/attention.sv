// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Attention of one token over the cache, head after head: scores of one head while the one before mixes its values.
// A block of Banks positions per cycle in each half. Heads share a walk of the cache where a word holds several.
module attention
  import engine_pkg::*;
#(
  parameter int     Banks   = 12,
  parameter int     Blocks  = 43,   // of the whole context
  parameter int     Layers  = 5,
  parameter int     Heads   = 8,
  parameter int     KvHeads = 4,
  parameter int     HeadDim = 8,
  parameter int     Shared  = 1,    // heads of one walk: 1, or as many as fill Rows, each with keys of its own
  parameter int     QueryW  = 9,
  parameter int     CacheW  = 8,
  parameter int     WeightW = 10,
  parameter int     OutW    = 8,
  parameter int     Padded  = 8,    // channels of a head in whole words
  parameter int     Divides = 2,    // quotients of each head per cycle
  parameter int     Spacing = 6,    // least cycles from walk to walk
  parameter int     ReadStages = 1, // of block RAMs
  parameter int     SumStages  = 1, // of sums, over banks and over channels
  parameter style_e ScoreStyle  = StylePacked,
  parameter int     ScoreFabric = 0,
  parameter style_e MixStyle    = StylePacked,
  parameter int     MixFabric   = 0,
  parameter bit     Minus   = 1'b0,
  parameter bit     Windowed = 1'b0, // of some layers
  parameter bit     Capped  = 1'b0, // scores have a soft cap
  parameter int     SlopeW  = 9,    // of its table
  parameter int     AlibiW  = 0,    // of a score with the bias of its position; 0: none
  parameter int     AlibiSlopeW = 17,
  parameter int     Streams = 1,    // that take turns, a layer at a time
  parameter         Folder  = "",
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int Walks  = Heads / Shared,
  localparam int Words  = KvHeads / Shared,
  localparam int BlockW = $clog2(Blocks + 1),
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1,
  localparam int CacheN = Streams * Layers * Words * Blocks,
  localparam int AddrW  = CacheN > 1 ? $clog2(CacheN) : 1,
  localparam int WalkW  = Walks > 1 ? $clog2(Walks) : 1,
  localparam int OutA   = Walks * Padded / Divides > 1 ? $clog2(Walks * Padded / Divides) : 1
) (
  input  logic                                                  clk_i,
  input  logic                                                  rst_i,
  input  logic [Streams-1:0]                                    restart_i,  // the next layer is the stream's first,
  input  logic [Streams-1:0][StreamW-1:0]                       owner_i,    // of several in this one's part of the cache
  output logic [Streams-1:0]                                    ready_o,    // a layer of several streams may start
  input  logic                                                  start_i,    // a layer
  input  logic [StreamW-1:0]                                    stream_i,   // whose
  input  logic [Streams-1:0][BlockW-1:0]                        blocks_i,   // that hold positions, this token's included
  input  logic [Streams-1:0][BankW-1:0]                         bank_i,     // of this token, in the last block
  output logic [StreamW-1:0]                                    walk_stream_o, // t0: whose walk
  output logic                                                  walk_valid_o, // t0: walk_o and key_addr_o are looked at
  output logic                                                  walk_last_o,
  output logic [WalkW-1:0]                                      walk_o,
  input  logic [Shared-1:0][HeadDim-1:0][QueryW-1:0]            query_i,      // of walk_o, in the same cycle
  output logic [AddrW-1:0]                                      key_addr_o,
  input  logic [Banks-1:0][Shared-1:0][HeadDim-1:0][CacheW-1:0] keys_i,       // ReadStages later
  output logic                                                  value_last_o, // simulation: t7,
  output logic [StreamW-1:0]                                    value_stream_o, // and whose
  output logic [AddrW-1:0]                                      value_addr_o,
  input  logic [Banks-1:0][Shared-1:0][HeadDim-1:0][CacheW-1:0] values_i,     // ReadStages later
  output logic                                                  we_o,
  output logic [StreamW-1:0]                                    stream_o,     // with we_o: whose
  output logic [OutA-1:0]                                       addr_o,       // of Divides mixed values of each head
  output logic [Shared-1:0][Divides-1:0][OutW-1:0]              mixed_o
);

  localparam int ScoreW = QueryW + CacheW + $clog2(HeadDim + 1);
  localparam int IndexW = Layers * Walks > 1 ? $clog2(Layers * Walks) : 1;
  localparam int KeptW  = Capped ? 16 : AlibiW > 0 ? AlibiW : ScoreW;

  logic            walk_valid, walk_last;
  logic [BlockW:0] walk_slot;

  // Whose layer each part is at: of one stream always its own.
  logic [StreamW-1:0] score_stream, exp_stream, exp_stream_q;  // t2, t5, t6
  logic               walk_load, walk_free, exp_load, exp_start, head_last, mixed_last;
  logic [AddrW-1:0]   walk_base, exp_base;
  logic [IndexW-1:0]  exp_index;

  if (Streams > 1) begin : gen_jobs
    attention_jobs #(.Streams(Streams), .Blocks(Blocks), .Layers(Layers), .Walks(Walks), .Words(Words),
                     .Steps(Padded / Divides), .AddrW(AddrW), .IndexW(IndexW)) u_jobs (
      .clk_i, .rst_i, .restart_i, .owner_i, .blocks_i, .ready_o, .start_i, .stream_i, .base_o(walk_base),
      .walk_first_i(walk_valid && walk_slot[BlockW-1:0] == '0), .walk_free_i(walk_free), .walk_stream_o,
      .exp_start_i(exp_start), .exp_last_i(head_last), .exp_stream_o(exp_stream), .exp_load_o(exp_load),
      .exp_base_o(exp_base), .exp_index_o(exp_index), .mixed_last_i(mixed_last), .mixed_stream_o(stream_o));
    delay #(.Width(StreamW), .Cycles(ReadStages + SumStages)) u_score_stream (.clk_i, .d_i(walk_stream_o), .d_o(score_stream));
    always_ff @(posedge clk_i) begin
      exp_stream_q   <= exp_stream;
      value_stream_o <= exp_stream_q;
    end
    assign walk_load  = start_i;
    assign mixed_last = we_o && addr_o == OutA'(Walks * Padded / Divides - 1);
  end else begin : gen_one
    assign {ready_o, walk_stream_o, score_stream, exp_stream, exp_stream_q, value_stream_o, stream_o} = '0;
    assign {walk_base, exp_base, exp_index} = '0;
    assign walk_load  = restart_i[0];
    assign exp_load   = restart_i[0];
    assign mixed_last = start_i;
    logic unused;
    assign unused = ^{stream_i, owner_i, walk_free, exp_start, head_last};
  end

  block_walk #(.Blocks(Blocks), .Walks(Walks), .Group(Walks / Words), .AddrW(AddrW), .Spacing(Spacing),
               .Several(Streams > 1)) u_walk (
    .clk_i, .rst_i, .load_i(walk_load), .base_i(walk_base), .start_i,
    .blocks_i(blocks_i[walk_stream_o]), .free_o(walk_free), .valid_o(walk_valid), .last_o(walk_last), .walk_o,
    .slot_o(walk_slot), .addr_o(key_addr_o));
  assign walk_valid_o = walk_valid;
  assign walk_last_o  = walk_last;

  // Positions in a stream's last block. Its token stands long before attention asks.
  logic [Streams-1:0][Banks-1:0] exists_q;
  for (genvar s = 0; s < Streams; s++) begin : gen_exists
    always_ff @(posedge clk_i) exists_q[s] <= ~({Banks{1'b1}} << bank_i[s] << 1);
  end

  // Streams whose context is in one block, known as long.
  logic [Streams-1:0] single_q;
  for (genvar s = 0; s < Streams; s++) begin : gen_single
    always_ff @(posedge clk_i) single_q[s] <= blocks_i[s] == BlockW'(1);
  end

  // Where the layer's window begins.
  logic [BlockW-1:0] from_block;
  logic [BankW-1:0]  from_bank;
  if (Windowed) begin : gen_window
    window #(.Banks(Banks), .Blocks(Blocks), .Layers(Layers), .Folder(Folder)) u_window (
      .clk_i, .restart_i(restart_i[0]), .start_i, .blocks_i(blocks_i[0]), .bank_i(bank_i[0]), .block_o(from_block), .bank_o(from_bank));
  end else begin : gen_all
    assign from_block = '0;
    assign from_bank  = '0;
  end

  // What all heads of a walk do at once is said by the first.
  logic [Shared-1:0]            we, value_last, starts, lasts;
  logic [Shared-1:0][AddrW-1:0] value_addr;

  for (genvar h = 0; h < Shared; h++) begin : gen_head
    logic                           peak_valid, exp_valid, exp_first, exp_last;
    logic [BlockW:0]                exp_slot, exp_slot_next;
    logic [KeptW-1:0]               peak;
    logic [Banks-1:0][KeptW-1:0]    score;
    logic [Banks-1:0][WeightW-1:0]  weight;
    logic [4:0]                     shift;
    logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] keys, values;
    assign starts[h] = peak_valid;
    localparam logic [15:0] Digits = {8'("0" + h / 10), 8'("0" + h % 10)};
    for (genvar b = 0; b < Banks; b++) begin : gen_bank
      assign keys[b]   = keys_i[b][h];
      assign values[b] = values_i[b][h];
    end

    scores #(.Banks(Banks), .HeadDim(HeadDim), .QueryW(QueryW), .CacheW(CacheW), .ScoreW(ScoreW), .Blocks(Blocks),
             .ReadStages(ReadStages), .SumStages(SumStages), .Style(ScoreStyle), .Fabric(ScoreFabric), .Minus(Minus), .Windowed(Windowed), .Capped(Capped),
             .Heads(Layers * Walks), .SlopeW(SlopeW), .Shifts({"cap", Digits, ".hex"}),
             .AlibiW(AlibiW), .AlibiSlopeW(AlibiSlopeW), .Slopes({"alibi", Digits, ".hex"}), .Folder(Folder)) u_scores (
      .clk_i, .rst_i, .restart_i(restart_i[0]), .valid_i(walk_valid), .last_i(walk_last), .slot_i(walk_slot),
      .exists_i(exists_q[score_stream]),
      .from_block_i(from_block), .from_bank_i(from_bank), .query_i(query_i[h]), .keys_i(keys), .done_o(peak_valid), .peak_o(peak),
      .slot_r_i(exp_slot), .slot_next_i(exp_slot_next), .score_o(score));

    softmax #(.Banks(Banks), .Blocks(Blocks), .Layers(Layers), .Walks(Walks), .ScoreW(KeptW), .WeightW(WeightW),
              .AddrW(AddrW), .Group(Walks / Words), .ReadStages(ReadStages), .File({"shift", Digits, ".hex"}),
              .Windowed(Windowed), .Folder(Folder)) u_softmax (
      .clk_i, .rst_i, .load_i(exp_load), .base_i(exp_base), .index_i(exp_index), .layer_i(start_i && Streams == 1),
      .start_i(peak_valid), .peak_i(peak), .blocks_i(blocks_i[exp_stream]), .single_i(single_q[exp_stream]),
      .exists_i(exists_q[exp_stream_q]),
      .from_block_i(from_block), .from_bank_i(from_bank), .slot_o(exp_slot), .slot_next_o(exp_slot_next),
      .score_i(score), .value_addr_o(value_addr[h]), .value_last_o(value_last[h]), .head_last_o(lasts[h]),
      .valid_o(exp_valid),
      .first_o(exp_first), .last_o(exp_last), .weight_o(weight), .shift_o(shift));

    mix #(.Banks(Banks), .Blocks(Blocks), .HeadDim(HeadDim), .CacheW(CacheW), .WeightW(WeightW), .OutW(OutW),
          .Padded(Padded), .Divides(Divides), .ReadStages(ReadStages), .SumStages(SumStages), .Style(MixStyle), .Fabric(MixFabric), .Minus(Minus), .Folder(Folder))
      u_mix (
      .clk_i, .rst_i, .valid_i(exp_valid), .first_i(exp_first), .last_i(exp_last), .weight_i(weight),
      .values_i(values), .shift_i(shift), .we_o(we[h]), .mixed_o(mixed_o[h]));
  end

  assign value_addr_o = value_addr[0];
  assign we_o         = we[0];
  assign value_last_o = value_last[0];
  assign exp_start    = starts[0];
  assign head_last    = lasts[0];

  always_ff @(posedge clk_i) begin
    if (mixed_last || rst_i) addr_o <= '0;
    else if (we_o) addr_o <= addr_o + 1'b1;
  end

  if (Shared > 1) begin : gen_alike
    logic unused;
    assign unused = ^{we, value_last, value_addr, starts, lasts};
  end

endmodule
