// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Attention with what it reads: the queries of the layer, and the keys and values of all positions.
module cached_attention
  import engine_pkg::*, plan_pkg::*;
#(
  parameter     Folder = ""
) (
  input  logic                                           clk_i,
  input  logic                                           rst_i,
  input  logic [Streams-1:0]                             restart_i,  // the next layer is the first of the pass,
  input  logic [Streams-1:0][StreamW-1:0]                owner_i,    // of several in this stream's part of the cache
  input  logic [Streams-1:0]                             stale_i,    // simulation: queries are of another layer
  input  logic [Streams-1:0]                             clear_i,    // simulation: a stream's context is empty
  input  logic [Streams-1:0]                             dropped_i,  // simulation: a pass has a draft that was dropped
  output logic [Streams-1:0]                             ready_o,    // a layer of several streams may start
  input  logic                                           start_i,    // a layer
  input  logic [StreamW-1:0]                             stream_i,   // in which pass
  input  logic [Streams-1:0][BankW-1:0]                  bank_i,     // of the token in each, in the last block
  input  logic [Streams-1:0][BlockW-1:0]                 blocks_i,   // that hold positions, the token's included
  input  logic [Streams-1:0][CacheA-1:0]                 block_i,    // the last of them, in the owner's part of the cache
  input  logic                                           y_valid_i,  // EY: values
  input  tail_t                                          y_tail_i,
  input  logic [Rows-1:0][RowW-1:0]                      y_i,
  input  logic                                           z_valid_i,  // EZ: queries and keys
  input  tail_t                                          z_tail_i,
  input  logic [Rows-1:0][PostW-1:0]                     z_i,
  output logic                                           we_o,
  output logic [StreamW-1:0]                             stream_o,   // with we_o: whose
  output logic [MixedA-1:0]                              addr_o,     // of Divides mixed values of each head
  output logic [Shared-1:0][Divides-1:0][AttentionW-1:0] mixed_o
);

  localparam int WeightP = 10;  // bits of an exponential
  localparam int QueryN  = Streams > 1 ? Streams << WalkW : Walks;
  localparam int QueryA  = QueryN > 1 ? $clog2(QueryN) : 1;

  logic [StreamW-1:0]                                    walk_stream, value_stream;
  logic [WalkW-1:0]                                      walk;
  logic                                                  walk_valid, walk_last, value_last;
  logic [Shared-1:0][HeadDim-1:0][QueryW-1:0]            query;
  logic [CacheA-1:0]                                     key_addr, value_addr, key_waddr, value_waddr;
  logic [Banks-1:0][Shared-1:0][HeadDim-1:0][CacheW-1:0] keys, values;
  logic [Rows-1:0][QueryW-1:0]                           query_z;
  logic [Rows-1:0][CacheW-1:0]                           key_z, value_y;
  logic                                                  query_we, key_we, value_we;

  for (genvar r = 0; r < Rows; r++) begin : gen_narrow
    assign query_z[r] = z_i[r][QueryW-1:0];
    assign key_z[r]   = z_i[r][CacheW-1:0];
    assign value_y[r] = y_i[r][CacheW-1:0];
  end
  assign query_we    = z_valid_i && z_tail_i.kind == KindQuery;
  assign key_we      = z_valid_i && z_tail_i.kind == KindKey;
  assign value_we    = y_valid_i && y_tail_i.kind == KindValue;
  assign key_waddr   = word_of(z_tail_i.stream, z_tail_i.dest);
  assign value_waddr = word_of(y_tail_i.stream, y_tail_i.dest);

  // Where a key or value goes: an owner's words lie together.
  function automatic logic [CacheA-1:0] word_of(input logic [StreamW-1:0] stream, input logic [DestW-1:0] dest);
    return CacheA'(dest >> PartB) + block_i[stream];
  endfunction

  queries #(.Words(QueryN), .Channels(Shared * HeadDim), .Width(QueryW), .Rows(Rows), .Streams(Streams)) u_queries (
    .clk_i, .we_i(query_we), .clear_i(stale_i), .waddr_i(QueryA'({z_tail_i.stream, WalkW'(z_tail_i.dest >> PartB)})),
    .part_i(PartW'(z_tail_i.dest)), .data_i(query_z), .re_i(walk_valid), .raddr_i(QueryA'({walk_stream, walk})),
    .query_o(query));
  kv_cache #(.Banks(Banks), .Depth(CacheN), .Channels(Shared * HeadDim), .Width(CacheW), .Rows(Rows),
             .Stages(ReadStages)) u_keys (
    .clk_i, .we_i(key_we), .bank_i(bank_i[z_tail_i.stream]), .waddr_i(key_waddr), .part_i(PartW'(z_tail_i.dest)),
    .data_i(key_z), .raddr_i(key_addr), .data_o(keys));
  kv_cache #(.Banks(Banks), .Depth(CacheN), .Channels(Shared * HeadDim), .Width(CacheW), .Rows(Rows),
             .Stages(ReadStages)) u_values (
    .clk_i, .we_i(value_we), .bank_i(bank_i[y_tail_i.stream]), .waddr_i(value_waddr), .part_i(PartW'(y_tail_i.dest)),
    .data_i(value_y),
    .raddr_i(value_addr), .data_o(values));

  attention #(.Banks(Banks), .Blocks(Blocks), .Layers(Layers), .Heads(Heads), .KvHeads(KvHeads), .HeadDim(HeadDim),
              .Shared(Shared), .QueryW(QueryW), .CacheW(CacheW), .WeightW(WeightP), .OutW(AttentionW), .Padded(Padded),
              .Divides(Divides), .Spacing(Spacing), .ReadStages(ReadStages),
              .SumStages(SumStages), .ScoreStyle(ScoreStyle), .ScoreFabric(ScoreFabric),
              .MixStyle(MixStyle), .MixFabric(MixFabric), .Minus(Minus), .Windowed(Windowed), .Capped(ScoreCap),
              .SlopeW(ScoreSlopeW), .AlibiW(AlibiW), .AlibiSlopeW(AlibiSlopeW), .Streams(Streams),
              .Folder(Folder))
    u_attention (
    .clk_i, .rst_i, .restart_i, .owner_i, .ready_o, .start_i, .stream_i, .blocks_i, .bank_i, .walk_stream_o(walk_stream),
    .walk_valid_o(walk_valid), .walk_last_o(walk_last),
    .walk_o(walk), .query_i(query), .key_addr_o(key_addr), .keys_i(keys), .value_last_o(value_last), .value_stream_o(value_stream),
    .value_addr_o(value_addr), .values_i(values), .we_o, .stream_o, .addr_o, .mixed_o);

