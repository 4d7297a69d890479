// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Where a position lies in the cache, and how long attention takes there.
module position #(
  parameter int Banks   = 12,
  parameter int Blocks  = 43,
  parameter int Walks   = 8,  // of the cache per layer: heads, or groups of heads that are mixed together
  parameter int Spacing = 4,
  parameter int Slack   = 0,  // cycles of attention that pass beside other work
  parameter int SpanW   = 12,
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1,
  localparam int BlockW = $clog2(Blocks + 1)
) (
  input  logic              clk_i,
  input  logic              clear_i,
  input  logic              next_i,
  output logic [BankW-1:0]  bank_o,
  output logic [BlockW-1:0] blocks_o,  // in use, this position's included
  output logic [SpanW-1:0]  span_o     // (Walks - 1) * max(blocks, Spacing) + 2 * (blocks - 1), less Slack, at least 0
);

  logic [SpanW-1:0] span_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      bank_o   <= '0;
      blocks_o <= BlockW'(1);
      span_q   <= SpanW'((Walks - 1) * Spacing);
    end else if (next_i) begin
      if (bank_o == BankW'(Banks - 1)) begin
        bank_o   <= '0;
        blocks_o <= blocks_o + 1'b1;
        span_q   <= span_q + (32'(blocks_o) >= Spacing ? SpanW'(Walks + 1) : SpanW'(2));
      end else begin
        bank_o <= bank_o + 1'b1;
      end
    end
  end

  if (Slack > 0) begin : gen_slack
    // Long before it is asked for.
    always_ff @(posedge clk_i) span_o <= span_q > SpanW'(Slack) ? span_q - SpanW'(Slack) : '0;
  end else begin : gen_all
    assign span_o = span_q;
  end

endmodule
