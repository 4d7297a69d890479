// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Names that several modules of the engine share.
package engine_pkg;

  // What becomes of a group of rows after its requantisation.
  typedef enum logic [2:0] {
    KindResidual,  // the residual is set or added to
    KindQuery,     // rotated, into the query buffer
    KindKey,       // rotated, into the key cache
    KindValue,     // into the value cache
    KindGate,      // index of the activation table, for the up projection that follows
    KindUp,        // times the activation, into the hidden buffer
    KindPlain,     // index of the activation table, whose entry goes into the hidden buffer
    KindLogit      // to the sampler
  } kind_e;

  // Where the lanes take their activations from.
  typedef enum logic [1:0] {
    SourceNorm,
    SourceMixed,
    SourceHidden
  } source_e;

  // Why a request ended.
  typedef enum logic [1:0] {
    StatusBudget,
    StatusStop,
    StatusFull
  } status_e;

  // How products are built.
  typedef enum logic [1:0] {
    StyleFabric,  // digits of the second factor, in LUTs
    StylePacked,  // two products in one multiplier
    StyleApart    // a multiplier for each
  } style_e;

  /* verilator lint_off UNUSEDPARAM */ // a top need not read every name

  // A reset lasts at least so many cycles, as AXI's do on AMD parts: pipelines without a reset run empty meanwhile.
  localparam int LeastReset = 16;

  // Stages of a pipeline that is left to run empty, at most; the rest of a reset is for what leads to it and away.
  localparam int LongestRunOut = LeastReset - 4;

  // Cycles of a soft cap, and of one of scores: with the rounding in front of it.
  localparam int SoftCapLate  = 3;
  localparam int ScoreCapLate = SoftCapLate + 2;

  /* verilator lint_on UNUSEDPARAM */

  // Radix-4 digits of a weight of so many bits.
  function automatic int digits(input int bits);
    return (bits + 1) / 2;
  endfunction

  // What the lower digits together are short of, by taking -1, 0, 1, 2 for 0, 1, 2, 3.
  function automatic int digit_offset(input int bits);
    int offset, place;
    offset = 0;
    place = 1;
    for (int i = 1; i < digits(bits); i++) begin
      offset += place;
      place *= 4;
    end
    return offset;
  endfunction

endpackage
