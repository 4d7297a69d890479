// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Registers and window by which the host writes an automaton. A word of the window is at a place of its own, so that a
// command which is sent again does no harm.
module choice_guide_port
  import host_pkg::*, plan_pkg::*, choice_pkg::*;
(
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic [AddrW-1:0]  addr_i,
  input  logic              write_i,    // not while a request runs
  input  logic [31:0]       wdata_i,
  output logic              settable_o, // what is at the address, with it
  output logic              fits_o,
  output logic              readable_o,
  output logic [31:0]       answer_o,
  output guide_t            guide_o,    // with write_i
  input  logic [GuideA-1:0] state_i
);

  localparam int WordA = WinGuideA - 2;

  logic                         in_window, in_table, in_classes, classes_q;
  logic [GuidePageW-1:0]        page_q;
  logic [GuidePageW+WordA-1:0]  place;
  logic [31:0]                  tag_q;

  assign in_window  = addr_i >> WinGuideA == WinGuide >> WinGuideA;
  assign place      = {page_q, addr_i[WinGuideA-1:2]};
  assign in_table   = in_window && !classes_q && 32'(place) < GuideWords;
  assign in_classes = in_window && classes_q && 32'(place) < Vocab;

  always_comb begin
    settable_o = 1'b1;
    readable_o = 1'b1;
    fits_o     = 1'b1;
    answer_o   = '0;
    unique case (addr_i)
      RegGuideRoom: begin
        settable_o = 1'b0;
        answer_o   = 32'(ClassW) << GuideRoomClassBits | 32'(GuideWords) << GuideRoomWords;
      end
      RegGuidePage: begin
        fits_o   = (wdata_i & ~(32'd1 << GuidePageClasses)) >> GuidePageW == '0;
        answer_o = 32'(classes_q) << GuidePageClasses | 32'(page_q);
      end
      RegGuideTag: answer_o = tag_q;
      RegGuideState: begin
        fits_o   = wdata_i < 32'(GuideWords);
        answer_o = 32'(state_i);
      end
      default: begin
        settable_o = in_table || in_classes;
        readable_o = 1'b0;
      end
    endcase
  end

  assign guide_o = '{
    puts_entry:  write_i && in_table,
    puts_class:  write_i && in_classes,
    puts_state:  write_i && addr_i == RegGuideState && fits_o,
    place:       GuidePlaceW'(place),
    token_class: in_classes ? ClassW'(wdata_i) : ClassW'(wdata_i >> 16),
    row:         GuideA'(wdata_i)
  };

  always_ff @(posedge clk_i) begin
    if (write_i && addr_i == RegGuidePage && fits_o) begin
      classes_q <= wdata_i[GuidePageClasses];
      page_q    <= GuidePageW'(wdata_i);
    end
    if (write_i && addr_i == RegGuideTag) tag_q <= wdata_i;
    if (guide_o.puts_entry || guide_o.puts_class) tag_q <= '0;
    if (rst_i) begin
      classes_q <= 1'b0;
      page_q    <= '0;
      tag_q     <= '0;
    end
  end

endmodule
