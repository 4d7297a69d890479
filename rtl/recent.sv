// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Which positions of a block a sliding window has not left behind: all, where no layer has a window.
module recent #(
  parameter int Banks    = 12,
  parameter int Blocks   = 43,
  parameter bit Windowed = 1'b0,
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1,
  localparam int BlockW = $clog2(Blocks + 1)
) (
  input  logic              clk_i,
  input  logic [BlockW-1:0] block_i,
  input  logic [BlockW-1:0] from_block_i,  // where the window begins; held
  input  logic [BankW-1:0]  from_bank_i,
  output logic [Banks-1:0]  seen_o         // a cycle after block_i
);

  if (Windowed) begin : gen_window
    logic [BlockW-1:0] block_q;
    always_ff @(posedge clk_i) block_q <= block_i;
    assign seen_o = block_q > from_block_i ? '1 : block_q == from_block_i ? {Banks{1'b1}} << from_bank_i : '0;
  end else begin : gen_all
    logic unused;
    assign seen_o = '1;
    assign unused = ^{clk_i, block_i, from_block_i, from_bank_i};
  end

endmodule
