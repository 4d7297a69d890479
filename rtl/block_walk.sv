// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Walks the blocks of the cache once for every head of a layer, or for every group of heads that are mixed together, at
// least Spacing cycles from one to the next.
module block_walk #(
  parameter int Blocks  = 43,
  parameter int Walks   = 8,
  parameter int Group   = 2,   // walks over the same part of the cache
  parameter int AddrW   = 10,
  parameter int Spacing = 6,
  parameter bit Several = 1'b0, // streams: the parity runs on from layer to layer
  localparam int BlockW = $clog2(Blocks + 1),
  localparam int WalkW  = Walks > 1 ? $clog2(Walks) : 1
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              load_i,     // the layer, or the next one, is at:
  input  logic [AddrW-1:0]  base_i,
  input  logic              start_i,    // the first block is on the next cycle
  input  logic [BlockW-1:0] blocks_i,
  output logic              free_o,     // of the next cycle: a layer may start
  output logic              valid_o,
  output logic              last_o,     // block of this walk
  output logic [WalkW-1:0]  walk_o,
  output logic [BlockW:0]   slot_o,     // block, and the walk's parity above it
  output logic [AddrW-1:0]  addr_o
);

  localparam int GroupW = Group > 1 ? $clog2(Group) : 1;
  localparam int CountW = $clog2((Blocks > Spacing ? Blocks : Spacing) + 1);

  logic              busy_q, turn_q, turn_d;
  logic [CountW-1:0] count_q, after_q;  // and one more
  logic [GroupW-1:0] group_q;
  logic [AddrW-1:0]  base_q;
  logic              parity_q;

  assign valid_o = busy_q && count_q < CountW'(blocks_i);
  assign last_o  = busy_q && after_q == CountW'(blocks_i);
  // Whether a walk ends with a cycle is known of the cycle before, and so is whether a layer may start. The first cycle of
  // a walk is never its last.
  assign turn_d  = busy_q && !start_i && !turn_q && (CountW + 1)'(after_q) + 1 >= (CountW + 1)'(blocks_i)
                   && (CountW + 1)'(after_q) + 1 >= (CountW + 1)'(Spacing);
  assign free_o  = !start_i && (turn_q ? walk_o == WalkW'(Walks - 1) : !busy_q || (turn_d && walk_o == WalkW'(Walks - 1)));
  assign slot_o  = {Several ? parity_q : walk_o[0], BlockW'(count_q)};
  assign addr_o  = base_q + AddrW'(count_q);

  always_ff @(posedge clk_i) begin
    turn_q <= turn_d;
    if (start_i) begin
      busy_q  <= 1'b1;
      walk_o  <= '0;
      count_q <= '0;
      after_q <= CountW'(1);
      group_q <= '0;
    end else if (turn_q) begin
      count_q <= '0;
      after_q <= CountW'(1);
      walk_o  <= walk_o + 1'b1;
      group_q <= group_q == GroupW'(Group - 1) ? '0 : group_q + 1'b1;
      if (group_q == GroupW'(Group - 1)) base_q <= base_q + AddrW'(Blocks);
      if (walk_o == WalkW'(Walks - 1)) busy_q <= 1'b0;
    end else if (busy_q) begin
      count_q <= after_q;
      after_q <= after_q + 1'b1;
    end
    if (turn_q) parity_q <= !parity_q;
    if (load_i) base_q <= base_i;
    if (rst_i) begin
      busy_q   <= 1'b0;
      turn_q     <= 1'b0;
      parity_q <= 1'b0;
    end
  end

endmodule
