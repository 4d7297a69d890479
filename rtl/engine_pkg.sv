// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Names that several modules of the engine share.
package engine_pkg;

  // What becomes of a group of rows after its requantisation.
  typedef enum logic [2:0] {
    KindEmbed,     // the residual is set
    KindResidual,  // the residual is added to
    KindQuery,     // rotated, into the query buffer
    KindKey,       // rotated, into the key cache
    KindValue,     // into the value cache
    KindGate,      // index of the activation table
    KindUp,        // times the activation, into the hidden buffer
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

endpackage
