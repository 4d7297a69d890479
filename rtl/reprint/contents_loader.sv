// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// In front of the registers: takes images for the chip's memories, and lets nothing start unless they hold a chip.
// Whether they do is no register that a reset clears: a reset in the middle of a load leaves them half written.
module contents_loader
  import host_pkg::*, plan_pkg::*, load_pkg::*;
#(
  parameter logic [31:0] Id = 32'h0  // of the chip that was baked
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 read_i,        // the transport's bus
  input  logic                 write_i,
  input  logic [AddrW-1:0]     addr_i,
  input  logic [31:0]          wdata_i,
  output logic                 rvalid_o,      // five cycles after read_i
  output logic [31:0]          rdata_o,
  output logic [ErrorW-1:0]    event_o,
  output logic                 read_o,        // the registers' bus, two cycles later: they decode from registers
  output logic                 write_o,
  output logic [AddrW-1:0]     addr_o,
  output logic [31:0]          wdata_o,
  input  logic                 rvalid_i,
  input  logic [31:0]          rdata_i,
  output logic                 load_valid_o,  // words of contents
  output logic [31:0]          load_data_o,
  output logic [PositionW-1:0] positions_o    // that requests may use, of the chip that is held
);

  localparam int CountW  = $clog2(Length + 1);
  localparam int IndexW  = WinContentsA - 2;  // of a word in the window
  localparam int SettleW = 6;                 // longer than the engine's reset

  // Between the registers' end and the first window there is nothing else: what begins there is ours.
  logic               own_i, own_q, read_q, write_q;
  logic [AddrW-1:0]   addr_q;
  logic [31:0]        wdata_q;
  assign own_i = addr_i >> (WinContentsA + 2) == WinContents >> (WinContentsA + 2);

  always_ff @(posedge clk_i) begin
    read_q  <= read_i && !rst_i;
    write_q <= write_i && !rst_i;
    addr_q  <= addr_i;
    wdata_q <= wdata_i;
    own_q   <= own_i;
  end

  logic                whole_q, loading_q, foreign_q, damaged_q, ready, right;
  logic                beyond_q;  // the image is of more positions than there are, or of none
  logic [31:0]         id_q, next_id_q, crc_q, crc;
  logic [CountW-1:0]   count_q;
  logic [SettleW-1:0]  settle_q;
  logic                in_window, to_state, begins, take, blocked, answers, readable;
  logic [31:0]         answer;
  contents_state_t     state;
  initial whole_q = Baked;
  initial id_q = Baked ? Id : '0;
  initial positions_o = PositionW'(Context);

  assign ready     = loading_q && settle_q == 0;
  assign in_window = addr_q >> WinContentsA == WinContents >> WinContentsA;
  assign to_state  = addr_q == RegContentsState;
  assign begins    = write_q && to_state && wdata_q == 32'd1;
  assign take      = write_q && in_window && ready && addr_q[WinContentsA-1:2] == IndexW'(count_q);
  assign blocked   = write_q && addr_q == RegControl && (loading_q || !whole_q)
                     && (wdata_q[ControlStart] || (loading_q && wdata_q[ControlReset]));

  assign right     = wdata_q == ~crc_q && !beyond_q;

  crc32 u_crc (.crc_i(crc_q), .data_i(wdata_q), .crc_o(crc));

  always_ff @(posedge clk_i) begin
    load_valid_o <= 1'b0;
    load_data_o  <= wdata_q;
    if (settle_q != 0) settle_q <= settle_q - 1'b1;
    if (take) begin
      count_q <= count_q + 1'b1;
      crc_q   <= crc;
      if (count_q == 0) begin
        if (wdata_q == Mould) begin
          whole_q <= 1'b0;
          id_q    <= '0;
        end else begin
          loading_q <= 1'b0;
          foreign_q <= 1'b1;
        end
      end else if (count_q <= CountW'(Body)) begin
        load_valid_o <= 1'b1;
      end else if (count_q == CountW'(Body + 1)) begin
        next_id_q <= wdata_q;
      end else begin
        loading_q <= 1'b0;
        whole_q   <= right;
        damaged_q <= !right;
        id_q      <= right ? next_id_q : '0;
      end
      if (PositionsAt != 0 && count_q == CountW'(PositionsAt)) begin
        positions_o <= PositionW'(wdata_q);
        beyond_q    <= wdata_q == 0 || wdata_q > 32'(Context);
      end
    end
    if (begins) begin
      loading_q <= 1'b1;
      foreign_q <= 1'b0;
      damaged_q <= 1'b0;
      beyond_q  <= 1'b0;
      count_q   <= '0;
      crc_q     <= '1;
      settle_q  <= '1;
    end
    if (rst_i) begin
      loading_q <= 1'b0;
      foreign_q <= 1'b0;
      damaged_q <= 1'b0;
      count_q   <= '0;
      settle_q  <= '0;
    end
  end

  // On to the registers: what is not ours, and of a beginning load the engine's reset.
  always_ff @(posedge clk_i) begin
    read_o  <= read_q && !answers && !rst_i;
    write_o <= (begins || (write_q && !own_q && !blocked)) && !rst_i;
    addr_o  <= begins ? RegControl : addr_q;
    wdata_o <= begins ? 32'd1 << ControlReset : wdata_q;
    event_o <= '0;
    event_o[ErrorRefused] <= blocked;
    event_o[ErrorRange]   <= write_q && to_state && wdata_q != 32'd1;
    event_o[ErrorAddress] <= own_q && ((write_q && !in_window && !to_state) || (read_q && !readable));
  end

  assign state   = '{damaged: damaged_q, foreign: foreign_q, ready: ready, loading: loading_q, whole: whole_q};
  assign answers = own_q || addr_q == RegId || addr_q == RegFeatures;
  always_comb begin
    readable = 1'b1;
    unique case (addr_q)
      RegId:             answer = id_q;
      RegFeatures:       answer = 32'd1 << FeaturesLoads | 32'(Trace ? Segments : 0);
      RegContentsState:  answer = 32'(state);
      RegContentsTaken:  answer = 32'(count_q);
      RegContentsLength: answer = 32'(Length);
      RegMould:          answer = Mould;
      default: begin
        answer   = '0;
        readable = 1'b0;
      end
    endcase
  end

  // Ours come when those of the registers would.
  logic        answered;
  logic [31:0] answer_q;
  delay_reset #(.Cycles(4)) u_answered (.clk_i, .rst_i, .d_i(read_q && answers), .d_o(answered));
  delay #(.Width(32), .Cycles(4)) u_answer (.clk_i, .d_i(answer), .d_o(answer_q));
  assign rvalid_o = rvalid_i || answered;
  assign rdata_o  = answered ? answer_q : rdata_i;

endmodule
