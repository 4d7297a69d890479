// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What the lanes read beside the residual: the mixed values of attention and the hidden values of the MLP.
module vectors
  import engine_pkg::*;
#(
  parameter int Groups      = 8,
  parameter int Width       = 8,  // of either
  parameter int MixedWords  = 8,
  parameter int HiddenWords = 22,
  parameter int Divides     = 2,
  parameter int StepW       = 8,
  localparam int Slices  = Groups / Divides,
  localparam int MixedA  = MixedWords * Slices > 1 ? $clog2(MixedWords * Slices) : 1,
  localparam int HiddenA = HiddenWords > 1 ? $clog2(HiddenWords) : 1
) (
  input  logic                           clk_i,
  input  logic                           mixed_we_i,
  input  logic [MixedA-1:0]              mixed_addr_i,  // in slices of Divides
  input  logic [Divides-1:0][Width-1:0]  mixed_i,
  input  logic                           hidden_we_i,
  input  logic [HiddenA-1:0]             hidden_addr_i,
  input  logic [Groups-1:0][Width-1:0]   hidden_i,
  input  source_e                        source_i,
  input  logic [StepW-1:0]               index_i,
  output logic [Groups-1:0][Width-1:0]   data_o         // in the same cycle
);

  localparam int WordA  = MixedWords > 1 ? $clog2(MixedWords) : 1;
  localparam int SliceW = Slices > 1 ? $clog2(Slices) : 1;

  logic [Groups-1:0][Width-1:0] mixed, hidden;
  logic [WordA-1:0]             word;
  logic [SliceW-1:0]            slice;

  if (Slices > 1) begin : gen_slices
    assign word  = WordA'(mixed_addr_i >> SliceW);
    assign slice = mixed_addr_i[SliceW-1:0];
  end else begin : gen_whole
    assign word  = mixed_addr_i;
    assign slice = '0;
  end

  for (genvar s = 0; s < Slices; s++) begin : gen_slice
    small_ram #(.Width(Divides * Width), .Depth(MixedWords)) u_mixed (
      .clk_i, .we_i(mixed_we_i && slice == SliceW'(s)), .waddr_i(word), .wdata_i(mixed_i),
      .raddr_i(WordA'(index_i)), .rdata_o(mixed[s*Divides +: Divides]));
  end

  small_ram #(.Width(Groups * Width), .Depth(HiddenWords)) u_hidden (
    .clk_i, .we_i(hidden_we_i), .waddr_i(hidden_addr_i), .wdata_i(hidden_i), .raddr_i(HiddenA'(index_i)),
    .rdata_o(hidden));

  logic unused;
  assign unused = ^index_i;

  assign data_o = source_i == SourceMixed ? mixed : hidden;

endmodule
