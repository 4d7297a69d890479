// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A serial line in front of the register map: bytes to frames to the register bus, and back.
module serial_link
  import host_pkg::*;
#(
  parameter int Divisor = 50,    // clock cycles per bit
  parameter int Streams = 1,
  parameter int BusW    = AddrW  // of an address on the register bus
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              rxd_i,         // from the host
  output logic              txd_o,
  output logic              read_o,        // the register bus
  output logic              write_o,
  output logic [BusW-1:0]   addr_o,
  output logic [31:0]       wdata_o,
  input  logic              rvalid_i,
  input  logic [31:0]       rdata_i,
  output logic [ErrorW-1:0] event_o,
  input  logic [Streams-1:0][7:0]      status_i,
  input  logic [Streams-1:0][4:0]      push_count_i,
  input  logic [Streams-1:0][BusW-1:0] push_addr_i,
  output logic [Streams-1:0]           push_o,
  input  logic [Streams-1:0]           done_i
);

  logic             rx_valid, rx_error, in_valid, in_mark, in_escape, out_valid, out_ready, out_mark;
  logic             valid_q, mark_q, escape_q, framing_q;
  logic [7:0]       data_q;
  logic [ErrorW-1:0] events;
  logic             sent_valid, sent_ready, sent_mark;
  logic [7:0]       sent;
  logic             tx_valid, tx_ready, command_valid, command_ready, read, write;
  logic [7:0]       rx_data, in_data, out_data, tx_data, command_op, command_tag;
  logic [BusW-1:0]  command_addr, write_addr, read_addr;
  logic [4:0]       command_count;
  logic [31:0]      wdata;

  uart_rx #(.Divisor(Divisor)) u_rx (
    .clk_i, .rst_i, .rxd_i, .valid_o(rx_valid), .data_o(rx_data), .error_o(rx_error));

  slip_decoder u_decoder (
    .clk_i, .rst_i, .valid_i(rx_valid), .data_i(rx_data), .valid_o(in_valid), .data_o(in_data), .mark_o(in_mark),
    .error_o(in_escape));

  // What a byte is, what it makes of a frame, and what an error then does in the registers are a cycle each.
  always_ff @(posedge clk_i) begin
    {valid_q, mark_q, escape_q, framing_q} <= rst_i ? '0 : {in_valid, in_mark, in_escape, rx_error};
    data_q                                 <= in_data;
    event_o                                <= rst_i ? '0 : events;
  end

  serial_receiver #(.BusW(BusW)) u_receiver (
    .clk_i, .rst_i, .valid_i(valid_q), .data_i(data_q), .mark_i(mark_q), .escape_i(escape_q),
    .framing_i(framing_q), .write_o(write), .addr_o(write_addr), .wdata_o(wdata), .event_o(events), .command_valid_o(command_valid),
    .command_ready_i(command_ready), .command_op_o(command_op), .command_tag_o(command_tag),
    .command_addr_o(command_addr), .command_count_o(command_count));

  serial_sender #(.Streams(Streams), .BusW(BusW)) u_sender (
    .clk_i, .rst_i, .command_valid_i(command_valid), .command_ready_o(command_ready), .command_op_i(command_op),
    .command_tag_i(command_tag), .command_addr_i(command_addr), .command_count_i(command_count), .push_count_i,
    .push_addr_i, .push_o, .done_i, .status_i, .read_o(read), .grant_i(!write), .addr_o(read_addr), .rvalid_i,
    .rdata_i, .valid_o(sent_valid), .ready_i(sent_ready), .mark_o(sent_mark), .data_o(sent));

  // A byte waits here: whether the wire takes it is not in front of what the sender does next. Bytes of a wire are many
  // cycles long, so every second cycle would do.
  assign sent_ready = !out_valid;
  always_ff @(posedge clk_i) begin
    if (sent_valid && sent_ready) begin
      out_valid <= 1'b1;
      out_mark  <= sent_mark;
      out_data  <= sent;
    end else if (out_ready) begin
      out_valid <= 1'b0;
    end
    if (rst_i) out_valid <= 1'b0;
  end

  slip_encoder u_encoder (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_o(out_ready), .mark_i(out_mark), .data_i(out_data),
    .valid_o(tx_valid), .ready_i(tx_ready), .data_o(tx_data));

  uart_tx #(.Divisor(Divisor)) u_tx (
    .clk_i, .rst_i, .valid_i(tx_valid), .ready_o(tx_ready), .data_i(tx_data), .txd_o);

  // One bus for both; writes, of which there are a few behind each other at most, go first. It starts at a register, as
  // what decides on a command and what it then does in the registers are both long.
  always_ff @(posedge clk_i) begin
    read_o  <= read && !write;
    write_o <= write;
    addr_o  <= write ? write_addr : read_addr;
    wdata_o <= wdata;
    if (rst_i) begin
      read_o  <= 1'b0;
      write_o <= 1'b0;
    end
  end

endmodule
