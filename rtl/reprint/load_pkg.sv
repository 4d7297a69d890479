// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Registers that write the memories. Generated from host/registers.py by emit/rtl/loads.py,
// with an example, which every such build replaces.
/* verilator lint_off UNUSEDPARAM */  // a design need not read every name
package load_pkg;

  localparam logic [31:0] Mould = 32'h4d6f756c;  // the first word of every image
  localparam int Body = 26;  // words of contents
  localparam int Length = Body + 3;  // with the mould, the identity and the CRC-32
  localparam int PositionsAt = 26;  // the word that says how many positions there are; 0: none
  localparam bit Baked = 1'b1;  // the memories hold a chip at power-up

  localparam logic [18:0] RegContentsState = 19'h05000;
  localparam logic [18:0] RegContentsTaken = 19'h05004;
  localparam logic [18:0] RegContentsLength = 19'h05008;
  localparam logic [18:0] RegMould = 19'h0500c;
  localparam logic [18:0] WinContents = 19'h04000;
  localparam int WinContentsA = 12;
  localparam int FeaturesLoads = 8;

  typedef struct packed {
    logic damaged;
    logic foreign;
    logic ready;
    logic loading;
    logic whole;
  } contents_state_t;

endpackage
/* verilator lint_on UNUSEDPARAM */
