// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What a token is guessed to be, from the two before it: plan/drafts.py says how the memories are learnt, and hashed into.
module draft_table #(
  parameter int Vocab   = 512,
  parameter int Entries = 1024,  // of trigrams, a power of two
  parameter int Bigrams = 512,   // newer tokens below it have a bigram
  parameter     Folder  = "",
  localparam int IdW    = Vocab > 1 ? $clog2(Vocab) : 1
) (
  input  logic           clk_i,
  input  logic [IdW-1:0] older_i,
  input  logic [IdW-1:0] newer_i,  // the token behind it
  output logic           some_o,   // there is a guess; four cycles later, as it
  output logic [IdW-1:0] guess_o
);

  localparam int IndexW = $clog2(Entries);
  localparam int FreeW  = 2 * IdW > IndexW ? 2 * IdW - IndexW : 1;  // bits of a pair that the index does not tell
  localparam int TagW   = FreeW > 8 ? 8 : FreeW;
  localparam int Shift  = IndexW >= IdW ? IndexW - IdW : IndexW / 2;
  localparam int PairA  = Bigrams > 1 ? $clog2(Bigrams) : 1;

  logic [31:0]            older, newer;
  logic [IndexW-1:0]      index_q;
  logic [PairA-1:0]       pair_q;
  logic [2:0][TagW-1:0]   tag_q;
  logic [2:0]             known_q;
  logic [IdW:0]           two, two_q;
  logic [IdW+TagW:0]      three, three_q;
  logic                   hit;

  assign older = 32'(older_i);
  assign newer = 32'(newer_i);

  // Both memories answer late in their cycle: a register is behind each.
  always_ff @(posedge clk_i) begin
    index_q <= IndexW'(older ^ older >> IndexW ^ newer << Shift ^ newer >> (IndexW - Shift));
    pair_q  <= PairA'(newer);
    tag_q   <= {tag_q[1:0], TagW'(newer ^ older >> IndexW)};
    known_q <= {known_q[1:0], newer < 32'(Bigrams)};
    two_q   <= two;
    three_q <= three;
    some_o  <= hit || (two_q[IdW] && known_q[2]);
    guess_o <= hit ? three_q[IdW-1:0] : two_q[IdW-1:0];
  end
  assign hit = three_q[IdW+TagW] && three_q[IdW +: TagW] == tag_q[2];

  rom #(.Width(IdW + 1), .Depth(Bigrams), .File({Folder, "draft_bigram.hex"})) u_bigram (
    .clk_i, .en_i(1'b1), .addr_i(pair_q), .data_o(two));
  rom #(.Width(IdW + TagW + 1), .Depth(Entries), .File({Folder, "draft_trigram.hex"})) u_trigram (
    .clk_i, .en_i(1'b1), .addr_i(index_q), .data_o(three));

endmodule
