// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Frames from the host: a write is done as soon as its frame has proved whole, then both it and a read are handed on
// to be answered. A frame that is not whole does nothing.
module serial_receiver
  import host_pkg::*;
#(
  parameter int BusW = AddrW  // of an address on the register bus
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              valid_i,      // a byte of a frame
  input  logic [7:0]        data_i,
  input  logic              mark_i,       // the end of a frame, and the beginning of the next
  input  logic              escape_i,     // an escape that escapes nothing
  input  logic              framing_i,    // a byte was lost
  output logic              write_o,      // the register bus
  output logic [BusW-1:0]   addr_o,
  output logic [31:0]       wdata_o,
  output logic [ErrorW-1:0] event_o,
  output logic              command_valid_o,
  input  logic              command_ready_i,
  output logic [7:0]        command_op_o,
  output logic [7:0]        command_tag_o,
  output logic [BusW-1:0]   command_addr_o,
  output logic [4:0]        command_count_o  // words to read; 0 for other operations
);

  localparam int Longest = Head + 4 * Burst + 1;
  localparam int LengthW = $clog2(Longest + 2);
  localparam int IndexW  = $clog2(Burst);

  logic [LengthW-1:0] length_q, words_at;  // bytes so far, one more than Longest where there were more
  logic               lost_q, bent_q, bent, whole, is_read, is_write, straight, ended, taken, run_q;
  logic               judge_q, good_q, lost_now_q, bent_now_q, whole_now_q, read_now_q, write_now_q, straight_now_q;
  logic [7:0]         crc_q, crc_d, op_q, tag_q, count_q;
  logic [23:0]        addr_q, word_q;
  logic [IndexW-1:0]  index_q, last_q;
  logic               we;

  crc8 u_crc (.crc_i(crc_q), .data_i, .crc_o(crc_d));

  // Bytes behind the head are collected to words, four by four; the checksum is one byte too many for another.
  assign words_at = length_q - LengthW'(Head);
  assign we       = valid_i && length_q >= LengthW'(Head) && length_q < LengthW'(Longest - 1) && words_at[1:0] == 2'd3;
  small_ram #(.Width(32), .Depth(Burst)) u_words (
    .clk_i, .we_i(we), .waddr_i(words_at[2+:IndexW]), .wdata_i({data_i, word_q}), .raddr_i(index_q), .rdata_o(wdata_o));

  // At its end mark what it is, and a cycle later, in this order: was every byte received, is the sum right, is it a
  // command, does it name a word?
  assign bent     = bent_q || escape_i;
  assign taken    = run_q || (command_valid_o && command_op_o != OpRefuse);  // a refusal gives way
  assign ended    = mark_i && (length_q != 0 || bent);
  assign whole    = crc_q == 8'h42;
  assign is_read  = op_q == OpRead && length_q == LengthW'(Head + 2) && count_q != 0 && count_q <= 8'(Burst);
  assign is_write = op_q == OpWrite && length_q > LengthW'(Head + 1) && length_q <= LengthW'(Longest)
                    && words_at[1:0] == 2'd1;
  assign straight = addr_q[23:BusW] == 0 && addr_q[1:0] == 0;

  always_ff @(posedge clk_i) begin
    judge_q        <= ended && !rst_i;
    good_q         <= !lost_q && !bent && whole;
    lost_now_q     <= lost_q;
    bent_now_q     <= bent;
    whole_now_q    <= whole;
    read_now_q     <= is_read;
    write_now_q    <= is_write;
    straight_now_q <= straight;
    if (ended && !judge_q && !run_q) last_q <= IndexW'((words_at >> 2) - 1'b1);
  end

  always_comb begin
    event_o               = '0;
    event_o[ErrorFraming] = framing_i;
    if (judge_q && !lost_now_q) begin
      if (bent_now_q) event_o[ErrorMalformed] = 1'b1;
      else if (!whole_now_q) event_o[ErrorChecksum] = 1'b1;
      else if (taken) event_o[ErrorOverrun] = 1'b1;
      else if (!read_now_q && !write_now_q) event_o[ErrorMalformed] = 1'b1;
      else if (!straight_now_q) event_o[ErrorAddress] = 1'b1;
    end
  end

  assign write_o = run_q;

  always_ff @(posedge clk_i) begin
    if (command_ready_i) command_valid_o <= 1'b0;
    if (framing_i) lost_q <= 1'b1;
    if (escape_i) bent_q <= 1'b1;
    if (valid_i) begin
      crc_q <= crc_d;
      if (length_q <= LengthW'(Longest)) length_q <= length_q + 1'b1;
      if (length_q == 0) op_q <= data_i;
      if (length_q == 1) tag_q <= data_i;
      if (length_q > 1 && length_q < LengthW'(Head)) addr_q <= {data_i, addr_q[23:8]};
      if (length_q == LengthW'(Head)) count_q <= data_i;
      word_q <= {data_i, word_q[23:8]};
    end
    if (mark_i) begin
      {length_q, lost_q, bent_q} <= '0;
      crc_q                      <= 8'hff;
    end
    if (judge_q && !taken) begin
      command_valid_o <= 1'b1;
      command_op_o    <= OpRefuse;
      command_tag_o   <= 8'h0;
      command_addr_o  <= BusW'(addr_q);
      command_count_o <= '0;
      if (good_q) begin
        command_tag_o <= tag_q;
        if (straight_now_q && read_now_q) begin
          command_op_o    <= OpRead;
          command_count_o <= 5'(count_q);
        end
        if (straight_now_q && write_now_q) begin
          command_valid_o <= 1'b0;  // behind the last word
          command_op_o    <= OpWrite;
          run_q           <= 1'b1;
          index_q         <= '0;
          addr_o          <= BusW'(addr_q);
        end
      end
    end
    if (run_q) begin
      index_q <= index_q + 1'b1;
      addr_o  <= addr_o + BusW'(4);
      if (index_q == last_q) begin
        run_q           <= 1'b0;
        command_valid_o <= 1'b1;
      end
    end
    if (rst_i) begin
      {length_q, lost_q, bent_q, run_q, command_valid_o} <= '0;
      crc_q                                              <= 8'hff;
    end
  end

endmodule
