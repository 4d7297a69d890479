// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A board for the test of the UART alone: it says what it hears. The lights count bytes without a stop bit.
module echo_top #(
  parameter int Divisor = 8
) (
  input  logic       clk_i,
  input  logic       rxd_i,
  output logic       txd_o,
  input  logic [6:0] button_i,
  output logic [7:0] light_o
);

  localparam int Depth = 1024;  // of the bytes that a slower sender has to keep

  logic       rst, rx_valid, rx_error, tx_valid, tx_ready;
  logic [7:0] rx_data;
  logic [9:0] write_q, read_q;
  logic [7:0] mem [Depth];

  reset_sync #(.Cycles(4)) u_reset (.clk_i(clk_i), .hold_i(button_i[1]), .rst_o(rst));
  uart_rx #(.Divisor(Divisor)) u_rx (
    .clk_i(clk_i), .rst_i(rst), .rxd_i(rxd_i), .valid_o(rx_valid), .data_o(rx_data), .error_o(rx_error));
  uart_tx #(.Divisor(Divisor)) u_tx (
    .clk_i(clk_i), .rst_i(rst), .valid_i(tx_valid), .ready_o(tx_ready), .data_i(mem[read_q]), .txd_o(txd_o));

  assign tx_valid = write_q != read_q;

  always_ff @(posedge clk_i) begin
    if (rx_valid) mem[write_q] <= rx_data;
    if (rx_valid) write_q <= write_q + 1'b1;
    if (tx_valid && tx_ready) read_q <= read_q + 1'b1;
    if (rx_error) light_o <= light_o + 1'b1;
    if (rst) {write_q, read_q, light_o} <= '0;
  end

endmodule
