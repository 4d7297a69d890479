// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One port. Kind: a read during a write gives 0 the old word, 1 the new one, 2 nothing (the last word stays).
module zoo_one #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter int Kind  = 0
) (
  input  logic        clk_i,
  input  logic        we_i,
  input  logic        en_i,
  input  logic [15:0] addr_i,
  input  logic [71:0] data_i,
  output logic [31:0] out_o
);

  localparam int AddrW = $clog2(Depth);
  (* ram_style = "block" *) logic [Width-1:0] mem [Depth];
  logic [Width-1:0] word_q;

  always_ff @(posedge clk_i) if (en_i) begin
    if (we_i) mem[addr_i[AddrW-1:0]] <= data_i[Width-1:0];
    if (Kind == 0 || !we_i) word_q <= mem[addr_i[AddrW-1:0]];
    else if (Kind == 1) word_q <= data_i[Width-1:0];
  end
  assign out_o = 32'(word_q);

endmodule
