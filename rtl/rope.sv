// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Cosines and sines of the current position, for pairs of neighbouring rows.
// Rows of a head are ordered so that rotated partners are neighbours; rows that do not turn have angle 0.
module rope #(
  parameter int Rows  = 8,
  parameter int Context = 512,
  parameter int Parts   = 1,  // groups of rows per head
  parameter int Sets    = 1,  // of angles: layers may differ
  parameter bit Turns   = 1'b1,
  parameter int Streams = 1,
  parameter     Folder  = "",
  localparam int Pairs  = Rows / 2,
  localparam int PartW  = Parts > 1 ? $clog2(Parts) : 1,
  localparam int SetW   = $clog2(Sets),
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int AddrW  = $clog2(Context * Sets * Parts)
) (
  input  logic                           clk_i,
  input  logic [Streams-1:0]             clear_i,  // position 0 is next, of each stream
  input  logic [Streams-1:0]             next_i,   // on to the next position
  input  logic [Streams-1:0]             start_i,  // of several: a pass begins the token at its owner's position
  input  logic [Streams-1:0][StreamW-1:0] owner_i, // with it: which stream that is
  input  logic [StreamW-1:0]             stream_i, // with part_i: the pass, whose token's position it is
  input  logic [SetW+PartW-1:0]          part_i,   // the set above it
  output logic [Pairs-1:0][15:0]         cos_o,    // units of 2**-14; two cycles after part_i
  output logic [Pairs-1:0][15:0]         sin_o
);

  // From here on generated from plan/words.py by python -m hardwire.emit.rtl.packages.
  // Of a position's part: a word of angle.hex.
  typedef struct packed {
    logic [Pairs-1:0][15:0] sine;    // of every pair of rows, in units of 2**-14, signed
    logic [Pairs-1:0][15:0] cosine;  // the same, signed
  } angles_t;
  // By hand again.

  if (Turns) begin : gen_turns
    logic [Streams-1:0][AddrW-1:0] base_q, token;  // of a stream's next token; of the one in a pass
    logic [AddrW-1:0]     place;
    angles_t              angles;

    always_ff @(posedge clk_i) begin
      for (int s = 0; s < Streams; s++)
        if (clear_i[s]) base_q[s] <= '0;
        else if (next_i[s]) base_q[s] <= base_q[s] + AddrW'(Sets * Parts);
    end

    if (Streams > 1) begin : gen_passes
      always_ff @(posedge clk_i)
        for (int p = 0; p < Streams; p++) if (start_i[p]) token[p] <= base_q[owner_i[p]];
    end else begin : gen_alone
      assign token = base_q;
      logic unused;
      assign unused = ^{start_i, owner_i};
    end

    if (Sets > 1) begin : gen_sets
      assign place = AddrW'(32'(part_i >> PartW) * Parts) + AddrW'(part_i[PartW-1:0]);
    end else begin : gen_one
      assign place = AddrW'(part_i);
    end

    rom #(.Width($bits(angles_t)), .Depth(Context * Sets * Parts), .File({Folder, "angle.hex"})) u_rom (
      .clk_i, .en_i(1'b1), .addr_i(token[stream_i] + place), .data_o(angles));
    // A block RAM answers late in its cycle, and multipliers are next.
    always_ff @(posedge clk_i) begin
      cos_o <= angles.cosine;
      sin_o <= angles.sine;
    end
  end else begin : gen_still
    assign cos_o = {Pairs{16'h4000}};
    assign sin_o = '0;
    logic unused;
    assign unused = ^{clk_i, clear_i, next_i, start_i, owner_i, stream_i, part_i};
  end

endmodule
