// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Names that modules of every build share: codes and latencies, and how digits of weights add up.
package engine_pkg;

  // From here on generated from plan/words.py by python -m hardwire.emit.rtl.packages.

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
    SourceNorm,   // the residual, as the norm's shift leaves it
    SourceMixed,  // what attention mixed
    SourceHidden  // the hidden values of the MLP
  } source_e;

  // Why a request ended, in the words of the reference.
  typedef enum logic [1:0] {
    StatusBudget,  // budget
    StatusStop,    // stop token
    StatusFull     // context full
  } status_e;

  // How products are built.
  typedef enum logic [1:0] {
    StyleFabric,  // digits of the second factor, in LUTs
    StylePacked,  // two products in one multiplier
    StyleApart    // a multiplier for each
  } style_e;

  // Words of a segment of the trace: checksums of what a stage made.
  typedef enum logic [2:0] {
    StageX,       // the residual as it was written
    StageQuery,   // rotated queries
    StageKey,     // rotated keys
    StageValue,   // values
    StageMixed,   // what attention mixed
    StageGate,    // indices of the activation table
    StageHidden,  // the hidden values of the MLP
    StageLogit    // logits
  } stage_e;

  // In cycles.
  /* verilator lint_off UNUSEDPARAM */  // a top need not read every name
  localparam int LeastReset = 16;     // of a reset, at least, as AXI asks: pipelines without one run empty meanwhile
  localparam int LongestRunOut = 11;  // of a pipeline that is left to run empty, at most
  localparam int RootLate = 6;        // a complete residual to its root, which joins at E0, less its further stages
  localparam int RenormLate = 9;      // rows of a whole head to the same rows after its norm, less the same and rounding
  localparam int SoftCapLate = 3;     // a value to its soft cap
  localparam int ScoreCapLate = 5;    // a score to its soft cap, the rounding in front included
  localparam int AlibiLate = 2;       // a score to one with the bias of its position
  localparam int LendAfter = 16;      // from a stream's end until its pass is lent: a host that goes on asks sooner
  /* verilator lint_on UNUSEDPARAM */

  // By hand again.

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

  // Of a memory's words, the few by which it passes a power of two: in block RAM they would take as many blocks again.
  function automatic int tail_words(input int words);
    int half;
    half = 1 << ($clog2(words) - 1);
    return words > 512 && words - half <= 16 ? words - half : 0;
  endfunction

endpackage
