// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Bytes onto a wire: a start bit, eight data bits from the lowest on, a stop bit.
module uart_tx #(
  parameter int Divisor = 50  // clock cycles per bit
) (
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       valid_i,
  output logic       ready_o,
  input  logic [7:0] data_i,
  output logic       txd_o
);

  localparam int CountW = $clog2(Divisor);

  logic [CountW-1:0] count_q;
  logic [3:0]        left_q;   // bits that are not finished
  logic [8:0]        shift_q;

  // The wire idles high from the first moment on: low would be a break.
  initial txd_o = 1'b1;

  assign ready_o = left_q == 0;

  always_ff @(posedge clk_i) begin
    if (ready_o) begin
      if (valid_i) begin
        txd_o   <= 1'b0;
        shift_q <= {1'b1, data_i};
        left_q  <= 4'd10;
        count_q <= CountW'(Divisor - 1);
      end
    end else if (count_q != 0) begin
      count_q <= count_q - 1'b1;
    end else begin
      {shift_q, txd_o} <= {1'b1, shift_q};
      left_q           <= left_q - 1'b1;
      count_q          <= CountW'(Divisor - 1);
    end
    if (rst_i) begin
      txd_o  <= 1'b1;
      left_q <= '0;
    end
  end

endmodule
