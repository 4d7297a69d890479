// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Simulation only: in place of the Verilog that Vitis HLS makes of hls/core.hpp, the same C++, at the same ports.
//
// Values come from the C++; time does not: every handshake pauses at random, so that nothing can lean on a latency.
module hardwire_chip_core (
  input  logic         ap_clk,
  input  logic         ap_rst_n,
  input  logic [151:0] command_TDATA,
  input  logic         command_TVALID,
  output logic         command_TREADY,
  output logic [31:0]  logits_TDATA,
  output logic         logits_TVALID,
  input  logic         logits_TREADY,
  output logic [31:0]  token_TDATA,
  output logic         token_TVALID,
  input  logic         token_TREADY
);

  import "DPI-C" context function int hw_core_run(input bit [151:0] command, output int logits);
  import "DPI-C" context function int hw_core_logit(input int index);

  localparam int Brief = 145;

  typedef enum logic [1:0] {Idle, Logits, Token} state_e;
  state_e      state_q;
  int          count_q, index_q, drawn_q;
  logic [31:0] noise_q;

  function automatic logic [31:0] shuffled(input logic [31:0] x);  // xorshift
    logic [31:0] y;
    y = x ^ (x << 13);
    y = y ^ (y >> 17);
    return y ^ (y << 5);
  endfunction

  assign command_TREADY = ap_rst_n && state_q == Idle && noise_q[0];

  always_ff @(posedge ap_clk) begin
    noise_q <= shuffled(noise_q);
    unique case (state_q)
      Idle: begin
        if (command_TVALID && command_TREADY) begin
          int count;
          drawn_q <= hw_core_run(command_TDATA, count);
          count_q <= count;
          index_q <= 0;
          state_q <= command_TDATA[Brief] ? Token : Logits;
        end
      end
      Logits: begin
        if (logits_TVALID && logits_TREADY) logits_TVALID <= 1'b0;
        if (!logits_TVALID || logits_TREADY) begin
          if (index_q == count_q) begin
            state_q <= Token;
          end else if (noise_q[1:0] != 0) begin
            logits_TVALID <= 1'b1;
            logits_TDATA  <= hw_core_logit(index_q);
            index_q       <= index_q + 1;
          end
        end
      end
      default: begin
        if (token_TVALID && token_TREADY) begin
          token_TVALID <= 1'b0;
          state_q      <= Idle;
        end else if (!token_TVALID && noise_q[3:0] == 0) begin
          token_TVALID <= 1'b1;
          token_TDATA  <= drawn_q;
        end
      end
    endcase
    if (!ap_rst_n) begin
      state_q       <= Idle;
      logits_TVALID <= 1'b0;
      token_TVALID  <= 1'b0;
      if (noise_q == 0) noise_q <= 32'h9e3779b9;
    end
  end

endmodule
