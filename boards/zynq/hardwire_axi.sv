// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip behind one AXI4-Lite slave, and an interrupt. Parameters are in board_pkg, which is generated beside it.
module hardwire_axi
  import host_pkg::*, plan_pkg::*, board_pkg::*;
#(
  localparam int BusW = AddrW + $clog2(Streams)  // the upper bits of an address name a stream
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [BusW-1:0]  awaddr_i,
  input  logic             awvalid_i,
  output logic             awready_o,
  input  logic [31:0]      wdata_i,
  input  logic [3:0]       wstrb_i,
  input  logic             wvalid_i,
  output logic             wready_o,
  output logic             bvalid_o,
  input  logic             bready_i,
  input  logic [BusW-1:0]  araddr_i,
  input  logic             arvalid_i,
  output logic             arready_o,
  output logic [31:0]      rdata_o,
  output logic             rvalid_o,
  input  logic             rready_i,
  output logic             irq_o      // a level
);

  logic              rst, read, write, rvalid, engine_rst, logits_valid;
  logic [BusW-1:0]   addr;
  logic [31:0]       wdata, rdata, trace_data;
  logic [ErrorW-1:0] events;
  logic [12:0]       trace_addr;
  logits_t           logits;
  logic [Streams-1:0]             request_valid, prompt_valid, prompt_ready, token_valid, unused_fetch, unused_done;
  logic [Streams-1:0][ErrorW-1:0] event_of;
  logic [Streams-1:0][7:0]        unused_status;
  logic [Streams-1:0][4:0]        unused_push_count;
  logic [Streams-1:0][BusW-1:0]   unused_push_addr;
  request_t [Streams-1:0]         request;
  progress_t [Streams-1:0]        progress;
  prompt_t [Streams-1:0]          prompt;
  token_t [Streams-1:0]           token;

  always_ff @(posedge clk_i) rst <= !rst_ni;

  axi_lite #(.BusW(BusW)) u_axi (
    .clk_i, .rst_i(rst || !rst_ni), .awaddr_i, .awvalid_i, .awready_o, .wdata_i, .wstrb_i, .wvalid_i, .wready_o,
    .bvalid_o, .bready_i, .araddr_i, .arvalid_i, .arready_o, .rdata_o, .rvalid_o, .rready_i, .read_o(read),
    .write_o(write), .addr_o(addr), .bus_wdata_o(wdata), .bus_rvalid_i(rvalid), .bus_rdata_i(rdata), .event_o(events));

  // What came with an address is that stream's.
  if (Streams > 1) begin : gen_events
    always_comb
      for (int s = 0; s < Streams; s++) event_of[s] = 32'(addr[BusW-1:AddrW]) == s ? events : '0;
  end else begin : gen_event
    assign event_of = events;
  end

  host_streams #(
    .LogitWindow(LogitWindow), .RingDepth(RingDepth), .FirstIndex(FirstIndex), .Id(Id), .ClockKhz(ClockKhz)
  ) u_registers (
    .clk_i, .rst_i(rst), .read_i(read), .write_i(write), .addr_i(addr), .wdata_i(wdata), .rvalid_o(rvalid),
    .rdata_o(rdata), .event_i(event_of), .status_o(unused_status), .irq_o, .push_count_o(unused_push_count),
    .push_addr_o(unused_push_addr), .push_i('0), .done_o(unused_done), .engine_rst_o(engine_rst),
    .request_valid_o(request_valid), .request_o(request), .progress_i(progress), .prompt_valid_o(prompt_valid),
    .prompt_ready_i(prompt_ready), .prompt_o(prompt), .token_valid_i(token_valid), .token_i(token),
    .logits_valid_i(logits_valid), .logits_i(logits), .trace_addr_o(trace_addr), .trace_data_i(trace_data));

  hardwire_top u_chip (
    .clk_i, .rst_i(engine_rst), .request_valid_i(request_valid), .request_i(request), .progress_o(progress),
    .fetch_o(unused_fetch), .load_valid_i(1'b0), .load_data_i('0), .prompt_valid_i(prompt_valid),
    .prompt_ready_o(prompt_ready), .prompt_i(prompt), .token_valid_o(token_valid), .token_ready_i('1),
    .token_o(token), .logits_valid_o(logits_valid), .logits_o(logits), .trace_addr_i(trace_addr),
    .trace_data_o(trace_data));

  logic unused;
  assign unused = ^{unused_status, unused_push_count, unused_push_addr, unused_fetch, unused_done};

endmodule
