// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip on an ECPIX-5: the serial line of its USB debugger, eight of its lights, and its reset button.
module ecpix5_top
  import board_pkg::*;
(
  input  logic       clk_i,     // 100 MHz
  input  logic       rxd_i,
  output logic       txd_o,
  input  logic [0:0] button_i,  // reset; low when pressed
  output logic [7:0] light_o    // red and green of the four RGB lights; low is lit
);

  logic       clk, rst;
  logic [7:0] lights;

  ecp5_clock #(.In(PllIn), .Feedback(PllFeedback), .Out(PllOut)) u_clock (
    .osc_i(clk_i), .hold_i(!button_i[0]), .clk_o(clk), .rst_o(rst));

  serial_board u_board (.clk_i(clk), .rst_i(rst), .rxd_i, .txd_o, .light_o(lights));

  assign light_o = ~lights;

endmodule
