// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// ECP5's PLL for simulation: the clock passes through at its own frequency, and LOCK follows some cycles later. Synthesis
// sees only the pins. The pins and parameters are the real cell's, used or not.
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNUSEDPARAM */
(* blackbox *)
module EHXPLLL #(
  parameter int CLKI_DIV = 1,
  parameter int CLKFB_DIV = 1,
  parameter int CLKOP_DIV = 8,
  parameter int CLKOS_DIV = 8,
  parameter int CLKOS2_DIV = 8,
  parameter int CLKOS3_DIV = 8,
  parameter     CLKOP_ENABLE = "ENABLED",
  parameter     CLKOS_ENABLE = "DISABLED",
  parameter     CLKOS2_ENABLE = "DISABLED",
  parameter     CLKOS3_ENABLE = "DISABLED",
  parameter int CLKOP_CPHASE = 0,
  parameter int CLKOS_CPHASE = 0,
  parameter int CLKOS2_CPHASE = 0,
  parameter int CLKOS3_CPHASE = 0,
  parameter int CLKOP_FPHASE = 0,
  parameter int CLKOS_FPHASE = 0,
  parameter int CLKOS2_FPHASE = 0,
  parameter int CLKOS3_FPHASE = 0,
  parameter     FEEDBK_PATH = "CLKOP",
  parameter     CLKOP_TRIM_POL = "RISING",
  parameter int CLKOP_TRIM_DELAY = 0,
  parameter     CLKOS_TRIM_POL = "RISING",
  parameter int CLKOS_TRIM_DELAY = 0,
  parameter     OUTDIVIDER_MUXA = "DIVA",
  parameter     OUTDIVIDER_MUXB = "DIVB",
  parameter     OUTDIVIDER_MUXC = "DIVC",
  parameter     OUTDIVIDER_MUXD = "DIVD",
  parameter int PLL_LOCK_MODE = 0,
  parameter int PLL_LOCK_DELAY = 200,
  parameter     STDBY_ENABLE = "DISABLED",
  parameter     REFIN_RESET = "DISABLED",
  parameter     SYNC_ENABLE = "DISABLED",
  parameter     INT_LOCK_STICKY = "ENABLED",
  parameter     DPHASE_SOURCE = "DISABLED",
  parameter     PLLRST_ENA = "DISABLED",
  parameter     INTFB_WAKE = "DISABLED"
) (
  input  logic CLKI, CLKFB, PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG, STDBY, PLLWAKESYNC, RST, ENCLKOP,
  input  logic ENCLKOS, ENCLKOS2, ENCLKOS3,
  output logic CLKOP, CLKOS, CLKOS2, CLKOS3, LOCK, INTLOCK, REFCLK, CLKINTFB
);

`ifndef SYNTHESIS
  localparam int LockCycles = 16;

  logic [4:0] count_q;
  initial count_q = '0;

  if (FEEDBK_PATH != "CLKOP" || CLKOP_ENABLE != "ENABLED" || CLKOS_ENABLE != "DISABLED"
      || CLKOS2_ENABLE != "DISABLED" || CLKOS3_ENABLE != "DISABLED") begin : g_refuse
    $fatal(1, "EHXPLLL: a feedback or an output that is not modelled");
  end

  always_ff @(posedge CLKI) begin
    if (RST) count_q <= '0;
    else if (32'(count_q) != LockCycles) count_q <= count_q + 1'b1;
  end

  assign CLKOP    = CLKI;
  assign REFCLK   = CLKI;
  assign LOCK     = 32'(count_q) == LockCycles;
  assign INTLOCK  = LOCK;
  assign CLKINTFB = 1'b0;
  assign {CLKOS, CLKOS2, CLKOS3} = '0;
`endif

endmodule
/* verilator lint_on UNUSEDSIGNAL */
/* verilator lint_on UNUSEDPARAM */
