// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip behind a serial line, with lights: what the tops of all such boards have inside. Parameters are in board_pkg,
// which is generated beside it.
//
// A board's top has these ports, for its pins and for the simulation: clk_i, the oscillator; rxd_i and txd_o, the line;
// button_i, whose levels when released board.toml tells; light_o. More outputs may stand beside them.
module serial_board
  import host_pkg::*, plan_pkg::*, board_pkg::*;
(
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       rxd_i,
  output logic       txd_o,
  output logic [7:0] light_o  // high is lit
);

  logic        engine_rst, logits_valid;
  logits_t     logits;
  logic [7:0]  status;
  logic [Streams-1:0]      request_valid, prompt_valid, prompt_ready, token_valid, unused_fetch;
  request_t [Streams-1:0]  request;
  progress_t [Streams-1:0] progress;
  prompt_t [Streams-1:0]   prompt;
  token_t [Streams-1:0]    token;
  logic [Streams-1:0][7:0] statuses;
  logic [12:0] trace_addr;
  logic [31:0] trace_data;

  hardwire_top u_chip (
    .clk_i, .rst_i(engine_rst), .request_valid_i(request_valid), .request_i(request), .progress_o(progress),
    .fetch_o(unused_fetch), .load_valid_i(1'b0), .load_data_i('0), .prompt_valid_i(prompt_valid),
    .prompt_ready_o(prompt_ready), .prompt_i(prompt), .token_valid_o(token_valid), .token_ready_i('1),
    .token_o(token), .logits_valid_o(logits_valid), .logits_o(logits), .trace_addr_i(trace_addr),
    .trace_data_o(trace_data));

  serial_host #(
    .Divisor(Divisor), .LogitWindow(LogitWindow), .RingDepth(RingDepth), .FirstIndex(FirstIndex), .Id(Id),
    .ClockKhz(ClockKhz)
  ) u_host (
    .clk_i, .rst_i, .rxd_i, .txd_o, .status_o(statuses), .engine_rst_o(engine_rst), .request_valid_o(request_valid),
    .request_o(request), .progress_i(progress), .prompt_valid_o(prompt_valid), .prompt_ready_i(prompt_ready),
    .prompt_o(prompt), .token_valid_i(token_valid), .token_i(token), .logits_valid_i(logits_valid),
    .logits_i(logits), .trace_addr_o(trace_addr), .trace_data_i(trace_data));

  // Lights: 0 alive, 1 busy, 2 the ring is full, 3 an error stands, 4 a token is pending, 5 tokens are pushed,
  // 6 from the host, 7 to the host; 1 to 5 of any stream.
  always_comb begin
    status = '0;
    for (int s = 0; s < Streams; s++) status |= statuses[s];
  end

  localparam int BlinkW = 25;
  logic [BlinkW-1:0] blink_q;
  initial blink_q = '0;
  always_ff @(posedge clk_i) begin
    blink_q <= blink_q + 1'b1;
    light_o <= {!txd_o, !rxd_i, status[StatusStream], status[StatusPending], status[StatusError],
                status[StatusStalled], status[StatusBusy], blink_q[BlinkW-1] && !rst_i};
  end

  logic unused;
  assign unused = ^{status[6:4], unused_fetch};

endmodule
