// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Reads a pass out of the lanes, one depth per cycle, and plays the word that says what becomes of each read.
module emission
  import plan_pkg::emission_t, plan_pkg::EmissionW;
#(
  parameter int Depth  = 8,
  parameter int Words  = 512,
  parameter int Stages = 2,   // of a lane
  parameter int Streams = 1,
  parameter int Runs   = 1,   // numbers of runs
  parameter     Folder = "",
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int RunW   = Runs > 1 ? $clog2(Runs) : 1,
  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1,
  localparam int CountW = $clog2(Depth + 1),
  localparam int AddrW  = Words > 1 ? $clog2(Words) : 1
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              restart_i,  // the next word is the first; of several streams each run finds its own
  input  logic              tag_i,      // a pass's last step
  input  logic [CountW-1:0] count_i,    // reads of that pass
  input  logic              opens_i,    // it is a run's first pass
  input  logic [RunW-1:0]   run_i,      // the run's number
  input  logic [StreamW-1:0] stream_i,  // and whose it is
  input  logic              embed_i,    // a read that comes from the embedding
  input  logic              embed_first_i, // its first
  input  logic [StreamW-1:0] embed_stream_i,
  output logic [StreamW-1:0] stream_o,  // whose read it is
  output logic              valid_o,    // E0: the outputs below hold a word
  output logic [SelW-1:0]   sel_o,      // the depth to read
  output logic              embed_o,
  output emission_t         word_o
);

  logic [CountW-1:0]    count, left_q;
  logic [SelW-1:0]      sel_q;
  logic                 tag, opens, read_q, read;
  logic [RunW-1:0]      run;
  logic [StreamW-1:0]   stream, stream_q;
  logic [AddrW-1:0]     addr, addr_q, base;
  logic                 load;
  logic [EmissionW-1:0] stored;

  delay #(.Width(2 + CountW + RunW + StreamW), .Cycles(Stages - 1)) u_tag (
    .clk_i, .d_i({tag_i && !rst_i, opens_i, count_i, run_i, stream_i}), .d_o({tag, opens, count, run, stream}));

  assign read = read_q || embed_i;

  always_ff @(posedge clk_i) begin
    if (tag) begin
      read_q <= 1'b1;
      sel_q  <= '0;
      left_q <= count - 1'b1;
      stream_q <= stream;
    end else if (left_q != 0) begin
      sel_q  <= sel_q + 1'b1;
      left_q <= left_q - 1'b1;
    end else begin
      read_q <= 1'b0;
    end
    if (load) addr_q <= base;
    else if (read) addr_q <= addr + 1'b1;
    stream_o <= read_q ? stream_q : embed_stream_i;
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

  // Where the next words are. Those of the embedding come first of all.
  if (Streams > 1) begin : gen_bases
    assign load = tag && opens;
    assign addr = embed_i && embed_first_i ? '0 : addr_q;
    small_rom #(.Width(AddrW), .Depth(Runs), .File({Folder, "emission_base.hex"})) u_bases (
      .addr_i(run), .data_o(base));
    logic unused;
    assign unused = restart_i;
  end else begin : gen_one
    assign load = restart_i;
    assign addr = addr_q;
    assign base = '0;
    logic unused;
    assign unused = ^{opens, run, embed_first_i};
  end

  rom #(.Width(EmissionW), .Depth(Words), .File({Folder, "emission.hex"})) u_rom (
    .clk_i, .en_i(1'b1), .addr_i(addr), .data_o(stored));

  // A field that this build has no bits of is at the top, and reads as zero.
  assign word_o = emission_t'($bits(emission_t)'(stored));

endmodule
