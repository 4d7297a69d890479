// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Fetches a token's row, and that of its position where positions have rows: some entries per cycle, and the multiplier
// of the row they belong to.
module embedding #(
  parameter int Rows      = 8,
  parameter int Bits      = 8,
  parameter int Vocab     = 512,
  parameter int Words     = 8,   // reads of a row
  parameter int Positions = 0,   // rows of positions, behind those of tokens
  parameter     Folder    = "",
  localparam int IdW       = $clog2(Vocab),
  localparam int Entries   = Vocab + Positions,
  localparam int EntryW    = $clog2(Entries),
  localparam int AddrW     = $clog2(Entries * Words),
  localparam int PositionW = Positions > 1 ? $clog2(Positions) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_i,
  input  logic                         start_i,       // the first read, of id_i a cycle later
  input  logic [IdW-1:0]               id_i,          // held from then on
  input  logic [PositionW-1:0]         position_i,    // held
  output logic                         read_o,        // a read; its row is there two cycles later
  output logic [Rows-1:0][Bits-1:0]    row_o,
  output logic [16:0]                  multiplier_o
);

  localparam int CountW = $clog2(Words + 1);

  logic              second_q, busy_q, read_q;
  logic [CountW-1:0] count_q, offset_q;
  logic [EntryW-1:0] entry;

  assign read_o = start_i || busy_q;

  always_ff @(posedge clk_i) begin
    read_q   <= read_o;
    offset_q <= start_i ? '0 : count_q;
    if (start_i) begin
      busy_q   <= Words > 1 || Positions > 0;
      second_q <= 1'b0;
      count_q  <= CountW'(1);
      if (Words == 1) begin
        count_q  <= '0;
        second_q <= Positions > 0;
      end
    end else if (busy_q) begin
      count_q <= count_q + 1'b1;
      if (count_q == CountW'(Words - 1)) begin
        count_q  <= '0;
        second_q <= 1'b1;
        busy_q   <= Positions > 0 && !second_q;
      end
    end
    if (rst_i) busy_q <= 1'b0;
  end

  // A cycle behind the count: the id has arrived.
  logic second_dq;
  always_ff @(posedge clk_i) second_dq <= start_i ? 1'b0 : second_q;
  if (Positions > 0) begin : gen_position
    assign entry = second_dq ? EntryW'(Vocab) + EntryW'(position_i) : EntryW'(id_i);
  end else begin : gen_token
    assign entry = EntryW'(id_i);
    logic unused;
    assign unused = ^{position_i, second_dq};
  end

  rom #(.Width(Rows * Bits), .Depth(Entries * Words), .File({Folder, "embedding.hex"})) u_rows (
    .clk_i, .en_i(read_q), .addr_i(AddrW'(32'(entry) * Words + 32'(offset_q))), .data_o(row_o));
  rom #(.Width(17), .Depth(Entries), .File({Folder, "embedding_multiplier.hex"})) u_multipliers (
    .clk_i, .en_i(read_q), .addr_i(entry), .data_o(multiplier_o));

endmodule
