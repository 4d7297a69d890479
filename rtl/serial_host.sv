// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A serial line in front of the engine: what a board without a processor puts between its pins and the chip.
module serial_host
  import host_pkg::*, plan_pkg::*;
#(
  parameter int          Divisor       = 50,     // clock cycles per bit
  parameter bit          LogitWindow   = 1'b1,   // keep the last logits for the host
  parameter int          RingDepth     = 512,
  parameter logic [31:0] FirstIndex    = 32'h0,
  parameter logic [31:0] Id            = 32'h0,
  parameter logic [31:0] ClockKhz      = 32'd50_000,
  localparam int         BusW          = AddrW + $clog2(Streams)
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    rxd_i,         // from the host
  output logic                    txd_o,
  output logic [Streams-1:0][7:0] status_o,      // the registers
  output logic                    engine_rst_o,  // the engine's ports, from here on
  output logic [Streams-1:0]      request_valid_o,
  output request_t [Streams-1:0]  request_o,
  input  progress_t [Streams-1:0] progress_i,
  output logic [Streams-1:0]      prompt_valid_o,
  input  logic [Streams-1:0]      prompt_ready_i,
  output prompt_t [Streams-1:0]   prompt_o,
  input  logic [Streams-1:0]      token_valid_i,
  input  token_t [Streams-1:0]    token_i,
  input  logic                    logits_valid_i,
  input  logits_t                 logits_i,
  output logic [12:0]             trace_addr_o,
  input  logic [31:0]             trace_data_i
);

  logic              read, write, rvalid, unused_irq;
  logic [BusW-1:0]   addr;
  logic [31:0]       wdata, rdata;
  logic [ErrorW-1:0] events;  // of the line, which is no stream's: they stand with the first
  logic [Streams-1:0]           push, done;
  logic [Streams-1:0][BusW-1:0] push_addr;
  logic [Streams-1:0][4:0]      push_count;

  serial_link #(.Divisor(Divisor), .Streams(Streams), .BusW(BusW)) u_link (
    .clk_i, .rst_i, .rxd_i, .txd_o, .read_o(read), .write_o(write), .addr_o(addr), .wdata_o(wdata), .rvalid_i(rvalid),
    .rdata_i(rdata), .event_o(events), .status_i(status_o), .push_count_i(push_count), .push_addr_i(push_addr),
    .push_o(push), .done_i(done));

  host_streams #(
    .LogitWindow(LogitWindow), .RingDepth(RingDepth), .FirstIndex(FirstIndex), .Id(Id), .ClockKhz(ClockKhz)
  ) u_registers (
    .clk_i, .rst_i, .read_i(read), .write_i(write), .addr_i(addr), .wdata_i(wdata), .rvalid_o(rvalid),
    .rdata_o(rdata), .event_i((Streams * ErrorW)'(events)), .status_o, .irq_o(unused_irq), .push_count_o(push_count),
    .push_addr_o(push_addr), .push_i(push), .done_o(done), .engine_rst_o, .request_valid_o, .request_o, .progress_i,
    .prompt_valid_o, .prompt_ready_i, .prompt_o, .token_valid_i, .token_i, .logits_valid_i, .logits_i, .trace_addr_o,
    .trace_data_i);

endmodule
