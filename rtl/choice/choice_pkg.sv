// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The extended sampler of a build. Generated from toolkit/hardwire/plan/choice.py by emit/rtl/choice.py,
// with the defaults, which every such build replaces.
/* verilator lint_off UNUSEDPARAM */  // a design need not read every name
package choice_pkg;

  import plan_pkg::*;

  localparam int Best = 20;                                      // tokens that are kept in order
  localparam int BestW = $clog2(Best + 1);                       // bits of a count of them
  localparam int BestA = Best > 1 ? $clog2(Best) : 1;            // bits of a place among them
  localparam int TotalW = 25 + $clog2(Vocab);                    // bits of a sum of weights
  localparam int MaskWords = (Vocab + 31) / 32;                  // of the mask
  localparam int MaskA = MaskWords > 1 ? $clog2(MaskWords) : 1;  // bits of such a word's address
  localparam int GuideWords = 1024;                              // entries of an automaton's table; 0: there is none
  localparam int GuideA = 10;                                    // bits of such an entry's place
  localparam int ClassW = IdW < 9 ? IdW : 9;                     // bits of a class of tokens
  localparam int GuidePlaceW = IdW > GuideA ? IdW : GuideA;      // bits of an entry's place, or a token's
  localparam int LogitLate = 5;                                  // cycles: an id's turn to its penalised logit
  localparam int ScaleLate = 3;                                  // cycles: a penalised logit to the same over the temperature
  localparam int NoiseLate = 16;                                 // cycles: an id's turn to its noise
  localparam int WeightLate = 4;                                 // cycles: a distance to its weight

  // Registers and windows, bits of an address within them, and places of fields: host/registers.py.
  localparam logic [18:0] RegChoiceBest = 19'h06000;
  localparam logic [18:0] RegChoiceHow = 19'h06004;
  localparam logic [18:0] RegChoiceTopP = 19'h06008;
  localparam logic [18:0] RegChoicePenalty = 19'h0600c;
  localparam logic [18:0] RegChoiceWindow = 19'h06010;
  localparam logic [18:0] RegDrawn = 19'h06014;
  localparam logic [18:0] RegDrawnLogit = 19'h06018;
  localparam logic [18:0] RegTotalLow = 19'h0601c;
  localparam logic [18:0] RegTotalHigh = 19'h06020;
  localparam logic [18:0] RegGuideRoom = 19'h06024;
  localparam logic [18:0] RegGuidePage = 19'h06028;
  localparam logic [18:0] RegGuideTag = 19'h0602c;
  localparam logic [18:0] RegGuideState = 19'h06030;
  localparam logic [18:0] WinBest = 19'h06100;
  localparam logic [18:0] WinMask = 19'h02000;
  localparam logic [18:0] WinGuide = 19'h07000;
  localparam int WinBestA = 8;
  localparam int WinMaskA = 13;
  localparam int WinGuideA = 12;
  localparam int OwnA = 9;
  localparam int ChoiceHowActive = 0;
  localparam int ChoiceHowMasked = 1;
  localparam int ChoiceHowSums = 2;
  localparam int ChoiceHowGuided = 3;
  localparam int ChoiceHowTopK = 8;
  localparam int GuideRoomWords = 0;
  localparam int GuideRoomClassBits = 24;
  localparam int GuidePageClasses = 31;
  localparam int GuidePageW = 10;
  localparam int FeaturesChooses = 9;
  localparam int FeaturesGuides = 10;

  // How a request draws, beyond temperature and seed; it is held until the request ends.
  typedef struct packed {
    logic active;                  // the extended sampler draws
    logic masked;                  // only tokens of the mask are drawn
    logic guided;                  // only those that the automaton allows, which every draw takes a step on
    logic sums;                    // the sum of weights is wanted
    logic [BestW-1:0] top_k;       // from the best so many; 0: from all
    logic [16:0] top_p;            // from that part of them, in units of 2**-16
    logic [15:0] grow;             // of seen tokens' negative logits, in units of 2**-12
    logic [15:0] shrink;           // of their positive ones
    logic [PositionW-1:0] window;  // the last so many tokens are seen; 0: all of the context
  } choice_t;

  // One of the best tokens, in their order.
  typedef struct packed {
    logic [IdW-1:0] id;        // the token
    logic [LogitW-1:0] logit;  // behind the penalty, signed
    logic [PostW-1:0] scaled;  // over the temperature, signed
    logic [15:0] noise;        // Gumbel's, of this draw, signed
  } best_t;

  // What a draw gave, until the next one begins.
  typedef struct packed {
    logic none;                // no token was allowed
    logic [IdW-1:0] id;        // the token
    logic [LogitW-1:0] logit;  // its logit, behind the penalty, signed
    logic [BestW-1:0] count;   // best tokens that there are
    logic [TotalW-1:0] total;  // sum of weights in units of 2**-24, where it was asked for
  } drawn_t;

  // What the host writes of an automaton, not while a token is drawn.
  typedef struct packed {
    logic puts_entry;                // an entry of the table
    logic puts_class;                // a token's class
    logic puts_state;                // the state that the next draw is of
    logic [GuidePlaceW-1:0] place;   // which entry, or which token
    logic [ClassW-1:0] token_class;  // of the entry, or of the token; 0: of tokens that no state allows
    logic [GuideA-1:0] row;          // where the row of the next state begins, or of the one that is set
  } guide_t;

  // A transition: where a state's row begins, plus a class, is the place of its entry, if that is of the same class.
  typedef struct packed {
    logic [ClassW-1:0] token_class;  // whose it is; 0: of none
    logic [GuideA-1:0] row;          // where the row of the next state begins
  } guide_entry_t;

endpackage
/* verilator lint_on UNUSEDPARAM */
