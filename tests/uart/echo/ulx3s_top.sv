// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A board for the test of the UART alone: it says what it hears. The lights count bytes without a stop bit.
module ulx3s_top #(
  parameter int Divisor = 8
) (
  input  logic       clk_25mhz,
  input  logic       ftdi_txd,
  output logic       ftdi_rxd,
  input  logic [6:0] btn,
  output logic [7:0] led
);

  localparam int Depth = 1024;  // of the bytes that a slower sender has to keep

  logic       rst, rx_valid, rx_error, tx_valid, tx_ready;
  logic [7:0] rx_data;
  logic [9:0] write_q, read_q;
  logic [7:0] mem [Depth];

  reset_sync #(.Cycles(4)) u_reset (.clk_i(clk_25mhz), .hold_i(btn[1]), .rst_o(rst));
  uart_rx #(.Divisor(Divisor)) u_rx (
    .clk_i(clk_25mhz), .rst_i(rst), .rxd_i(ftdi_txd), .valid_o(rx_valid), .data_o(rx_data), .error_o(rx_error));
  uart_tx #(.Divisor(Divisor)) u_tx (
    .clk_i(clk_25mhz), .rst_i(rst), .valid_i(tx_valid), .ready_o(tx_ready), .data_i(mem[read_q]), .txd_o(ftdi_rxd));

  assign tx_valid = write_q != read_q;

  always_ff @(posedge clk_25mhz) begin
    if (rx_valid) mem[write_q] <= rx_data;
    if (rx_valid) write_q <= write_q + 1'b1;
    if (tx_valid && tx_ready) read_q <= read_q + 1'b1;
    if (rx_error) led <= led + 1'b1;
    if (rst) {write_q, read_q, led} <= '0;
  end

endmodule