`ifndef SYNTHESIS
  // The schedule promises that keys and values are written before they are read: the token's own, and where passes are
  // lent those of tokens before it that are computed beside it.
  logic [Banks-1:0]   key_fresh_q [CacheN], value_fresh_q [CacheN];
  logic [Banks-1:0]   key_bank, value_bank, keys_there, values_there;
  assign key_bank     = Banks'(1) << bank_i[z_tail_i.stream];
  assign value_bank   = Banks'(1) << bank_i[y_tail_i.stream];
  assign keys_there   = walk_last ? ~({Banks{1'b1}} << bank_i[walk_stream] << 1) : '1;
  assign values_there = ~({Banks{1'b1}} << bank_i[value_stream] << 1);
  always_ff @(posedge clk_i) begin
    for (int s = 0; s < Streams; s++)
      if (clear_i[s])
        for (int i = s * (CacheN / Streams); i < (s + 1) * (CacheN / Streams); i++) begin
          key_fresh_q[i]   <= '0;
          value_fresh_q[i] <= '0;
        end
    // What a dropped draft still reads and writes is nobody's, and its stream may have emptied its context behind it.
    if (key_we && PartW'(z_tail_i.dest) == PartW'(Parts - 1) && !dropped_i[z_tail_i.stream])
      key_fresh_q[key_waddr] <= key_fresh_q[key_waddr] | key_bank;
    if (value_we && PartW'(y_tail_i.dest) == PartW'(Parts - 1) && !dropped_i[y_tail_i.stream])
      value_fresh_q[value_waddr] <= value_fresh_q[value_waddr] | value_bank;
    if (walk_valid && !dropped_i[walk_stream] && (keys_there & ~key_fresh_q[key_addr]) != '0)
      $fatal(1, "%m: keys of word %0d are read before they are written", key_addr);
    if (value_last && !dropped_i[value_stream] && (values_there & ~value_fresh_q[value_addr]) != '0)
      $fatal(1, "%m: values of word %0d are read before they are written", value_addr);
  end
`else
  logic unused_check;
  assign unused_check = ^{clear_i, dropped_i, walk_last, value_last, value_stream};
`endif
  logic unused;
  assign unused = ^{y_tail_i, z_tail_i, y_i, z_i};

endmodule
