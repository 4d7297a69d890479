// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Checksums of what the stages of the last token made, for a host that looks for the first wrong one. A segment is what
// happens from one read of the residual through a norm to the next, the embedding the first; word 8 n + s is stage s of
// segment n. hardwire.trace computes the same from the integer reference.
module trace
  import engine_pkg::*;
#(
  parameter int Rows     = 8,
  parameter int RowW     = 16,
  parameter int PostW    = 16,
  parameter int ResidualW = 16,
  parameter int MixedW   = 8,
  parameter int DestW    = 8,
  parameter int Heads    = 1,   // quotients of attention at a time: of so many heads
  parameter int Divides  = 2,   // .. and of each
  parameter int MixedA   = 6,
  parameter int Segments = 2,   // at most 1024
  localparam int WordA   = 13
) (
  input  logic                                      clk_i,
  input  logic                                      rst_i,
  input  logic                                      start_i,         // a token begins: the first segment
  input  logic                                      next_i,          // the next segment begins
  input  logic                                      done_i,          // the token ends
  input  logic                                      y_valid_i,       // rows as they are
  input  kind_e                                     y_kind_i,
  input  logic [DestW-1:0]                          y_dest_i,
  input  logic [Rows-1:0][RowW-1:0]                 y_i,
  input  logic                                      z_valid_i,       // rows after rotation or activation
  input  kind_e                                     z_kind_i,
  input  logic [DestW-1:0]                          z_dest_i,
  input  logic [Rows-1:0][PostW-1:0]                z_i,
  input  logic                                      x_valid_i,       // the residual as it was written
  input  logic [DestW-1:0]                          x_dest_i,
  input  logic [Rows-1:0][ResidualW-1:0]            x_i,
  input  logic                                      mixed_valid_i,   // attention
  input  logic [MixedA-1:0]                         mixed_addr_i,
  input  logic [Heads-1:0][Divides-1:0][MixedW-1:0] mixed_i,
  input  logic [WordA-1:0]                          addr_i,
  output logic [31:0]                               data_o           // a cycle later
);

  localparam int Fold     = 4;         // cycles of trace_fold
  localparam int Late     = Fold + 2;  // of the ends of segments: behind all that belongs to them
  localparam int Stages   = 1 << $bits(stage_e);  // words of a segment
  localparam int SegmentA = Segments > 1 ? $clog2(Segments) : 1;

  logic [31:0] y_word, z_word, x_word, mixed_word;
  logic        value, gate, logits, query, key, hidden, x, mix, start, next, done;

  trace_fold #(.Lanes(Rows), .Width(RowW), .PlaceW(DestW)) u_y (
    .clk_i, .value_i(y_i), .place_i(y_dest_i), .word_o(y_word));
  trace_fold #(.Lanes(Rows), .Width(PostW), .PlaceW(DestW)) u_z (
    .clk_i, .value_i(z_i), .place_i(z_dest_i), .word_o(z_word));
  trace_fold #(.Lanes(Rows), .Width(ResidualW), .PlaceW(DestW)) u_x (
    .clk_i, .value_i(x_i), .place_i(x_dest_i), .word_o(x_word));
  trace_fold #(.Lanes(Heads * Divides), .Width(MixedW), .PlaceW(MixedA)) u_mixed (
    .clk_i, .value_i(mixed_i), .place_i(mixed_addr_i), .word_o(mixed_word));

  delay_reset #(.Cycles(Fold)) u_value (
    .clk_i, .rst_i, .d_i(y_valid_i && y_kind_i == KindValue), .d_o(value));
  delay_reset #(.Cycles(Fold)) u_gate (
    .clk_i, .rst_i, .d_i(y_valid_i && (y_kind_i == KindGate || y_kind_i == KindPlain)), .d_o(gate));
  delay_reset #(.Cycles(Fold)) u_logits (
    .clk_i, .rst_i, .d_i(y_valid_i && y_kind_i == KindLogit), .d_o(logits));
  delay_reset #(.Cycles(Fold)) u_query (
    .clk_i, .rst_i, .d_i(z_valid_i && z_kind_i == KindQuery), .d_o(query));
  delay_reset #(.Cycles(Fold)) u_key (
    .clk_i, .rst_i, .d_i(z_valid_i && z_kind_i == KindKey), .d_o(key));
  delay_reset #(.Cycles(Fold)) u_hidden (
    .clk_i, .rst_i, .d_i(z_valid_i && z_kind_i == KindUp), .d_o(hidden));
  delay_reset #(.Cycles(Fold)) u_residual (.clk_i, .rst_i, .d_i(x_valid_i), .d_o(x));
  delay_reset #(.Cycles(Fold)) u_mix (.clk_i, .rst_i, .d_i(mixed_valid_i), .d_o(mix));
  delay_reset #(.Cycles(Late)) u_start (.clk_i, .rst_i, .d_i(start_i), .d_o(start));
  delay_reset #(.Cycles(Late)) u_next (.clk_i, .rst_i, .d_i(next_i), .d_o(next));
  delay_reset #(.Cycles(Late)) u_done (.clk_i, .rst_i, .d_i(done_i), .d_o(done));

  logic [Stages-1:0][31:0] sum_q, add, word;
  logic [SegmentA-1:0]     segment_q;
  logic [2:0]              stage_q;

  always_comb begin
    add              = '0;
    add[StageX]      = x ? x_word : '0;
    add[StageQuery]  = query ? z_word : '0;
    add[StageKey]    = key ? z_word : '0;
    add[StageValue]  = value ? y_word : '0;
    add[StageMixed]  = mix ? mixed_word : '0;
    add[StageGate]   = gate ? y_word : '0;
    add[StageHidden] = hidden ? z_word : '0;
    add[StageLogit]  = logits ? y_word : '0;
  end

  always_ff @(posedge clk_i) begin
    for (int s = 0; s < Stages; s++) sum_q[s] <= (next || start ? '0 : sum_q[s]) + add[s];
    if (next) segment_q <= segment_q + 1'b1;
    if (start) segment_q <= '0;
    stage_q <= addr_i[2:0];
    if (rst_i) begin
      sum_q     <= '0;
      segment_q <= '0;
    end
  end

  // Read in the cycle behind addr_i, like a block RAM.
  logic [SegmentA-1:0] read_q;
  always_ff @(posedge clk_i) read_q <= SegmentA'(addr_i >> 3);
  small_ram #(.Width(Stages * 32), .Depth(Segments)) u_sums (
    .clk_i, .we_i(next || done), .waddr_i(segment_q), .wdata_i(sum_q), .raddr_i(read_q), .rdata_o(word));
  assign data_o = word[stage_q];

  logic unused;
  assign unused = ^addr_i;

endmodule
