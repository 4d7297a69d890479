// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip behind a serial line, with lights: what the tops of all such boards have inside. Parameters are in board_pkg,
// which is generated beside it.
//
// A board's top has these ports, for its pins and for the simulation: clk_i, the oscillator; rxd_i and txd_o, the line;
// button_i, whose levels when released board.toml tells; light_o. More outputs may stand beside them.
module serial_board
  import engine_pkg::*, host_pkg::*, board_pkg::*;
(
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       rxd_i,
  output logic       txd_o,
  output logic [7:0] light_o  // high is lit
);

  localparam int IdW       = $clog2(Vocab);
  localparam int PositionW = $clog2(Context + 1);
  localparam int Words      = (Vocab + Rows - 1) / Rows;
  localparam int RowA      = Words > 1 ? $clog2(Words) : 1;

  logic                          engine_rst, request, clear, busy, prompt_valid, prompt_ready, prompt_last;
  logic                          token_valid, logit_valid, unused_fetch;
  logic [31:0]                   budget;
  logic [63:0]                   seed;
  logic [16:0]                   inverse;
  logic [Stops-1:0]              stop_valid;
  logic [Stops-1:0][IdW-1:0]     stop;
  logic [1:0]                    engine_status;
  logic [PositionW-1:0]          position;
  logic [IdW-1:0]                prompt_id, token_id;
  logic [RowA-1:0]               logit_addr;
  logic [Rows-1:0][LogitW-1:0] logits;
  logic [7:0]                    status;
  logic [12:0]                   trace_addr;
  logic [31:0]                   trace_data;

  hardwire_top u_chip (
    .clk_i(clk_i), .rst_i(engine_rst), .request_i(request), .clear_i(clear), .budget_i(budget), .seed_i(seed),
    .inverse_i(inverse), .stop_valid_i(stop_valid), .stop_i(stop), .busy_o(busy), .status_o(engine_status),
    .position_o(position), .fetch_o(unused_fetch), .load_valid_i(1'b0), .load_data_i('0),
    .prompt_valid_i(prompt_valid), .prompt_ready_o(prompt_ready), .prompt_id_i(prompt_id), .prompt_last_i(prompt_last),
    .token_valid_o(token_valid), .token_ready_i(1'b1), .token_id_o(token_id), .logit_valid_o(logit_valid),
    .logit_addr_o(logit_addr), .logit_o(logits), .trace_addr_i(trace_addr), .trace_data_o(trace_data));

  serial_host #(
    .Divisor(Divisor), .Vocab(Vocab), .Context(Context), .Stops(Stops), .Rows(Rows), .LogitW(LogitW),
    .LogitFraction(LogitFraction), .LogitWindow(LogitWindow), .Segments(Segments), .RingDepth(RingDepth),
    .FirstIndex(FirstIndex), .Id(Id), .ClockKhz(ClockKhz)
  ) u_host (
    .clk_i(clk_i), .rst_i(rst_i), .rxd_i(rxd_i), .txd_o(txd_o), .status_o(status), .engine_rst_o(engine_rst),
    .request_o(request), .clear_o(clear), .budget_o(budget), .seed_o(seed), .inverse_o(inverse),
    .stop_valid_o(stop_valid), .stop_o(stop), .busy_i(busy), .status_i(status_e'(engine_status)),
    .position_i(position), .prompt_valid_o(prompt_valid), .prompt_ready_i(prompt_ready), .prompt_id_o(prompt_id),
    .prompt_last_o(prompt_last), .token_valid_i(token_valid), .token_id_i(token_id), .logit_valid_i(logit_valid),
    .logit_addr_i(logit_addr), .logit_i(logits), .trace_addr_o(trace_addr), .trace_data_i(trace_data));

  // Lights: 0 alive, 1 busy, 2 the ring is full, 3 an error stands, 4 a token is pending, 5 tokens are pushed,
  // 6 from the host, 7 to the host.
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
