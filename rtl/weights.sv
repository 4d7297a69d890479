// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The weights of every depth, a word per step in playing order: their addresses are counters, which a run may set.
module weights #(
  parameter int Columns = 8,
  parameter int Rows    = 8,
  parameter int Depth   = 8,
  parameter int WeightW = 4,
  parameter int Uram    = 0,  // depths 0 .. Uram - 1 in URAM; even
  parameter bit Split   = 1'b0,  // the few words by which a depth passes a power of two are in LUTs
  parameter logic [Depth-1:0][15:0] Words = '0,
  parameter     Folder  = ""
) (
  input  logic                                                  clk_i,
  input  logic                                                  rst_i,
  input  logic [Depth-1:0]                                      restart_i, // the next word is that at base_i
  input  logic [Depth-1:0][15:0]                                base_i,
  input  logic [Depth-1:0]                                      step_i,    // take a word
  input  logic                                                  load_valid_i,  // URAM contents, 32 bits at a time:
  input  logic [31:0]                                           load_data_i,   // depths 0, 1, ..; lowest bits first
  output logic [Depth-1:0][Rows-1:0][Columns-1:0][WeightW-1:0]  weight_o   // on the next cycle
);

  localparam int Width = Rows * Columns * WeightW;
  localparam int PairA = 16;

  logic [PairA-1:0] load_addr;
  logic [Width-1:0] load_data;
  logic [Depth-1:0] load;  // by the pair's first depth

  if (Uram > 0) begin : gen_load
    uram_loader #(.Width(Width), .Depth(Depth), .Uram(Uram), .Words(Words)) u_loader (
      .clk_i, .rst_i, .valid_i(load_valid_i), .data_i(load_data_i), .load_o(load), .addr_o(load_addr),
      .word_o(load_data));
    logic unused;
    assign unused = ^{load_addr, load};
  end else begin : gen_no_load
    assign load_addr = '0;
    assign load_data = '0;
    assign load      = '0;
    logic unused;
    assign unused = ^{load_valid_i, load_data_i, load_addr, load_data, load};
  end

  for (genvar e = 0; e < Depth; e++) begin : gen_depth
    localparam int Count = 32'(Words[e]);
    localparam int AddrW = Count > 1 ? $clog2(Count) : 1;
    logic [AddrW-1:0] addr_q;
    always_ff @(posedge clk_i) begin
      if (rst_i) addr_q <= '0;
      else if (restart_i[e]) addr_q <= AddrW'(base_i[e]);
      else if (step_i[e]) addr_q <= addr_q + 1'b1;
    end

    if (e >= Uram) begin : gen_rom
      localparam int Tail  = Split ? engine_pkg::tail_words(Count) : 0;
      localparam int MainA = Count - Tail > 1 ? $clog2(Count - Tail) : 1;
      logic [Width-1:0] main;
      rom #(.Width(Width), .Depth(Count - Tail),
            .File({Folder, "weight", 8'("0" + e / 10), 8'("0" + e % 10), ".hex"})) u_rom (
        .clk_i, .en_i(1'b1), .addr_i(MainA'(addr_q)), .data_o(main));
      if (Tail > 0) begin : gen_tail
        localparam int TailA = Tail > 1 ? $clog2(Tail) : 1;
        logic             upper_q;
        logic [TailA-1:0] low_q;
        logic [Width-1:0] rest;
        small_rom #(.Width(Width), .Depth(Tail),
                    .File({Folder, "tail", 8'("0" + e / 10), 8'("0" + e % 10), ".hex"})) u_tail (
          .addr_i(low_q), .data_o(rest));
        always_ff @(posedge clk_i) begin
          upper_q <= addr_q[AddrW-1];
          low_q   <= TailA'(addr_q);
        end
        assign weight_o[e] = upper_q ? rest : main;
      end else begin : gen_whole
        assign weight_o[e] = main;
      end
    end else if (e % 2 == 0) begin : gen_uram
      // Two depths share a memory, each through a port of its own and from an address of its own.
      localparam int Next  = 32'(Words[e+1]);
      localparam int BothA = $clog2(Count + Next);
      uram_pair #(.Width(Width), .LowWords(Count), .HighWords(Next),
                  .LowFile({Folder, "weight", 8'("0" + e / 10), 8'("0" + e % 10), ".hex"}),
                  .HighFile({Folder, "weight", 8'("0" + (e + 1) / 10), 8'("0" + (e + 1) % 10), ".hex"})) u_uram (
        .clk_i, .load_i(load[e]), .load_addr_i(BothA'(load_addr)), .load_data_i(load_data), .low_addr_i(addr_q), .high_addr_i(gen_depth[e+1].addr_q), .low_o(weight_o[e]), .high_o(weight_o[e+1]));
    end
  end

endmodule
