// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A serial line in front of the engine: what a board without a processor puts between its pins and the chip.
module serial_host
  import engine_pkg::*, host_pkg::*;
#(
  parameter int          Divisor       = 50,     // clock cycles per bit
  parameter int          Vocab         = 512,
  parameter int          Context       = 512,
  parameter int          Stops         = 8,
  parameter int          Rows          = 8,
  parameter int          LogitW        = 16,
  parameter int          LogitFraction = 10,
  parameter bit          LogitWindow   = 1'b1,   // keep the last logits for the host
  parameter int          Segments      = 0,      // of the engine's trace, if it has one
  parameter int          RingDepth     = 512,
  parameter logic [31:0] FirstIndex    = 32'h0,
  parameter logic [31:0] Id            = 32'h0,
  parameter logic [31:0] ClockKhz      = 32'd50_000,
  localparam int IdW       = $clog2(Vocab),
  localparam int PositionW = $clog2(Context + 1),
  localparam int Words     = (Vocab + Rows - 1) / Rows,
  localparam int RowA      = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic                          rxd_i,         // from the host
  output logic                          txd_o,
  output logic [7:0]                    status_o,      // the register
  output logic                          engine_rst_o,  // the engine's ports, from here on
  output logic                          request_o,
  output logic                          clear_o,
  output logic [31:0]                   budget_o,
  output logic [63:0]                   seed_o,
  output logic [16:0]                   inverse_o,
  output logic [Stops-1:0]              stop_valid_o,
  output logic [Stops-1:0][IdW-1:0]     stop_o,
  input  logic                          busy_i,
  input  status_e                       status_i,
  input  logic [PositionW-1:0]          position_i,
  output logic                          prompt_valid_o,
  input  logic                          prompt_ready_i,
  output logic [IdW-1:0]                prompt_id_o,
  output logic                          prompt_last_o,
  input  logic                          token_valid_i,
  input  logic [IdW-1:0]                token_id_i,
  input  logic                          logit_valid_i,
  input  logic [RowA-1:0]               logit_addr_i,
  input  logic [Rows-1:0][LogitW-1:0]   logit_i,
  output logic [12:0]                   trace_addr_o,
  input  logic [31:0]                   trace_data_i
);

  logic              read, write, rvalid, push, done, unused_irq;
  logic [AddrW-1:0]  addr, push_addr;
  logic [31:0]       wdata, rdata;
  logic [ErrorW-1:0] events;
  logic [4:0]        push_count;

  serial_link #(.Divisor(Divisor)) u_link (
    .clk_i, .rst_i, .rxd_i, .txd_o, .read_o(read), .write_o(write), .addr_o(addr), .wdata_o(wdata), .rvalid_i(rvalid),
    .rdata_i(rdata), .event_o(events), .status_i(status_o), .push_count_i(push_count), .push_addr_i(push_addr),
    .push_o(push), .done_i(done));

  host_registers #(
    .Vocab(Vocab), .Context(Context), .Stops(Stops), .Rows(Rows), .LogitW(LogitW), .LogitFraction(LogitFraction),
    .LogitWindow(LogitWindow), .Segments(Segments), .RingDepth(RingDepth), .FirstIndex(FirstIndex), .Id(Id),
    .ClockKhz(ClockKhz)
  ) u_registers (
    .clk_i, .rst_i, .read_i(read), .write_i(write), .addr_i(addr), .wdata_i(wdata), .rvalid_o(rvalid),
    .rdata_o(rdata), .event_i(events), .status_o,
    .irq_o(unused_irq), .push_count_o(push_count), .push_addr_o(push_addr), .push_i(push),
    .done_o(done), .engine_rst_o, .request_o, .clear_o, .budget_o, .seed_o, .inverse_o, .stop_valid_o, .stop_o,
    .busy_i, .status_i, .position_i, .prompt_valid_o, .prompt_ready_i, .prompt_id_o, .prompt_last_o,
    .token_valid_i, .token_id_i, .logit_valid_i, .logit_addr_i, .logit_i, .trace_addr_o, .trace_data_i);

endmodule
