// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// In front of the registers: what the host says of the next request's draws, the mask of allowed tokens, an automaton
// where there is room for one, and what the last draw gave.
module choice_settings
  import host_pkg::*, plan_pkg::*, choice_pkg::*;
(
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic              read_i,        // the transport's bus
  input  logic              write_i,
  input  logic [AddrW-1:0]  addr_i,
  input  logic [31:0]       wdata_i,
  output logic              rvalid_o,      // four cycles after read_i
  output logic [31:0]       rdata_o,
  output logic [ErrorW-1:0] event_o,
  output logic              read_o,        // the registers' bus, a cycle later
  output logic              write_o,
  output logic [AddrW-1:0]  addr_o,
  output logic [31:0]       wdata_o,
  input  logic              rvalid_i,
  input  logic [31:0]       rdata_i,
  input  logic              busy_i,        // a request runs
  output choice_t           choice_o,
  output logic              mask_we_o,
  output logic [MaskA-1:0]  mask_addr_o,
  output logic [31:0]       mask_o,
  output guide_t            guide_o,
  input  logic [GuideA-1:0] guide_state_i,
  input  drawn_t            drawn_i,
  output logic [BestA-1:0]  best_addr_o,
  input  logic [IdW-1:0]    best_id_i,     // a cycle later
  input  logic [LogitW-1:0] best_logit_i
);

  logic             read_q, write_q, own_q, mask_q, in_best, in_mask, settable, fits, readable, answered, enriched;
  logic             guide_settable, guide_fits, guide_readable;
  logic [AddrW-1:0] addr_q;
  logic [31:0]      wdata_q, answer, answer_q, best_answer, guide_answer;
  choice_t          choice_q;

  always_ff @(posedge clk_i) begin
    read_q  <= read_i && !rst_i;
    write_q <= write_i && !rst_i;
    addr_q  <= addr_i;
    wdata_q <= wdata_i;
    mask_q  <= addr_i >> WinMaskA == WinMask >> WinMaskA;
    own_q   <= addr_i >> OwnA == RegChoiceBest >> OwnA || addr_i >> WinMaskA == WinMask >> WinMaskA
               || (GuideWords > 0 && addr_i >> WinGuideA == WinGuide >> WinGuideA);
  end

  assign in_best = addr_q >> WinBestA == WinBest >> WinBestA && 32'(addr_q[WinBestA-1:3]) < Best;
  assign in_mask = mask_q && 32'(addr_q[WinMaskA-1:2]) < MaskWords;

  // A value that the chip has no use for is not stored.
  always_comb begin
    settable = 1'b1;
    unique case (addr_q)
      RegChoiceHow:     fits = wdata_q[31:16] == '0 && wdata_q[7:4] == '0 && (GuideWords > 0 || !wdata_q[ChoiceHowGuided])
                               && 32'(wdata_q[15:8]) <= Best;
      RegChoiceTopP:    fits = wdata_q <= 32'h10000;
      RegChoicePenalty: fits = 1'b1;
      RegChoiceWindow:  fits = wdata_q <= 32'(Context);
      default: begin
        settable = in_mask || guide_settable;
        fits     = in_mask || guide_fits;
      end
    endcase
  end

  if (GuideWords > 0) begin : gen_guide
    choice_guide_port u_guide (
      .clk_i, .rst_i, .addr_i(addr_q), .write_i(write_q && !busy_i), .wdata_i(wdata_q), .settable_o(guide_settable),
      .fits_o(guide_fits), .readable_o(guide_readable), .answer_o(guide_answer), .guide_o, .state_i(guide_state_i));
  end else begin : gen_masks
    logic unused_guide;
    assign unused_guide = ^guide_state_i;
    assign {guide_settable, guide_fits, guide_readable} = 3'b010;
    assign {guide_answer, guide_o} = '0;
  end

  assign choice_o    = choice_q;
  assign mask_we_o   = write_q && in_mask && !busy_i;
  assign mask_addr_o = MaskA'(addr_q >> 2);
  assign mask_o      = wdata_q;

  always_ff @(posedge clk_i) begin
    if (write_q && !busy_i && fits)
      unique case (addr_q)
        RegChoiceHow: begin
          choice_q.active <= wdata_q[ChoiceHowActive];
          choice_q.masked <= wdata_q[ChoiceHowMasked];
          choice_q.guided <= GuideWords > 0 && wdata_q[ChoiceHowGuided];
          choice_q.sums   <= wdata_q[ChoiceHowSums];
          choice_q.top_k  <= BestW'(wdata_q[15:8]);
        end
        RegChoiceTopP:    choice_q.top_p <= wdata_q[16:0];
        RegChoicePenalty: {choice_q.shrink, choice_q.grow} <= wdata_q;
        RegChoiceWindow:  choice_q.window <= PositionW'(wdata_q);
        default: ;
      endcase
    if (rst_i) choice_q <= '0;
  end

  always_comb begin
    read_o  = read_q && !own_q;
    write_o = write_q && !own_q;
    addr_o  = addr_q;
    wdata_o = wdata_q;
    event_o = '0;
    event_o[ErrorRefused] = write_q && own_q && settable && fits && busy_i;
    event_o[ErrorRange]   = write_q && own_q && settable && !fits;
    event_o[ErrorAddress] = own_q && ((write_q && !settable) || (read_q && !readable));
  end

  always_comb begin
    readable = 1'b1;
    unique case (addr_q)
      RegChoiceBest:    answer = 32'(Best);
      RegChoiceHow:     answer = {16'b0, 8'(choice_q.top_k), 4'b0, choice_q.guided, choice_q.sums, choice_q.masked,
                           choice_q.active};
      RegChoiceTopP:    answer = 32'(choice_q.top_p);
      RegChoicePenalty: answer = {choice_q.shrink, choice_q.grow};
      RegChoiceWindow:  answer = 32'(choice_q.window);
      RegDrawn:         answer = {16'b0, 8'(drawn_i.count), 7'b0, drawn_i.none};
      RegDrawnLogit:    answer = 32'($signed(drawn_i.logit));
      RegTotalLow:      answer = 32'(drawn_i.total);
      RegTotalHigh:     answer = 32'(drawn_i.total >> 32);
      default: begin
        answer   = guide_answer;
        readable = in_best || guide_readable;
      end
    endcase
  end

  // Of the best tokens the memory takes a cycle more than a register.
  logic best_q, logit_q;
  assign best_addr_o = BestA'(addr_q >> 3);
  assign best_answer = logit_q ? 32'($signed(best_logit_i)) : 32'(best_id_i);
  always_ff @(posedge clk_i) begin
    best_q   <= in_best;
    logit_q  <= addr_q[2];
    answer_q <= answer;
  end

  // Ours come when those of the registers would. What the build has beside the engine, both say.
  localparam logic [31:0] Features = 32'd1 << FeaturesChooses | 32'(GuideWords > 0) << FeaturesGuides;
  logic [31:0] told;
  delay_reset #(.Cycles(3)) u_answered (.clk_i, .rst_i, .d_i(read_q && own_q), .d_o(answered));
  delay_reset #(.Cycles(3)) u_enriched (.clk_i, .rst_i, .d_i(read_q && addr_q == RegFeatures), .d_o(enriched));
  delay #(.Width(32), .Cycles(2)) u_answer (.clk_i, .d_i(best_q ? best_answer : answer_q), .d_o(told));
  assign rvalid_o = rvalid_i || answered;
  assign rdata_o  = answered ? told : rdata_i | (enriched ? Features : '0);

  logic unused;
  assign unused = ^drawn_i.id;

endmodule
