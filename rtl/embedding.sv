// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Fetches a token's row, a group of entries per cycle, and the row's multiplier.
module embedding #(
  parameter int Groups = 8,
  parameter int Bits   = 8,
  parameter int Vocab  = 512,
  parameter int Words  = 8,   // groups per row
  parameter     Folder = "",
  localparam int IdW   = $clog2(Vocab),
  localparam int AddrW = $clog2(Vocab * Words)
) (
  input  logic                         clk_i,
  input  logic                         rst_i,
  input  logic                         start_i,
  input  logic [IdW-1:0]               id_i,          // held while the row is fetched
  output logic                         valid_o,       // a group is read; it is there a cycle later
  output logic [Groups-1:0][Bits-1:0]  row_o,
  output logic [16:0]                  multiplier_o   // from the first group on
);

  localparam int CountW = $clog2(Words + 1);
  logic [CountW-1:0] left_q;
  logic [AddrW-1:0]  addr_q;

  assign valid_o = left_q != 0;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      left_q <= CountW'(Words);
      addr_q <= AddrW'(id_i) * AddrW'(Words);
    end else if (valid_o) begin
      left_q <= left_q - 1'b1;
      addr_q <= addr_q + 1'b1;
    end
    if (rst_i) left_q <= '0;
  end

  rom #(.Width(Groups * Bits), .Depth(Vocab * Words), .File({Folder, "embedding.hex"})) u_rows (
    .clk_i, .en_i(1'b1), .addr_i(addr_q), .data_o(row_o));
  rom #(.Width(17), .Depth(Vocab), .File({Folder, "embedding_multiplier.hex"})) u_multipliers (
    .clk_i, .en_i(1'b1), .addr_i(id_i), .data_o(multiplier_o));

endmodule
