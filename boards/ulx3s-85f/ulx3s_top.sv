// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip on a ULX3S: a clock from the oscillator, a reset, the USB serial line, lights. Parameters are in board_pkg,
// which is generated beside it.
module ulx3s_top
  import host_pkg::*, plan_pkg::*, board_pkg::*;
(
  input  logic       clk_25mhz,
  input  logic       ftdi_txd,   // named as the FTDI chip names them: this one it drives
  output logic       ftdi_rxd,
  input  logic [6:0] btn,        // FIRE1, btn[1], is reset
  output logic [7:0] led,
  output logic       wifi_gpio0  // low would let the ESP32 take the board
);

  logic clk, locked, rst;

  // Loop filter and charge pump: what ecppll writes for every frequency. No phase matters, there is one clock.
  /* verilator lint_off PINCONNECTEMPTY */
  (* FREQUENCY_PIN_CLKI = "25", ICP_CURRENT = "12", LPF_RESISTOR = "8", MFG_ENABLE_FILTEROPAMP = "1",
     MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
    .CLKI_DIV(PllIn), .CLKFB_DIV(PllFeedback), .CLKOP_DIV(PllOut), .CLKOP_CPHASE((PllOut - 1) / 2),
    .FEEDBK_PATH("CLKOP")
  ) u_pll (
    .CLKI(clk_25mhz), .CLKFB(clk), .CLKOP(clk), .LOCK(locked), .RST(1'b0), .STDBY(1'b0), .PHASESEL0(1'b0),
    .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0),
    .ENCLKOS(1'b0), .ENCLKOS2(1'b0), .ENCLKOS3(1'b0), .CLKOS(), .CLKOS2(), .CLKOS3(), .INTLOCK(), .REFCLK(),
    .CLKINTFB());
  /* verilator lint_on PINCONNECTEMPTY */

  reset_sync u_reset (.clk_i(clk), .hold_i(!locked || btn[1]), .rst_o(rst));

  logic        engine_rst, request_valid, prompt_valid, prompt_ready, token_valid, logits_valid, unused_fetch;
  request_t    request;
  progress_t   progress;
  prompt_t     prompt;
  token_t      token;
  logits_t     logits;
  logic [7:0]  status;
  logic [12:0] trace_addr;
  logic [31:0] trace_data;

  hardwire_top u_chip (
    .clk_i(clk), .rst_i(engine_rst), .request_valid_i(request_valid), .request_i(request), .progress_o(progress),
    .fetch_o(unused_fetch), .load_valid_i(1'b0), .load_data_i('0), .prompt_valid_i(prompt_valid),
    .prompt_ready_o(prompt_ready), .prompt_i(prompt), .token_valid_o(token_valid), .token_ready_i(1'b1),
    .token_o(token), .logits_valid_o(logits_valid), .logits_o(logits), .trace_addr_i(trace_addr),
    .trace_data_o(trace_data));

  serial_host #(
    .Divisor(Divisor), .LogitWindow(LogitWindow), .RingDepth(RingDepth), .FirstIndex(FirstIndex), .Id(Id),
    .ClockKhz(ClockKhz)
  ) u_host (
    .clk_i(clk), .rst_i(rst), .rxd_i(ftdi_txd), .txd_o(ftdi_rxd), .status_o(status), .engine_rst_o(engine_rst),
    .request_valid_o(request_valid), .request_o(request), .progress_i(progress), .prompt_valid_o(prompt_valid),
    .prompt_ready_i(prompt_ready), .prompt_o(prompt), .token_valid_i(token_valid), .token_i(token),
    .logits_valid_i(logits_valid), .logits_i(logits), .trace_addr_o(trace_addr), .trace_data_i(trace_data));

  // Lights: 0 alive, 1 busy, 2 the ring is full, 3 an error stands, 4 a token is pending, 5 tokens are pushed,
  // 6 from the host, 7 to the host.
  localparam int BlinkW = 25;
  logic [BlinkW-1:0] blink_q;
  initial blink_q = '0;
  always_ff @(posedge clk) begin
    blink_q <= blink_q + 1'b1;
    led     <= {!ftdi_rxd, !ftdi_txd, status[StatusStream], status[StatusPending], status[StatusError],
                status[StatusStalled], status[StatusBusy], blink_q[BlinkW-1] && !rst};
  end

  assign wifi_gpio0 = 1'b1;

  logic unused;
  assign unused = ^{btn[6:2], btn[0], status[6:4], unused_fetch};

endmodule
