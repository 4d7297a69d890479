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
  input  logic [Streams-1:0]                             restart_i,  // the next layer is the stream's first
  input  logic [Streams-1:0]                             stale_i,    // simulation: what is here is of another layer
  output logic [Streams-1:0]                             ready_o,    // a layer of several streams may start
  input  logic                                           start_i,    // a layer
  input  logic [StreamW-1:0]                             stream_i,   // whose
  input  logic [Streams-1:0][BankW-1:0]                  bank_i,     // of each token, in the last block
  input  logic [Streams-1:0][BlockW-1:0]                 blocks_i,   // that hold positions, the token's included
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

  logic [StreamW-1:0]                                    walk_stream;
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

  // Where a key or value goes: a stream's words lie together.
  function automatic logic [CacheA-1:0] word_of(input logic [StreamW-1:0] stream, input logic [DestW-1:0] dest);
    return CacheA'(dest >> PartB) + CacheA'(blocks_i[stream] - 1'b1) + CacheA'(32'(stream) * (CacheN / Streams));
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
    .clk_i, .rst_i, .restart_i, .ready_o, .start_i, .stream_i, .blocks_i, .bank_i, .walk_stream_o(walk_stream),
    .walk_valid_o(walk_valid), .walk_last_o(walk_last),
    .walk_o(walk), .query_i(query), .key_addr_o(key_addr), .keys_i(keys), .value_last_o(value_last),
    .value_addr_o(value_addr), .values_i(values), .we_o, .stream_o, .addr_o, .mixed_o);

`ifndef SYNTHESIS
  // The schedule promises that this token's keys and values are written before they are read.
  localparam int KvA = Streams * KvWords > 1 ? $clog2(Streams * KvWords) : 1;
  function automatic logic [KvA-1:0] fresh_of(input logic [CacheA-1:0] addr);
    return KvA'(32'(addr) / (CacheN / Streams) * KvWords + 32'(addr) / Blocks % KvWords);
  endfunction
  freshness #(.Depth(Streams * KvWords), .Streams(Streams)) u_key_fresh (
    .clk_i, .clear_i(stale_i), .we_i(key_we && PartW'(z_tail_i.dest) == PartW'(Parts - 1)),
    .waddr_i(fresh_of(key_waddr)), .re_i(walk_last), .raddr_i(fresh_of(key_addr)));
  freshness #(.Depth(Streams * KvWords), .Streams(Streams)) u_value_fresh (
    .clk_i, .clear_i(stale_i), .we_i(value_we && PartW'(y_tail_i.dest) == PartW'(Parts - 1)),
    .waddr_i(fresh_of(value_waddr)), .re_i(value_last), .raddr_i(fresh_of(value_addr)));
`else
  logic unused_check;
  assign unused_check = ^{walk_last, value_last};
`endif
  logic unused;
  assign unused = ^{y_tail_i, z_tail_i, y_i, z_i};

endmodule
