// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The register maps of all streams, one behind the other: the bits of an address above AddrW name the stream. Each has
// requests, a ring, counters and sticky errors of its own, so nothing that is done to one, or left undone, holds up
// another. Requests of different streams run in the engine at once.
module host_streams
  import host_pkg::*, plan_pkg::*;
#(
  parameter bit          LogitWindow   = 1'b1,
  parameter int          RingDepth     = 512,
  parameter logic [31:0] FirstIndex    = 32'h0,
  parameter logic [31:0] Id            = 32'h0,
  parameter logic [31:0] ClockKhz      = 32'd50_000,
  localparam int         BusW          = AddrW + $clog2(Streams)
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           read_i,
  input  logic                           write_i,
  input  logic [BusW-1:0]                addr_i,        // a multiple of 4
  input  logic [31:0]                    wdata_i,
  output logic                           rvalid_o,      // three cycles after read_i
  output logic [31:0]                    rdata_o,
  input  logic [Streams-1:0][ErrorW-1:0] event_i,       // errors of the transport, by their bit of the register
  output logic [Streams-1:0][7:0]        status_o,      // the registers
  output logic                           irq_o,         // a level: that of any
  output logic [Streams-1:0][4:0]        push_count_o,  // of the token rings
  output logic [Streams-1:0][BusW-1:0]   push_addr_o,
  input  logic [Streams-1:0]             push_i,
  output logic [Streams-1:0]             done_o,        // a request ends, or ended before the stream began
  output logic                           engine_rst_o,  // the engine's ports, from here on
  output logic [Streams-1:0]             request_valid_o,
  output request_t [Streams-1:0]         request_o,
  input  progress_t [Streams-1:0]        progress_i,
  output logic [Streams-1:0]             prompt_valid_o,
  input  logic [Streams-1:0]             prompt_ready_i,
  output prompt_t [Streams-1:0]          prompt_o,
  input  logic [Streams-1:0]             token_valid_i,
  input  token_t [Streams-1:0]           token_i,
  input  logic                           logits_valid_i,
  input  logits_t                        logits_i,
  output logic [12:0]                    trace_addr_o,
  input  logic [31:0]                    trace_data_i   // a cycle later
);

  logic [Streams-1:0]            named, rvalid, irq, engine_rst;
  logic [Streams-1:0][31:0]      rdata;
  logic [Streams-1:0][AddrW-1:0] push_addr;
  logic [Streams-1:0][12:0]      trace_addr;
  logic [AddrW-1:0]              addr;

  // An address of no stream is one of no register of the first.
  if (Streams > 1) begin : gen_named
    localparam logic [AddrW-1:0] Nowhere = AddrW'((1 << RegistersA) - 4);
    logic [BusW-AddrW-1:0] stream;
    assign stream = addr_i[BusW-1:AddrW];
    always_comb begin
      named = '0;
      addr  = addr_i[AddrW-1:0];
      for (int s = 0; s < Streams; s++) named[s] = 32'(stream) == s;
      if (named == '0) begin
        named[0] = 1'b1;
        addr     = Nowhere;
      end
    end
  end else begin : gen_alone
    assign named = 1'b1;
    assign addr  = addr_i;
  end

  for (genvar s = 0; s < Streams; s++) begin : gen_stream
    host_registers #(
      .LogitWindow(LogitWindow), .RingDepth(RingDepth), .FirstIndex(FirstIndex), .Id(Id), .ClockKhz(ClockKhz), .Stream(s)
    ) u_registers (
      .clk_i, .rst_i, .read_i(read_i && named[s]), .write_i(write_i && named[s]), .addr_i(addr), .wdata_i,
      .rvalid_o(rvalid[s]), .rdata_o(rdata[s]), .event_i(event_i[s]), .status_o(status_o[s]), .irq_o(irq[s]),
      .push_count_o(push_count_o[s]), .push_addr_o(push_addr[s]), .push_i(push_i[s]), .done_o(done_o[s]),
      .engine_rst_o(engine_rst[s]), .request_valid_o(request_valid_o[s]), .request_o(request_o[s]),
      .progress_i(progress_i[s]), .prompt_valid_o(prompt_valid_o[s]), .prompt_ready_i(prompt_ready_i[s]),
      .prompt_o(prompt_o[s]), .token_valid_i(token_valid_i[s]), .token_i(token_i[s]), .logits_valid_i, .logits_i,
      .trace_addr_o(trace_addr[s]), .trace_data_i);
    assign push_addr_o[s] = BusW'(s) << AddrW | BusW'(push_addr[s]);
  end

  always_comb begin
    rdata_o = '0;
    for (int s = 0; s < Streams; s++) if (rvalid[s] || Streams == 1) rdata_o |= rdata[s];
  end
  assign rvalid_o     = rvalid != '0;
  assign irq_o        = irq != '0;
  assign engine_rst_o = engine_rst != '0;
  assign trace_addr_o = trace_addr[0];  // where there are several, there is no trace

  logic unused;
  assign unused = ^trace_addr;

endmodule
