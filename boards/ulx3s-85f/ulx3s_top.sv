// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip on a ULX3S: its USB serial line, lights, and a button for reset.
module ulx3s_top
  import board_pkg::*;
(
  input  logic       clk_i,      // 25 MHz
  input  logic       rxd_i,
  output logic       txd_o,
  input  logic [6:0] button_i,   // FIRE1, button_i[1], is reset
  output logic [7:0] light_o,
  output logic       wifi_gpio0  // low would let the ESP32 take the board
);

  logic clk, rst;

  ecp5_clock #(.In(PllIn), .Feedback(PllFeedback), .Out(PllOut)) u_clock (
    .osc_i(clk_i), .hold_i(button_i[1]), .clk_o(clk), .rst_o(rst));

  serial_board u_board (.clk_i(clk), .rst_i(rst), .rxd_i, .txd_o, .light_o);

  assign wifi_gpio0 = 1'b1;

  logic unused;
  assign unused = ^{button_i[6:2], button_i[0]};

endmodule
