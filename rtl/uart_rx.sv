// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Bytes from a wire: a start bit, eight data bits from the lowest on, a stop bit. Every bit is sampled in its middle, so
// that the sender's clock may be off by some percent. A start bit that is gone by its middle was a glitch.
module uart_rx #(
  parameter int Divisor = 50  // clock cycles per bit, at least 8
) (
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       rxd_i,    // of any clock
  output logic       valid_o,  // for one cycle
  output logic [7:0] data_o,
  output logic       error_o   // for one cycle: the stop bit was low; the byte is lost
);

  localparam int CountW = $clog2(Divisor);

  typedef enum logic [2:0] {Idle, Start, Data, Stop, Break} state_e;
  state_e            state_q;
  logic [1:0]        sync_q;
  logic              line, sample;
  logic [CountW-1:0] count_q;
  logic [2:0]        bit_q;

  assign line   = sync_q[1];
  assign sample = count_q == 0;

  always_ff @(posedge clk_i) begin
    sync_q  <= {sync_q[0], rxd_i};
    valid_o <= 1'b0;
    error_o <= 1'b0;
    count_q <= sample ? CountW'(Divisor - 1) : count_q - 1'b1;
    unique case (state_q)
      Idle: begin
        count_q <= CountW'(Divisor / 2 - 1);
        if (!line) state_q <= Start;
      end
      Start: if (sample) state_q <= line ? Idle : Data;
      Data: if (sample) begin
        data_o <= {line, data_o[7:1]};
        bit_q  <= bit_q + 1'b1;
        if (&bit_q) state_q <= Stop;
      end
      Stop: if (sample) begin
        valid_o <= line;
        error_o <= !line;
        state_q <= line ? Idle : Break;
      end
      default: if (line) state_q <= Idle;  // Break: nothing begins before the line is idle
    endcase
    if (rst_i) begin
      state_q <= Break;
      bit_q   <= '0;
    end
  end

endmodule
