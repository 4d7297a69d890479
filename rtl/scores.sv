// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Scores of a head block by block, their buffer, and the largest of them. Times are those of one stage each: keys, and
// with them t1 and what follows, come later by a second one of the cache; t3 by further ones of sums, ScoreCapLate where
// scores are capped, AlibiLate where they have a bias for their position; t5 by a second one of sums.
module scores
  import engine_pkg::*;
#(
  parameter int     Banks   = 12,
  parameter int     HeadDim = 8,
  parameter int     QueryW  = 9,
  parameter int     CacheW  = 8,
  parameter int     ScoreW  = 21,
  parameter int     Blocks  = 43,
  parameter int     ReadStages = 1,
  parameter int     SumStages  = 1,
  parameter style_e Style   = StylePacked,
  parameter int     Fabric  = 0,
  parameter bit     Minus   = 1'b0,
  parameter bit     Windowed = 1'b0,
  parameter bit     Capped  = 1'b0,
  parameter int     Heads   = 40,   // of a token that come here
  parameter int     SlopeW  = 9,    // of the cap
  parameter         Shifts  = "",   // of the heads, in front of the cap
  parameter int     AlibiW  = 0,    // of a score with the bias of its position; 0: none
  parameter int     AlibiSlopeW = 17,
  parameter         Slopes  = "",   // of the heads
  parameter         Folder  = "",
  localparam int KeptW  = Capped ? 16 : AlibiW > 0 ? AlibiW : ScoreW,
  localparam int BlockW = $clog2(Blocks + 1),
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1
) (
  input  logic                                      clk_i,
  input  logic                                      rst_i,
  input  logic                                      restart_i, // the next head is a token's first
  input  logic                                      valid_i,   // t0: a block
  input  logic                                      last_i,    // of its head
  input  logic [BlockW:0]                           slot_i,    // where its scores are kept
  input  logic [Banks-1:0]                          exists_i,  // t2, held: positions in the last block
  input  logic [BlockW-1:0]                         from_block_i, // where the window begins
  input  logic [BankW-1:0]                          from_bank_i,
  input  logic [HeadDim-1:0][QueryW-1:0]            query_i,   // t0
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] keys_i,    // t1
  output logic                                      done_o,    // t4 of the last block: peak_o is there a cycle later
  output logic [KeptW-1:0]                          peak_o,    // t5
  input  logic [BlockW:0]                           slot_r_i,
  input  logic [BlockW:0]                           slot_next_i, // slot_r_i a cycle earlier
  output logic [Banks-1:0][KeptW-1:0]               score_o    // with slot_r_i
);

  localparam int Fours = (Banks + 3) / 4;
  localparam int More  = ReadStages + SumStages - 2;  // cycles to t3 beyond three
  localparam int Over  = SumStages > 1 ? 1 : 0;       // and to t5 beyond two
  localparam logic signed [KeptW-1:0] Lowest = {1'b1, {(KeptW - 1){1'b0}}};

  logic [HeadDim-1:0][QueryW-1:0] query_q;
  logic [Banks-1:0][ScoreW-1:0]   product;
  logic [Banks-1:0][KeptW-1:0]    score, seen;
  logic                           valid, last;  // t0, later by all but Over
  logic                           valid_t0, last_t0;
  logic [BlockW:0]                slot_t0;
  logic [BlockW:0]                slot;
  logic [3+Over:0]                valid_q, last_q, first_q;
  logic [2:0][BlockW:0]           slot_q;
  logic [Fours-1:0][KeptW-1:0]    four_d, four_q;
  logic [KeptW-1:0]               top;
  logic signed [KeptW-1:0]        peak_q;
  logic                           fresh_q;
  logic [Banks-1:0]               recent;  // t3: not left behind by the window
  logic [Banks-1:0]               lacks_q; // t3: not there yet

  always_ff @(posedge clk_i) begin
    valid_q <= {valid_q[2+Over:0], valid};
    last_q  <= {last_q[2+Over:0], last};
    first_q <= {first_q[2+Over:0], valid && fresh_q};
    if (valid) fresh_q <= last;
    slot_q  <= {slot_q[1:0], slot};
    if (rst_i) begin
      valid_q <= '0;
      last_q  <= '0;
      fresh_q <= 1'b1;
    end
  end

  delay #(.Width(HeadDim * QueryW), .Cycles(ReadStages)) u_query (.clk_i, .d_i(query_i), .d_o(query_q));
  delay #(.Width(BlockW + 1), .Cycles(More)) u_slot (.clk_i, .d_i(slot_i), .d_o(slot_t0));
  if (More > 0) begin : gen_more
    delay_reset #(.Cycles(More)) u_valid (.clk_i, .rst_i, .d_i(valid_i), .d_o(valid_t0));
    delay_reset #(.Cycles(More)) u_last (.clk_i, .rst_i, .d_i(last_i), .d_o(last_t0));
  end else begin : gen_no_more
    assign {valid_t0, last_t0} = {valid_i, last_i};
  end

  score_products #(.Banks(Banks), .HeadDim(HeadDim), .QueryW(QueryW), .CacheW(CacheW), .ScoreW(ScoreW), .Stages(SumStages),
                   .Style(Style), .Fabric(Fabric), .Minus(Minus)) u_products (
    .clk_i, .query_i(query_q), .keys_i, .score_o(product));

  if (Capped) begin : gen_cap
    delay_reset #(.Cycles(ScoreCapLate)) u_valid (.clk_i, .rst_i, .d_i(valid_t0), .d_o(valid));
    delay_reset #(.Cycles(ScoreCapLate)) u_last (.clk_i, .rst_i, .d_i(last_t0), .d_o(last));
    delay #(.Width(BlockW + 1), .Cycles(ScoreCapLate)) u_slot_cap (.clk_i, .d_i(slot_t0), .d_o(slot));
    score_cap #(.Banks(Banks), .ScoreW(ScoreW), .Heads(Heads), .SlopeW(SlopeW), .Shifts(Shifts), .Folder(Folder)) u_cap (
      .clk_i, .rst_i, .restart_i, .last_i(last_t0), .score_i(product), .score_o(score));
  end else if (AlibiW > 0) begin : gen_alibi
    delay_reset #(.Cycles(AlibiLate)) u_valid (.clk_i, .rst_i, .d_i(valid_t0), .d_o(valid));
    delay_reset #(.Cycles(AlibiLate)) u_last (.clk_i, .rst_i, .d_i(last_t0), .d_o(last));
    delay #(.Width(BlockW + 1), .Cycles(AlibiLate)) u_slot_alibi (.clk_i, .d_i(slot_t0), .d_o(slot));
    score_alibi #(.Banks(Banks), .Blocks(Blocks), .ScoreW(ScoreW), .OutW(KeptW), .SlopeW(AlibiSlopeW), .Heads(Heads),
                  .Slopes(Slopes), .Folder(Folder)) u_alibi (
      .clk_i, .rst_i, .restart_i, .valid_i(valid_t0), .last_i(last_t0), .score_i(product), .score_o(score));
  end else begin : gen_plain
    assign {valid, last, slot, score} = {valid_t0, last_t0, slot_t0, product};
    logic unused_restart;
    assign unused_restart = restart_i;
  end

  // Two heads' scores; a deep buffer is cheaper in block RAM.
  localparam int Depth = 2 << BlockW;
  if (Depth >= 128) begin : gen_block
    block_ram #(.Width(Banks * KeptW), .Depth(Depth)) u_buffer (
      .clk_i, .we_i(valid_q[2]), .waddr_i(slot_q[2]), .wdata_i(score), .raddr_i(slot_next_i), .rdata_o(score_o));
    logic unused_slot;
    assign unused_slot = ^slot_r_i;
  end else begin : gen_small
    small_ram #(.Width(Banks * KeptW), .Depth(Depth)) u_buffer (
      .clk_i, .we_i(valid_q[2]), .waddr_i(slot_q[2]), .wdata_i(score), .raddr_i(slot_r_i), .rdata_o(score_o));
    logic unused_slot;
    assign unused_slot = ^slot_next_i;
  end

  // Positions that do not exist yet, or no longer in a window, take no part in the maximum.
  recent #(.Banks(Banks), .Blocks(Blocks), .Windowed(Windowed)) u_recent (
    .clk_i, .block_i(slot_q[1][BlockW-1:0]), .from_block_i, .from_bank_i, .seen_o(recent));
  for (genvar b = 0; b < Banks; b++) begin : gen_seen
    assign seen[b] = lacks_q[b] || !recent[b] ? Lowest : score[b];
  end
  for (genvar f = 0; f < Fours; f++) begin : gen_four
    localparam int Size   = f == Fours - 1 ? Banks - 4 * f : 4;
    localparam int IndexW = Size > 1 ? $clog2(Size) : 1;
    logic [IndexW-1:0] unused_index;
    max_tree #(.N(Size), .Width(KeptW)) u_four (
      .value_i(seen[4*f +: Size]), .top_o(four_d[f]), .index_o(unused_index));
    logic unused;
    assign unused = ^unused_index;
  end
  // The largest of four of these, in a stage of their own if sums have more than one.
  localparam int Tops = (Fours + 3) / 4;
  logic [Tops-1:0][KeptW-1:0] top_d, top_q;
  for (genvar s = 0; s < Tops; s++) begin : gen_top
    localparam int Size   = s == Tops - 1 ? Fours - 4 * s : 4;
    localparam int IndexW = Size > 1 ? $clog2(Size) : 1;
    logic [IndexW-1:0] unused_index;
    max_tree #(.N(Size), .Width(KeptW)) u_top (
      .value_i(four_q[4*s +: Size]), .top_o(top_d[s]), .index_o(unused_index));
    logic unused;
    assign unused = ^unused_index;
  end
  delay #(.Width(Tops * KeptW), .Cycles(Over)) u_top_q (.clk_i, .d_i(top_d), .d_o(top_q));
  localparam int TopW = Tops > 1 ? $clog2(Tops) : 1;
  logic [TopW-1:0] unused_index;
  max_tree #(.N(Tops), .Width(KeptW)) u_top (.value_i(top_q), .top_o(top), .index_o(unused_index));

  always_ff @(posedge clk_i) begin
    lacks_q <= last_q[1] ? ~exists_i : '0;
    four_q <= four_d;
    if (valid_q[3+Over]) peak_q <= (first_q[3+Over] || $signed(top) > peak_q) ? $signed(top) : peak_q;
  end

  assign peak_o = peak_q;
  assign done_o = last_q[3+Over];

  logic unused;
  assign unused = ^unused_index;

endmodule
