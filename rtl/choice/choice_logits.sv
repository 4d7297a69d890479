// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The logits of a token, kept as the engine shows them, and which tokens are allowed: by the mask, as the host writes it,
// and by the automaton. A walk gives every id with its logit behind the penalty, one a cycle.
module choice_logits
  import choice_pkg::*, plan_pkg::*;
#(
  localparam int LaneA = Rows > 1 ? $clog2(Rows) : 1
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              we_i,
  /* verilator lint_off UNUSEDSIGNAL */  // its stream: who asks for a write has looked at it
  input  logits_t           logits_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic              mask_we_i,   // only between walks
  input  logic [MaskA-1:0]  mask_addr_i,
  input  logic [31:0]       mask_i,      // of ids 32 * mask_addr_i ..
  input  guide_t            guide_i,     // nor an automaton
  output logic [GuideA-1:0] guide_state_o,
  input  logic              guided_i,    // held
  input  logic              take_i,      // a token was drawn, not while a walk begins or lasts
  input  logic [IdW-1:0]    taken_i,     // this one
  input  logic              start_i,     // a walk
  input  logic              masked_i,    // held, as the next two
  input  logic [15:0]       grow_i,
  input  logic [15:0]       shrink_i,
  output logic [IdW-1:0]    id_o,        // of the walk; the first in the cycle behind start_i
  input  logic              seen_i,      // a cycle behind id_o
  output logic              valid_o,     // LogitLate cycles behind id_o, with what follows
  output logic              allowed_o,
  output logic [LogitW-1:0] logit_o
);

  localparam int ProductW = LogitW + 17;

  logic                       walks_q, end_of_row;
  logic [IdW-1:0]             id_q;
  logic [LogitA-1:0]          row_q;
  logic [LaneA-1:0]           lane_q, lane_c1;
  logic [Rows-1:0][LogitW-1:0] row;
  logic [31:0]                word;
  logic [4:0]                 bit_c1;
  logic [LogitLate-1:0]       valid_q;
  logic                       seen_c2, seen_c5, allowed_c2, allowed_c5, listed_c5;
  logic signed [LogitW-1:0]   logit_c2, plain_c5, changed_c5;
  logic signed [16:0]         factor;
  logic signed [ProductW-1:0] product_q;

  assign end_of_row = 32'(lane_q) == Rows - 1;
  assign id_o       = id_q;

  always_ff @(posedge clk_i) begin
    if (walks_q) begin
      id_q   <= id_q + 1'b1;
      lane_q <= end_of_row ? '0 : lane_q + 1'b1;
      if (end_of_row) row_q <= row_q + 1'b1;
      if (id_q == IdW'(Vocab - 1)) walks_q <= 1'b0;
    end
    if (start_i) begin
      walks_q <= 1'b1;
      {id_q, row_q, lane_q} <= '0;
    end
    valid_q <= {valid_q[LogitLate-2:0], walks_q};
    if (rst_i) begin
      walks_q <= 1'b0;
      valid_q <= '0;
    end
  end

  block_ram #(.Width(Rows * LogitW), .Depth(LogitRows)) u_rows (
    .clk_i, .we_i, .waddr_i(logits_i.row), .wdata_i(logits_i.value), .raddr_i(row_q), .rdata_o(row));
  block_ram #(.Width(32), .Depth(MaskWords)) u_mask (
    .clk_i, .we_i(mask_we_i), .waddr_i(mask_addr_i), .wdata_i(mask_i), .raddr_i(MaskA'(id_q >> 5)), .rdata_o(word));

  always_ff @(posedge clk_i) begin
    lane_c1    <= lane_q;
    bit_c1     <= 5'(id_q);
    logit_c2   <= row[lane_c1];
    seen_c2    <= seen_i;
    allowed_c2 <= word[bit_c1] || !masked_i;
    product_q  <= ProductW'(logit_c2 * factor);
  end

  if (GuideWords > 0) begin : gen_guide
    choice_guide u_guide (
      .clk_i, .rst_i, .guide_i, .id_i(take_i ? taken_i : id_q), .take_i(take_i && guided_i), .allowed_o(listed_c5),
      .state_o(guide_state_o));
  end else begin : gen_masks
    logic unused;
    assign unused = ^{guide_i, guided_i, take_i, taken_i};
    assign listed_c5     = 1'b1;
    assign guide_state_o = '0;
  end

  assign factor = logit_c2 > 0 ? {1'b0, shrink_i} : {1'b0, grow_i};
  requant #(.InW(ProductW), .OutW(LogitW), .Stages(2)) u_round (
    .clk_i, .x_i(product_q), .shift_i(6'd12), .max_i('1), .bias_i('0), .y_o(changed_c5));
  delay #(.Width(LogitW), .Cycles(3)) u_plain (.clk_i, .d_i(logit_c2), .d_o(plain_c5));
  delay #(.Width(2), .Cycles(3)) u_bits (.clk_i, .d_i({seen_c2, allowed_c2}), .d_o({seen_c5, allowed_c5}));

  assign valid_o   = valid_q[LogitLate-1];
  assign allowed_o = allowed_c5 && (listed_c5 || !guided_i);
  assign logit_o   = seen_c5 ? changed_c5 : plain_c5;

endmodule
