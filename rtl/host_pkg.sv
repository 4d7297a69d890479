// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The register map: byte addresses, and the fields of the registers that have some. Generated from
// toolkit/hardwire/host/registers.py by python -m hardwire.emit.top.registers.
/* verilator lint_off UNUSEDPARAM */ // a design need not read every name
package host_pkg;

  localparam int AddrW     = 19;
  localparam int Burst     = 16;
  localparam int TokenW    = 20;
  localparam int SequenceW = 12;
  localparam int StreamNumberW = 2;
  localparam logic [31:0] Magic   = 32'h68775231;
  localparam logic [31:0] Version = 32'h00000003;

  localparam logic [AddrW-1:0] RegMagic        = 19'h00000;
  localparam logic [AddrW-1:0] RegVersion      = 19'h00004;
  localparam logic [AddrW-1:0] RegId           = 19'h00008;
  localparam logic [AddrW-1:0] RegVocab        = 19'h0000c;
  localparam logic [AddrW-1:0] RegContext      = 19'h00010;
  localparam logic [AddrW-1:0] RegRing         = 19'h00014;
  localparam logic [AddrW-1:0] RegShape        = 19'h00018;
  localparam logic [AddrW-1:0] RegClockKhz     = 19'h0001c;
  localparam logic [AddrW-1:0] RegControl      = 19'h00020;
  localparam logic [AddrW-1:0] RegStream       = 19'h00024;
  localparam logic [AddrW-1:0] RegError        = 19'h00028;
  localparam logic [AddrW-1:0] RegStatus       = 19'h0002c;
  localparam logic [AddrW-1:0] RegWriteIndex   = 19'h00030;
  localparam logic [AddrW-1:0] RegReadIndex    = 19'h00034;
  localparam logic [AddrW-1:0] RegStartIndex   = 19'h00038;
  localparam logic [AddrW-1:0] RegRequests     = 19'h0003c;
  localparam logic [AddrW-1:0] RegPosition     = 19'h00040;
  localparam logic [AddrW-1:0] RegProduced     = 19'h00044;
  localparam logic [AddrW-1:0] RegRunCycles    = 19'h00048;
  localparam logic [AddrW-1:0] RegCyclesLow    = 19'h0004c;
  localparam logic [AddrW-1:0] RegCyclesHigh   = 19'h00050;
  localparam logic [AddrW-1:0] RegIrqEnable    = 19'h00054;
  localparam logic [AddrW-1:0] RegIrq          = 19'h00058;
  localparam logic [AddrW-1:0] RegFeatures     = 19'h0005c;
  localparam logic [AddrW-1:0] RegLength       = 19'h00060;
  localparam logic [AddrW-1:0] RegBudget       = 19'h00064;
  localparam logic [AddrW-1:0] RegInverse      = 19'h00068;
  localparam logic [AddrW-1:0] RegSeedLow      = 19'h0006c;
  localparam logic [AddrW-1:0] RegSeedHigh     = 19'h00070;
  localparam logic [AddrW-1:0] RegStopToken    = 19'h00074;
  localparam logic [AddrW-1:0] RegDrafts       = 19'h00094;

  localparam logic [AddrW-1:0] WinTrace        = 19'h08000;
  localparam logic [AddrW-1:0] WinPrompt       = 19'h10000;
  localparam logic [AddrW-1:0] WinTokens       = 19'h20000;
  localparam logic [AddrW-1:0] WinLogits       = 19'h40000;

  // Bits of an address within a window, and within the registers.
  localparam int WinTraceA   = 15;
  localparam int WinPromptA  = 16;
  localparam int WinTokensA  = 17;
  localparam int WinLogitsA  = 18;
  localparam int RegistersA = 8;  // beyond them none is

  localparam int ShapeStops         = 0;
  localparam int ShapeLogitBits     = 8;
  localparam int ShapeLogitLanes    = 16;
  localparam int ShapeLogitFraction = 24;
  localparam int ShapeW             = 32;
  typedef struct packed {
    logic [7:0] logit_fraction;
    logic [7:0] logit_lanes;
    logic [7:0] logit_bits;
    logic [7:0] stops;
  } shape_t;

  localparam int ControlStart       = 0;
  localparam int ControlClear       = 1;
  localparam int ControlStop        = 2;
  localparam int ControlReset       = 3;
  localparam int ControlW           = 4;
  typedef struct packed {
    logic reset;
    logic stop;
    logic clear;
    logic start;
  } control_t;

  localparam int ErrorFraming       = 0;
  localparam int ErrorChecksum      = 1;
  localparam int ErrorOverrun       = 2;
  localparam int ErrorMalformed     = 3;
  localparam int ErrorAddress       = 4;
  localparam int ErrorRange         = 5;
  localparam int ErrorRefused       = 6;
  localparam int ErrorPartial       = 7;
  localparam int ErrorW             = 8;
  typedef struct packed {
    logic partial;
    logic refused;
    logic range;
    logic address;
    logic malformed;
    logic overrun;
    logic checksum;
    logic framing;
  } error_t;

  localparam int StatusBusy         = 0;
  localparam int StatusStalled      = 1;
  localparam int StatusError        = 2;
  localparam int StatusPending      = 3;
  localparam int StatusReason       = 4;
  localparam int StatusStream       = 7;
  localparam int StatusW            = 8;
  typedef struct packed {
    logic stream;
    logic [2:0] reason;
    logic pending;
    logic error;
    logic stalled;
    logic busy;
  } status_t;

  localparam int IrqEnableToken     = 0;
  localparam int IrqEnableEnded     = 1;
  localparam int IrqEnableError     = 2;
  localparam int IrqEnableW         = 3;
  typedef struct packed {
    logic error;
    logic ended;
    logic token;
  } irq_enable_t;

  localparam int IrqToken           = 0;
  localparam int IrqEnded           = 1;
  localparam int IrqError           = 2;
  localparam int IrqW               = 3;
  typedef struct packed {
    logic error;
    logic ended;
    logic token;
  } irq_t;

  localparam int FeaturesSegments   = 0;
  localparam int FeaturesOthers     = 28;
  localparam int FeaturesStream     = 30;
  localparam int FeaturesW          = 32;
  typedef struct packed {
    logic [1:0] stream;
    logic [1:0] others;
    logic [19:0] unused_8;
    logic [7:0] segments;
  } features_t;

  localparam int StopTokenId        = 0;
  localparam int StopTokenValid     = 31;
  localparam int StopTokenW         = 32;
  typedef struct packed {
    logic valid;
    logic [10:0] unused_20;
    logic [19:0] id;
  } stop_token_t;

  localparam int DraftsOn           = 0;
  localparam int DraftsW            = 1;
  typedef struct packed {
    logic on;
  } drafts_t;

  // Of `features`, where a build has drafts.
  localparam int FeaturesDrafts = 11;

  // Why a request ended.
  localparam logic [2:0] ReasonNone         = 3'd0;
  localparam logic [2:0] ReasonBudget       = 3'd1;
  localparam logic [2:0] ReasonStopToken    = 3'd2;
  localparam logic [2:0] ReasonContextFull  = 3'd3;
  localparam logic [2:0] ReasonStopped      = 3'd4;
  localparam logic [2:0] ReasonReset        = 3'd5;

  // Operations of the serial frames, and the bytes in front of their words.
  localparam logic [7:0] OpRead   = "R";
  localparam logic [7:0] OpWrite  = "W";
  localparam logic [7:0] OpRefuse = "N";
  localparam logic [7:0] OpTokens = "T";
  localparam logic [7:0] OpEnd    = "E";
  localparam int Head = 5;

endpackage
/* verilator lint_on UNUSEDPARAM */
