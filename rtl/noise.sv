// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Gumbel noise of every token id, computed while the token is: two ids per cycle, kept until their logits come.
module noise #(
  parameter int Rows = 8,
  parameter int Vocab  = 512,
  parameter int Streams = 1,  // each pass has its noise kept
  parameter bit Guesses  = 1'b0,
  parameter     Folder = "",
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int Words = (Vocab + Rows - 1) / Rows,
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                     clk_i,
  input  logic                     rst_i,
  input  logic                     start_i,
  input  logic [StreamW-1:0]       stream_i,    // with it: the pass of its token,
  input  logic [StreamW-1:0]       owner_i,     // and whose it is
  input  logic                     draft_i,     // of Guesses, with it: the token is at the position behind its owner's
  input  logic [Streams-1:0]       drop_i,      // of Guesses: that of the pass is not needed
  output logic                     free_o,      // nothing is lost by a start
  input  logic [Streams-1:0][63:0] seed_i,      // of every owner; held
  input  logic [Streams-1:0][31:0] position_i,  // held
  input  logic                     re_i,        // noise_o is looked at
  input  logic [StreamW-1:0]       rstream_i,
  input  logic [AddrW-1:0]         addr_i,
  output logic [Rows-1:0][15:0]  noise_o      // of ids Rows * addr_i ..; in the same cycle
);

  localparam int Pairs  = Rows / 2;
  localparam int Blocks = Words * Pairs;
  localparam int CountW = $clog2(Blocks + 1);
  localparam int Late   = 16;  // rounds, octave, index, table
  localparam int LaneW  = Pairs > 1 ? $clog2(Pairs) : 1;

  logic [CountW-1:0] count_q;
  logic              cancel;
  logic [31:0]       at;     // the token's position
  logic [Late-1:0]   valid_q;
  logic [AddrW-1:0]  waddr_q;
  logic [StreamW-1:0] stream_q, owner_q;
  logic [LaneW-1:0]  lane_q;
  logic [1:0][31:0]  word;
  logic [1:0][15:0]  entry;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      stream_q <= stream_i;
      owner_q  <= owner_i;
    end
    if (start_i) count_q <= '0;
    else if (count_q != CountW'(Blocks)) count_q <= count_q + 1'b1;
    valid_q <= {valid_q[Late-2:0], count_q != CountW'(Blocks)};
    if (valid_q[Late-1]) begin
      lane_q <= lane_q == LaneW'(Pairs - 1) ? '0 : lane_q + 1'b1;
      if (lane_q == LaneW'(Pairs - 1)) waddr_q <= waddr_q + 1'b1;
    end
    if (start_i || rst_i) begin
      valid_q <= '0;
      waddr_q <= '0;
      lane_q  <= '0;
    end
    if (Guesses && cancel && !start_i) begin
      count_q <= CountW'(Blocks);
      valid_q <= '0;
    end
    if (rst_i) count_q <= CountW'(Blocks);
  end

  // The last word is written in the cycle of the next start at the earliest: there is nothing left to count, and no more
  // than one word left to write. From a register, as a start follows in the same cycle.
  always_ff @(posedge clk_i) free_o <= rst_i || (Guesses && !start_i && cancel)
                                || (!start_i && count_q == CountW'(Blocks) && valid_q[Late-3:0] == '0);

  if (Guesses) begin : gen_drafts
    logic [31:0] place_q;
    always_ff @(posedge clk_i) if (start_i) place_q <= position_i[owner_i] + 32'(draft_i);
    assign at     = place_q;
    assign cancel = drop_i[stream_q];
  end else begin : gen_no_drafts
    assign at     = position_i[owner_q];
    assign cancel = 1'b0;
    logic unused;
    assign unused = ^{draft_i, drop_i};
  end

  threefry u_threefry (
    .clk_i, .key_i(seed_i[owner_q]), .count_i({32'(count_q), at}), .word_o(word));

  localparam int Pitch  = Streams > 1 ? 1 << AddrW : Words;
  localparam int DepthA = Streams * Pitch > 1 ? $clog2(Streams * Pitch) : 1;
  logic [DepthA-1:0] waddr, raddr;
  assign waddr = DepthA'(32'(stream_q) * Pitch + 32'(waddr_q));
  assign raddr = DepthA'(32'(rstream_i) * Pitch + 32'(addr_i));

  logic [1:0][10:0] index;
  rom_pair #(.Width(16), .Depth(2048), .File({Folder, "gumbel.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(index), .data_o(entry));

  for (genvar i = 0; i < 2; i++) begin : gen_word
    // Distance from the nearer end, its octave, and six bits below the leading one.
    logic [30:0] small_end, small_q, normal;
    logic [1:0][4:0] place;  // of either sign
    logic [4:0]  octave, octave_q;
    logic [1:0]  unused_any;
    logic        upper_q;
    logic [10:0] index_q;
    assign small_end = word[i][30:0] ^ {31{word[i][31]}};
    // Zeros in front of the leading one; a one is put where there are as many as are told apart, 23 or 7.
    leading_one #(.Width(32)) u_lower (
      .value_i({word[i][30:0], 1'b0} | 32'd1 << 24), .any_o(unused_any[0]), .index_o(place[0]));
    leading_one #(.Width(32)) u_upper (
      .value_i({~word[i][30:0], 1'b0} | 32'd1 << 8), .any_o(unused_any[1]), .index_o(place[1]));
    assign octave = ~place[word[i][31]];
    assign normal = small_q << octave_q;
    always_ff @(posedge clk_i) begin
      small_q  <= small_end;
      octave_q <= octave;
      upper_q  <= word[i][31];
      index_q  <= {upper_q ? octave_q : 5'd24 + octave_q, normal[29:24]};
    end
    assign index[i] = index_q;
    logic unused;
    assign unused = ^{normal[30], normal[23:0]};
  end

  for (genvar p = 0; p < Pairs; p++) begin : gen_pair
    small_ram #(.Width(32), .Depth(Streams * Pitch)) u_ram (
      .clk_i, .we_i(valid_q[Late-1] && lane_q == LaneW'(p)), .waddr_i(waddr), .wdata_i(entry), .raddr_i(raddr),
      .rdata_o(noise_o[2*p +: 2]));
  end

`ifndef SYNTHESIS
  logic [Streams-1:0] clear;
  always_comb begin
    clear = '0;
    clear[stream_i] = start_i;
  end
  freshness #(.Depth(Streams * Pitch), .Streams(Streams)) u_fresh (
    .clk_i, .clear_i(clear), .we_i(valid_q[Late-1] && lane_q == LaneW'(Pairs - 1)), .waddr_i(waddr), .re_i,
    .raddr_i(raddr));
`else
  logic unused_check;
  assign unused_check = re_i;
`endif

endmodule
