// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The register map (host_pkg) in front of the engine. The bus takes a read or a write in any cycle and never waits, so
// that any transport fits in front of it. Whatever cannot be done does nothing and leaves a sticky error. A chip of
// several streams has one of these for each (host_streams).
module host_registers
  import host_pkg::*, plan_pkg::*;
#(
  parameter bit          LogitWindow   = 1'b1,
  parameter int          RingDepth     = 512,
  parameter logic [31:0] FirstIndex    = 32'h0,
  parameter logic [31:0] Id            = 32'h0,
  parameter logic [31:0] ClockKhz      = 32'd50_000,
  parameter int          Stream        = 0,     // whose requests, ring and errors they are
  localparam int LaneA     = Rows > 1 ? $clog2(Rows) : 1,
  localparam int PromptA   = Context > 1 ? $clog2(Context) : 1,
  localparam int SlotA     = $clog2(RingDepth),
  localparam int Traced    = Trace ? Segments : 0,  // segments of the trace window
  localparam int LargestA  = WinLogitsA             // of the windows
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic                          read_i,
  input  logic                          write_i,
  input  logic [AddrW-1:0]              addr_i,        // a multiple of 4
  input  logic [31:0]                   wdata_i,
  output logic                          rvalid_o,      // three cycles after read_i
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
  input  logits_t                       logits_i,      // of any stream
  output logic [12:0]                   trace_addr_o,
  input  logic [31:0]                   trace_data_i   // a cycle later
);

  typedef struct packed {
    logic prompt, settings, control, stream, error, read_index, irq_enable, irq;
  } targets_t;

  // B0: what an address means and whether a value fits there. B1: what the state allows, and what it does: target by
  // target, as each waits for no more than it has to.
  logic               in_registers, in_trace, in_prompt, in_tokens, in_logits, in_settings, settings_ok, index_ok_b1;
  logic               readable, in_range, start, can_start;
  targets_t           to, to_b1, set;  // the target of a write, of one that is done
  logic               read_b1, readable_b1, registers_b1, trace_b1, tokens_b1, logits_b1;
  logic               in_range_b1, settings_ok_b1, write_b1, nowhere, fits, refused;
  logic [AddrW-1:0]   addr_b1, register, register_b1;
  logic [31:0]        wdata_b1;
  logic [LargestA-3:0] word, word_b1;
  logic [ErrorW-1:0]  error_q, error_d;
  irq_t               irq_enable, irq_standing;
  status_t            status;
  logic               busy, stalled, pending, stream, full, put, done, engine_clear, engine_budget, goes_on, follows;
  logic [2:0]         reason;
  logic [IdW-1:0]     put_id, prompt_word;
  logic [PromptA-1:0] prompt_addr;
  logic [PositionW-1:0] length, position;
  request_t           settings;
  logic [31:0]        settings_word, write_index, read_index, start_index, requests, produced, run_cycles;
  logic [31:0]        cycles_low, cycles_high, slot, logit, slot_q, logit_q;
  logic [2:0][31:0]   register_d, register_q;  // in groups of eight
  logic [SlotA-1:0]   push_slot;
  logic [31:0]        settings_q;
  logic               settings_b1, some_length, read_q, trace_q;

  assign word         = $bits(word)'(addr_i >> 2);
  assign in_registers = addr_i >> RegistersA == 0;
  // Which register it is, if it is one, its lower bits tell.
  assign register     = addr_i & AddrW'((1 << RegistersA) - 1);
  assign register_b1  = addr_b1 & AddrW'((1 << RegistersA) - 1);
  /* verilator lint_off UNSIGNED */  // without a trace nothing is below zero
  assign in_trace     = addr_i >> WinTraceA == WinTrace >> WinTraceA && 32'(word[WinTraceA-3:0]) < 8 * Traced;
  /* verilator lint_on UNSIGNED */
  assign in_prompt    = addr_i >> WinPromptA == WinPrompt >> WinPromptA && 32'(word[WinPromptA-3:0]) < Context;
  assign in_tokens    = addr_i >> WinTokensA == WinTokens >> WinTokensA && 32'(word[WinTokensA-3:0]) < RingDepth;
  assign in_logits    = addr_i >> WinLogitsA == WinLogits >> WinLogitsA && 32'(word >> $clog2(Rows)) < LogitRows
                        && LogitWindow;

  always_comb begin
    readable  = in_tokens || in_logits || in_trace;
    to        = '0;
    to.prompt = in_prompt;
    in_range  = !in_prompt || wdata_i < 32'(Vocab);
    if (in_registers) begin
      to.prompt = 1'b0;
      readable  = 1'b1;
      unique case (register)
        RegMagic, RegVersion, RegId, RegVocab, RegContext, RegRing, RegShape, RegClockKhz, RegStatus, RegWriteIndex,
        RegStartIndex, RegRequests, RegPosition, RegProduced, RegRunCycles, RegCyclesLow, RegCyclesHigh,
        RegFeatures: ;
        RegControl: begin
          readable   = 1'b0;
          to.control = 1'b1;
          in_range   = wdata_i < 32'd1 << ControlW;
        end
        RegStream: begin
          to.stream = 1'b1;
          in_range  = wdata_i < 32'd2;
        end
        RegError: to.error = 1'b1;
        RegIrqEnable, RegIrq: begin
          to.irq        = register == RegIrq;
          to.irq_enable = register != RegIrq;
          in_range      = wdata_i < 32'd1 << IrqW;
        end
        RegReadIndex: to.read_index = 1'b1;
        default: begin
          readable    = in_settings;
          to.settings = in_settings;
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    read_b1        <= read_i && !rst_i;
    to_b1          <= write_i && !rst_i ? to : '0;
    write_b1       <= write_i && !rst_i;
    addr_b1        <= addr_i;
    wdata_b1       <= wdata_i;
    in_range_b1    <= in_range;
    settings_ok_b1 <= settings_ok;
    readable_b1    <= readable;
    registers_b1   <= in_registers;
    settings_b1    <= in_registers && in_settings;
    trace_b1       <= in_trace;
    tokens_b1      <= in_tokens;
    logits_b1      <= in_logits;
  end
  assign word_b1 = $bits(word)'(addr_b1 >> 2);

  always_comb begin
    set.prompt     = to_b1.prompt && in_range_b1 && !busy;
    set.settings   = to_b1.settings && settings_ok_b1 && !busy;
    set.control    = to_b1.control && in_range_b1 && (!wdata_b1[ControlStart] || can_start);
    set.stream     = to_b1.stream && in_range_b1;
    set.error      = to_b1.error;
    set.read_index = to_b1.read_index && index_ok_b1;
    set.irq_enable = to_b1.irq_enable && in_range_b1;
    set.irq        = to_b1.irq && in_range_b1;
  end

  assign can_start = !busy && error_q == 0 && !wdata_b1[ControlReset]
                     && (some_length || (pending && !wdata_b1[ControlClear]));
  assign start     = to_b1.control && in_range_b1 && wdata_b1[ControlStart] && can_start;
  assign nowhere   = write_b1 && to_b1 == '0;
  assign fits      = to_b1.settings ? settings_ok_b1 : to_b1.read_index ? index_ok_b1 : in_range_b1;
  assign refused   = to_b1.control ? wdata_b1[ControlStart] && !can_start : busy && (to_b1.prompt || to_b1.settings);

  always_comb begin
    error_d = error_q;
    if (set.error) error_d = error_q & ~ErrorW'(wdata_b1);
    if (nowhere || (read_b1 && !readable_b1)) error_d[ErrorAddress] = 1'b1;
    if (to_b1 != '0 && !fits) error_d[ErrorRange] = 1'b1;
    if (fits && refused) error_d[ErrorRefused] = 1'b1;
    error_d |= event_i;
  end

  always_ff @(posedge clk_i) error_q <= rst_i ? '0 : error_d;

  assign status   = '{stream: stream, reason: reason, pending: pending, error: error_q != 0, stalled: stalled,
                      busy: busy};
  assign status_o = status;
  assign done_o   = done || (set.stream && !busy);

  localparam shape_t Shape = '{logit_fraction: 8'(LogitFraction), logit_lanes: 8'(Rows),
                               logit_bits: LogitWindow ? 8'(LogitW) : 8'd0, stops: 8'(Stops)};

  localparam features_t Features = '{stream: StreamNumberW'(Stream), others: StreamNumberW'(Streams - 1),
                                     segments: 8'(Traced), default: '0};

  always_comb begin
    register_d = '0;
    unique case (register_b1[4:2])
      RegMagic[4:2]:    register_d[0] = Magic;
      RegVersion[4:2]:  register_d[0] = Version;
      RegId[4:2]:       register_d[0] = Id;
      RegVocab[4:2]:    register_d[0] = 32'(Vocab);
      RegContext[4:2]:  register_d[0] = 32'(Context);
      RegRing[4:2]:     register_d[0] = 32'(RingDepth);
      RegShape[4:2]:    register_d[0] = Shape;
      RegClockKhz[4:2]: register_d[0] = ClockKhz;
    endcase
    unique case (register_b1[4:2])
      RegStream[4:2]:     register_d[1] = 32'(stream);
      RegError[4:2]:      register_d[1] = 32'(error_q);
      RegStatus[4:2]:     register_d[1] = 32'(status_o);
      RegWriteIndex[4:2]: register_d[1] = write_index;
      RegReadIndex[4:2]:  register_d[1] = read_index;
      RegStartIndex[4:2]: register_d[1] = start_index;
      RegRequests[4:2]:   register_d[1] = requests;
      default: ;  // what control says is gone
    endcase
    unique case (register_b1[4:2])
      RegPosition[4:2]:   register_d[2] = 32'(position);
      RegProduced[4:2]:   register_d[2] = produced;
      RegRunCycles[4:2]:  register_d[2] = run_cycles;
      RegCyclesLow[4:2]:  register_d[2] = cycles_low;
      RegCyclesHigh[4:2]: register_d[2] = cycles_high;
      RegIrqEnable[4:2]:  register_d[2] = 32'(irq_enable);
      RegIrq[4:2]:        register_d[2] = 32'(irq_standing);
      RegFeatures[4:2]:   register_d[2] = Features | 32'(Drafts > 0) << FeaturesDrafts;
    endcase
  end

  // The reads: a cycle for the memories, one to choose within each kind, one to choose the kind. What was not asked for
  // is zero.
  always_ff @(posedge clk_i) begin
    read_q     <= read_b1 && !rst_i;
    rvalid_o   <= read_q && !rst_i;
    trace_q    <= readable_b1 && trace_b1;
    for (int g = 0; g < 3; g++)
      register_q[g] <= registers_b1 && 32'(register_b1[RegistersA-1:5]) == g ? register_d[g] : '0;
    settings_q <= settings_b1 ? settings_word : '0;
    slot_q     <= tokens_b1 ? slot : '0;
    logit_q    <= logits_b1 ? logit : '0;
    rdata_o    <= register_q[0] | register_q[1] | register_q[2] | settings_q | slot_q | logit_q
                  | (trace_q ? trace_data_i : '0);
  end

  host_settings u_settings (
    .clk_i, .rst_i, .addr_i(register), .wdata_i, .write_i(set.settings), .known_o(in_settings),
    .ok_o(settings_ok), .rdata_o(settings_word), .length_o(length), .some_o(some_length),
    .request_o(settings));

  block_ram #(.Width(IdW), .Depth(Context)) u_prompt (
    .clk_i, .we_i(set.prompt), .waddr_i(PromptA'(word_b1)), .wdata_i(IdW'(wdata_b1)), .raddr_i(prompt_addr),
    .rdata_o(prompt_word));

  host_request u_request (
    .clk_i, .rst_i, .start_i(start), .clear_i(wdata_b1[ControlClear]),
    .stop_i(set.control && wdata_b1[ControlStop]),
    .reset_i(set.control && wdata_b1[ControlReset]), .length_i(length), .budget_i(settings.budget),
    .busy_o(busy), .stalled_o(stalled), .pending_o(pending), .reason_o(reason), .done_o(done),
    .prompt_addr_o(prompt_addr), .prompt_word_i(prompt_word), .full_i(full), .put_o(put), .put_id_o(put_id),
    .position_o(position), .engine_rst_o, .request_valid_o, .clear_o(engine_clear), .budget_o(engine_budget),
    .drafts_o(goes_on), .follows_o(follows),
    .progress_i, .prompt_valid_o, .prompt_ready_i, .prompt_o, .token_valid_i, .token_i);
  always_comb begin
    request_o        = settings;
    request_o.stream = StreamW'(Stream);
    request_o.clear  = engine_clear;
    request_o.budget = 32'(engine_budget);
    request_o.drafts  = settings.drafts && goes_on;
    request_o.follows = settings.drafts && follows;
  end

  token_ring #(.Depth(RingDepth), .FirstIndex(FirstIndex), .Streams(Streams), .Stream(Stream)) u_ring (
    .clk_i, .rst_i, .put_i(put), .id_i(TokenW'(put_id)), .full_o(full), .write_index_o(write_index),
    .read_index_o(read_index), .index_i(wdata_i), .index_ok_o(index_ok_b1),
    .set_index_i(set.read_index),
    .stream_i(wdata_b1[0]),
    .set_stream_i(set.stream), .stream_o(stream), .push_count_o, .push_slot_o(push_slot), .push_i,
    .raddr_i(SlotA'(word)), .rdata_o(slot));
  assign push_addr_o = WinTokens | AddrW'({push_slot, 2'b0});

  if (LogitWindow) begin : gen_logits
    logit_window #(.Rows(Rows), .LogitW(LogitW), .Words(LogitRows)) u_logits (
      .clk_i, .we_i(logits_valid_i && (Streams == 1 || 32'(logits_i.stream) == Stream)), .row_i(logits_i.row), .logit_i(logits_i.value),
      .rrow_i(LogitA'(word >> $clog2(Rows))),
      .rlane_i(Rows > 1 ? LaneA'(word) : '0), .rdata_o(logit));
  end else begin : gen_no_logits
    logic unused;
    assign logit  = '0;
    assign unused = ^{logits_valid_i, logits_i, word};
  end

  logic [ErrorW-1:0] error_before;
  logic              error_new;
  always_ff @(posedge clk_i) begin
    error_before <= rst_i ? '0 : error_q;
    error_new    <= |(error_q & ~error_before) && !rst_i;
  end
  host_irq u_irq (
    .clk_i, .rst_i, .event_i('{error: error_new, ended: done, token: put}),
    .enable_we_i(set.irq_enable),
    .clear_we_i(set.irq), .wdata_i(IrqW'(wdata_b1)), .enable_o(irq_enable),
    .standing_o(irq_standing), .irq_o);
  assign trace_addr_o = word_b1[12:0];
  logic unused_word;
  assign unused_word = ^word_b1;

  host_counters u_counters (
    .clk_i, .rst_i, .latch_i(read_b1 && registers_b1 && register_b1 == RegCyclesLow), .start_i(start), .work_i(progress_i.busy), .put_i(put),
    .write_index_i(write_index), .cycles_low_o(cycles_low), .cycles_high_o(cycles_high), .run_cycles_o(run_cycles),
    .produced_o(produced), .requests_o(requests), .start_index_o(start_index));

endmodule
