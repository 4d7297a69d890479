// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// host_registers behind choice_settings: the same ports, and the sampler's. Of an engine with several streams it stands
// in the place of each one's registers, in host_streams.
module choice_registers
  import host_pkg::*, plan_pkg::*, choice_pkg::*;
#(
  parameter bit          LogitWindow   = 1'b1,
  parameter int          RingDepth     = 512,
  parameter logic [31:0] FirstIndex    = 32'h0,
  parameter logic [31:0] Id            = 32'h0,
  parameter logic [31:0] ClockKhz      = 32'd50_000,
  parameter int          Stream        = 0     // whose they are
) (
  output choice_t                       choice_o,      // the sampler's ports
  output logic                          mask_we_o,
  output logic [MaskA-1:0]              mask_addr_o,
  output logic [31:0]                   mask_o,
  output guide_t                        guide_o,
  input  logic [GuideA-1:0]             guide_state_i,
  input  drawn_t                        drawn_i,
  output logic [BestA-1:0]              best_addr_o,
  input  logic [IdW-1:0]                best_id_i,
  input  logic [LogitW-1:0]             best_logit_i,
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic                          read_i,
  input  logic                          write_i,
  input  logic [AddrW-1:0]              addr_i,        // a multiple of 4
  input  logic [31:0]                   wdata_i,
  output logic                          rvalid_o,      // four cycles after read_i
  output logic [31:0]                   rdata_o,
  input  logic [ErrorW-1:0]             event_i,       // errors of the transport, by their bit of the register
  output logic [7:0]                    status_o,      // the register
  output logic                          irq_o,         // a level
  output logic [4:0]                    push_count_o,  // of the token ring
  output logic [AddrW-1:0]              push_addr_o,
  input  logic                          push_i,
  output logic                          done_o,        // a request ends, or ended before the stream began: for one cycle
  output logic                          engine_rst_o,  // the engine's ports, from here on
  output logic                          request_valid_o,
  output request_t                      request_o,
  input  progress_t                     progress_i,
  output logic                          prompt_valid_o,
  input  logic                          prompt_ready_i,
  output prompt_t                       prompt_o,
  input  logic                          token_valid_i,
  input  token_t                        token_i,
  input  logic                          logits_valid_i,
  input  logits_t                       logits_i,
  output logic [12:0]                   trace_addr_o,
  input  logic [31:0]                   trace_data_i   // a cycle later
);

  logic              read, write, rvalid;
  logic [AddrW-1:0]  addr;
  logic [31:0]       wdata, rdata;
  logic [ErrorW-1:0] events;

  choice_settings u_settings (
    .clk_i, .rst_i, .read_i, .write_i, .addr_i, .wdata_i, .rvalid_o, .rdata_o, .event_o(events), .read_o(read),
    .write_o(write), .addr_o(addr), .wdata_o(wdata), .rvalid_i(rvalid), .rdata_i(rdata), .busy_i(status_o[StatusBusy]),
    .choice_o, .mask_we_o, .mask_addr_o, .mask_o, .guide_o, .guide_state_i, .drawn_i, .best_addr_o, .best_id_i, .best_logit_i);

  host_registers #(
    .LogitWindow(LogitWindow), .RingDepth(RingDepth), .FirstIndex(FirstIndex), .Id(Id), .ClockKhz(ClockKhz),
    .Stream(Stream)
  ) u_registers (
    .clk_i, .rst_i, .read_i(read), .write_i(write), .addr_i(addr), .wdata_i(wdata), .rvalid_o(rvalid), .rdata_o(rdata),
    .event_i(event_i | events), .status_o, .irq_o, .push_count_o, .push_addr_o, .push_i, .done_o, .engine_rst_o,
    .request_valid_o, .request_o, .progress_i, .prompt_valid_o, .prompt_ready_i, .prompt_o, .token_valid_i, .token_i,
    .logits_valid_i, .logits_i, .trace_addr_o, .trace_data_i);

endmodule
