// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What the lanes read beside the residual: the mixed values of attention and the hidden values of the MLP.
module vectors
  import engine_pkg::*;
#(
  parameter int Rows        = 8,  // hidden values written at a time
  parameter int Columns     = 8,  // read at a time: a multiple of Rows
  parameter int Width       = 8,  // of either
  parameter int MixedWords  = 8,  // of Rows; a multiple of Columns / Rows, as the next
  parameter int HiddenWords = 22,
  parameter int MixedReal   = MixedWords,   // of them, those that hold something
  parameter int HiddenReal  = HiddenWords,
  parameter int Heads       = 1,  // heads mixed at a time, in neighbouring parts of a word
  parameter int Divides     = 2,  // values of each written at a time
  parameter int StepW       = 8,
  parameter int Streams     = 1,  // each has both
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int Slices  = Columns / Rows,
  localparam int Parts   = Rows / (Heads * Divides),  // writes that fill a word
  localparam int MixedA  = MixedWords * Parts > 1 ? $clog2(MixedWords * Parts) : 1,
  localparam int HiddenA = HiddenWords > 1 ? $clog2(HiddenWords) : 1
) (
  input  logic                                      clk_i,
  input  logic [Streams-1:0]                        mixed_clear_i, // simulation: what was mixed is stale
  input  logic                                      mixed_we_i,
  input  logic [StreamW-1:0]                        mixed_stream_i,
  input  logic [MixedA-1:0]                         mixed_addr_i,  // in writes
  input  logic [Heads-1:0][Divides-1:0][Width-1:0]  mixed_i,
  input  logic [Streams-1:0]                        hidden_clear_i,
  input  logic                                      hidden_we_i,
  input  logic [StreamW-1:0]                        hidden_stream_i,
  input  logic [HiddenA-1:0]                        hidden_addr_i,
  input  logic [Rows-1:0][Width-1:0]                hidden_i,
  input  logic                                      re_i,
  input  logic [StreamW-1:0]                        stream_i,
  input  source_e                                   source_i,
  input  logic [StepW-1:0]                          index_i,
  output logic [Columns-1:0][Width-1:0]             data_o         // in the same cycle
);

  localparam int MixedSteps  = MixedWords / Slices;
  localparam int HiddenSteps = HiddenWords / Slices;
  localparam int MixedStepA  = MixedSteps > 1 ? $clog2(MixedSteps) : 1;
  localparam int HiddenStepA = HiddenSteps > 1 ? $clog2(HiddenSteps) : 1;

  // A stream's part begins at a whole power of two of steps.
  localparam int MixedPitch  = Streams > 1 ? 1 << MixedStepA : MixedSteps;
  localparam int HiddenPitch = Streams > 1 ? 1 << HiddenStepA : HiddenSteps;
  localparam int MixedDepth  = Streams * MixedPitch;
  localparam int HiddenDepth = Streams * HiddenPitch;
  localparam int MixedR      = MixedDepth > 1 ? $clog2(MixedDepth) : 1;
  localparam int HiddenR     = HiddenDepth > 1 ? $clog2(HiddenDepth) : 1;
  localparam int MixedW      = MixedDepth * Slices > 1 ? $clog2(MixedDepth * Slices) : 1;
  localparam int HiddenW     = HiddenDepth * Slices > 1 ? $clog2(HiddenDepth * Slices) : 1;

  logic [Columns-1:0][Width-1:0] mixed, hidden;
  logic [MixedW-1:0]             mixed_word;
  logic [HiddenW-1:0]            hidden_word;
  logic [MixedR-1:0]             mixed_step;
  logic [HiddenR-1:0]            hidden_step;

  assign mixed_word  = MixedW'(32'(mixed_stream_i) * MixedPitch * Slices + 32'(mixed_addr_i) / Parts);
  assign hidden_word = HiddenW'(32'(hidden_stream_i) * HiddenPitch * Slices + 32'(hidden_addr_i));
  assign mixed_step  = MixedR'(32'(stream_i) * MixedPitch + 32'(MixedStepA'(index_i)));
  assign hidden_step = HiddenR'(32'(stream_i) * HiddenPitch + 32'(HiddenStepA'(index_i)));

  // Channel part * Divides + d of head h of the word; a memory for each writer.
  for (genvar h = 0; h < Heads; h++) begin : gen_head
    for (genvar p = 0; p < Parts; p++) begin : gen_part
      logic [Slices-1:0][Divides*Width-1:0] read;
      sliced_ram #(.Narrow(Divides * Width), .Slices(Slices), .Depth(MixedDepth)) u_mixed (
        .clk_i, .we_i(mixed_we_i && 32'(mixed_addr_i) % Parts == p), .waddr_i(mixed_word), .wdata_i(mixed_i[h]),
        .raddr_i(mixed_step), .rdata_o(read));
      for (genvar s = 0; s < Slices; s++) begin : gen_slice
        assign mixed[s*Rows + (h*Parts + p)*Divides +: Divides] = read[s];
      end
    end
  end

  sliced_ram #(.Narrow(Rows * Width), .Slices(Slices), .Depth(HiddenDepth)) u_hidden (
    .clk_i, .we_i(hidden_we_i), .waddr_i(hidden_word), .wdata_i(hidden_i), .raddr_i(hidden_step), .rdata_o(hidden));

  assign data_o = source_i == SourceMixed ? mixed : hidden;

`ifndef SYNTHESIS
  freshness #(.Depth(MixedDepth * Slices), .Real(MixedReal), .Slices(Slices), .Streams(Streams)) u_mixed_fresh (
    .clk_i, .clear_i(mixed_clear_i), .we_i(mixed_we_i && 32'(mixed_addr_i) % Parts == Parts - 1),
    .waddr_i(mixed_word), .re_i(re_i && source_i == SourceMixed), .raddr_i(mixed_step));
  freshness #(.Depth(HiddenDepth * Slices), .Real(HiddenReal), .Slices(Slices), .Streams(Streams)) u_hidden_fresh (
    .clk_i, .clear_i(hidden_clear_i), .we_i(hidden_we_i), .waddr_i(hidden_word),
    .re_i(re_i && source_i == SourceHidden), .raddr_i(hidden_step));
`else
  logic unused_check;
  assign unused_check = ^{mixed_clear_i, hidden_clear_i, re_i};
`endif
  logic unused;
  assign unused = ^index_i;

endmodule
