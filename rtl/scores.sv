// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Query times a block of keys, the buffer of scores, and the largest score of a head.
module scores #(
  parameter int Banks   = 12,
  parameter int HeadDim = 8,
  parameter int QueryW  = 9,
  parameter int CacheW  = 8,
  parameter int ScoreW  = 21,
  parameter int Blocks  = 43,
  parameter bit Packed  = 1'b1,
  localparam int BlockW = $clog2(Blocks + 1),
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1
) (
  input  logic                                      clk_i,
  input  logic                                      rst_i,
  input  logic                                      valid_i,   // a block
  input  logic                                      last_i,    // of its head
  input  logic [BlockW:0]                           slot_i,    // where its scores are kept
  input  logic [BankW-1:0]                          bank_i,    // last position of the last block
  input  logic [HeadDim-1:0][QueryW-1:0]            query_i,
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] keys_i,    // a cycle later
  output logic [ScoreW-1:0]                         peak_o,    // with done_o, five cycles after last_i
  output logic                                      done_o,
  input  logic [BlockW:0]                           slot_r_i,
  output logic [Banks-1:0][ScoreW-1:0]              score_o    // a cycle after slot_r_i
);

  localparam int IndexW = Banks > 1 ? $clog2(Banks) : 1;
  localparam logic signed [ScoreW-1:0] Lowest = {1'b1, {(ScoreW - 1){1'b0}}};

  logic [HeadDim-1:0][QueryW-1:0]           query_q;
  logic [Banks-1:0][HeadDim-1:0][QueryW+CacheW-1:0] product_q;
  logic [Banks-1:0][ScoreW-1:0]             score_d, score_q, seen, read;
  logic [3:0][BlockW:0]                     slot_q;
  logic [4:0]                               valid_q, last_q, first_q;
  logic [ScoreW-1:0]                        top_d;
  logic signed [ScoreW-1:0]                 top_q, peak_q;
  logic                                     fresh_q;
  logic [Banks-1:0]                         exists;  // in the last block

  always_ff @(posedge clk_i) begin
    query_q <= query_i;
    valid_q <= {valid_q[3:0], valid_i};
    last_q  <= {last_q[3:0], last_i};
    first_q <= {first_q[3:0], valid_i && fresh_q};
    if (valid_i) fresh_q <= last_i;
    slot_q  <= {slot_q[2:0], slot_i};
    if (rst_i) begin
      valid_q <= '0;
      last_q  <= '0;
      fresh_q <= 1'b1;
    end
  end

  for (genvar c = 0; c < HeadDim; c++) begin : gen_channel
    for (genvar b = 0; b < Banks; b += 2) begin : gen_pair
      localparam bit Both = b + 1 < Banks;
      logic [QueryW+CacheW-1:0] high;
      product_pair #(.Packed(Packed && Both), .AW(QueryW), .BW(CacheW)) u_product (
        .clk_i, .a_i(query_q[c]), .low_i(keys_i[b][c]), .high_i(keys_i[Both ? b + 1 : b][c]),
        .low_o(product_q[b][c]), .high_o(high));
      if (Both) begin : gen_both
        assign product_q[b+1][c] = high;
      end else begin : gen_single
        logic unused;
        assign unused = ^high;
      end
    end
  end

  assign exists = ~({Banks{1'b1}} << bank_i << 1);

  for (genvar b = 0; b < Banks; b++) begin : gen_sum
    always_comb begin
      score_d[b] = '0;
      for (int c = 0; c < HeadDim; c++) score_d[b] = score_d[b] + ScoreW'($signed(product_q[b][c]));
    end
    // Positions that do not exist yet take no part in the maximum.
    assign seen[b] = last_q[2] && !exists[b] ? Lowest : score_q[b];
  end

  logic [IndexW-1:0] unused_index;
  max_tree #(.N(Banks), .Width(ScoreW)) u_top (.value_i(seen), .top_o(top_d), .index_o(unused_index));

  always_ff @(posedge clk_i) begin
    score_q <= score_d;
    top_q   <= $signed(top_d);
    if (valid_q[3]) peak_q <= (first_q[3] || top_q > peak_q) ? top_q : peak_q;
    score_o <= read;
  end

  small_ram #(.Width(Banks * ScoreW), .Depth(1 << (BlockW + 1))) u_buffer (
    .clk_i, .we_i(valid_q[2]), .waddr_i(slot_q[2]), .wdata_i(score_q), .raddr_i(slot_r_i), .rdata_o(read));

  assign peak_o = peak_q;
  assign done_o = last_q[4];

  logic unused;
  assign unused = ^{valid_q[4], first_q[4], slot_q[3], unused_index};

endmodule
