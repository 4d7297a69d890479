// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Tokens on their way to the host. A slot holds a token's id and the low bits of its index, of several streams also whose
// it is; indices run freely, modulo 2**32. Reading pops nothing: the host says how far it is done. Nothing is overwritten
// before.
module token_ring
  import host_pkg::*;
#(
  parameter int          Depth      = 512,    // a power of two, at most half of what a slot tells of an index
  parameter logic [31:0] FirstIndex = 32'h0,  // of the first token; another than 0 is for tests
  parameter int          Streams    = 1,      // of the chip: several have a ring each
  parameter int          Stream     = 0,      // whose this one is
  localparam int         SlotA      = $clog2(Depth)
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              put_i,          // only while full_o is low, and not in two cycles in a row
  input  logic [TokenW-1:0] id_i,
  output logic              full_o,         // there was no room for one more
  output logic [31:0]       write_index_o,  // one behind the last token that may be read
  output logic [31:0]       read_index_o,
  input  logic [31:0]       index_i,        // a new read_index_o, a cycle before set_index_i
  output logic              index_ok_o,     // a cycle later: it was between the old one and write_index_o
  input  logic              set_index_i,
  input  logic              set_stream_i,   // with stream_i: push, beginning at read_index_o
  input  logic              stream_i,
  output logic              stream_o,
  output logic [4:0]        push_count_o,   // tokens that can be pushed at once, at most Burst; of two cycles before
  output logic [SlotA-1:0]  push_slot_o,    // the slot of the first
  input  logic              push_i,         // they are being pushed
  input  logic [SlotA-1:0]  raddr_i,
  output logic [31:0]       rdata_o         // one cycle later
);

  logic                 put_q, moved, moved_q;
  logic [SequenceW-1:0] tag;
  logic [31:0] push_index_q, index_q, ahead, behind_q, held_q;
  logic [SlotA:0] to_end;
  logic [4:0]     few_q, count_q;  // ahead, at most Burst; those that are in one piece

  if (Streams > 1) begin : gen_named
    assign tag = {StreamNumberW'(Stream), write_index_o[SequenceW-StreamNumberW-1:0]};
  end else begin : gen_plain
    assign tag = write_index_o[SequenceW-1:0];
  end

  // The index moves behind the slot, so whoever reads the index first reads the slot right.
  block_ram #(.Width(32), .Depth(Depth)) u_slots (
    .clk_i, .we_i(put_i), .waddr_i(SlotA'(write_index_o)), .wdata_i({tag, id_i}),
    .raddr_i, .rdata_o);

  assign index_ok_o   = behind_q <= held_q;
  assign moved        = push_i || set_stream_i;
  assign ahead        = write_index_o - push_index_q + 32'(put_q);
  assign to_end       = (SlotA + 1)'(Depth) - (SlotA + 1)'(push_slot_o);
  assign push_slot_o  = SlotA'(push_index_q);
  assign push_count_o = count_q;

  // All come late, from registers: no put follows another at once, and what is late is told too small; behind a push
  // nothing is told until the count knows of it. A token is told of three cycles behind its put: no later than the end of
  // its request.
  always_ff @(posedge clk_i) begin
    full_o  <= write_index_o - read_index_o + 32'(put_q) >= 32'(Depth);
    few_q   <= ahead < 32'(Burst) ? 5'(ahead) : 5'(Burst);
    moved_q <= moved;
    count_q <= moved || moved_q || !stream_o ? '0 : 32'(to_end) < 32'(few_q) ? 5'(to_end) : few_q;
    put_q <= put_i;
    if (put_q) write_index_o <= write_index_o + 1'b1;
    index_q  <= index_i;
    behind_q <= write_index_o - index_i;
    held_q   <= write_index_o - read_index_o;
    if (set_index_i) read_index_o <= index_q;
    if (push_i) push_index_q <= push_index_q + 32'(push_count_o);
    if (set_stream_i) begin
      stream_o     <= stream_i;
      push_index_q <= read_index_o;
    end
    if (rst_i) begin
      full_o        <= 1'b0;
      few_q         <= '0;
      count_q       <= '0;
      moved_q       <= 1'b0;
      put_q         <= 1'b0;
      write_index_o <= FirstIndex;
      read_index_o  <= FirstIndex;
      push_index_q  <= FirstIndex;
      stream_o      <= 1'b0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (!rst_i && put_i && full_o) $fatal(1, "token_ring: a token was put into a full ring");
    if (!rst_i && put_i && put_q) $fatal(1, "token_ring: tokens were put in two cycles in a row");
  end
`endif

endmodule
