// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The clock of a board with an ECP5: a PLL behind the board's oscillator, and a reset until it is locked.
module ecp5_clock #(
  parameter int In       = 1,  // dividers: clk_o = oscillator * Feedback / In, its VCO Out times that
  parameter int Feedback = 2,
  parameter int Out      = 12
) (
  input  logic osc_i,
  input  logic hold_i,  // keeps the reset, at any time; not synchronous
  output logic clk_o,
  output logic rst_o
);

  logic locked;

  // Loop filter and charge pump: what ecppll writes for every frequency. No phase matters, there is one clock.
  /* verilator lint_off PINCONNECTEMPTY */
  (* ICP_CURRENT = "12", LPF_RESISTOR = "8", MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
    .CLKI_DIV(In), .CLKFB_DIV(Feedback), .CLKOP_DIV(Out), .CLKOP_CPHASE((Out - 1) / 2), .FEEDBK_PATH("CLKOP")
  ) u_pll (
    .CLKI(osc_i), .CLKFB(clk_o), .CLKOP(clk_o), .LOCK(locked), .RST(1'b0), .STDBY(1'b0), .PHASESEL0(1'b0),
    .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0),
    .ENCLKOS(1'b0), .ENCLKOS2(1'b0), .ENCLKOS3(1'b0), .CLKOS(), .CLKOS2(), .CLKOS3(), .INTLOCK(), .REFCLK(),
    .CLKINTFB());
  /* verilator lint_on PINCONNECTEMPTY */

  reset_sync u_reset (.clk_i(clk_o), .hold_i(!locked || hold_i), .rst_o(rst_o));

endmodule
