// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// An automaton over tokens, as the host has written it: which of them its state allows, and the state behind the one
// that is drawn. Tokens that every state takes alike are of one class. A state is where its row begins in the table; rows
// lie in each other's gaps, so an entry says by its class whose it is. Places are modulo the table: whatever was written,
// nothing beyond it is read.
module choice_guide
  import choice_pkg::*, plan_pkg::*;
(
  input  logic              clk_i,
  input  logic              rst_i,
  input  guide_t            guide_i,    // what the host writes; not while a token is looked up
  input  logic [IdW-1:0]    id_i,
  input  logic              take_i,     // with it: it was drawn
  output logic              allowed_o,  // LogitLate cycles behind id_i; then a state that it leads to is there too
  output logic [GuideA-1:0] state_o
);

  localparam int TableA = GuideWords > 1 ? $clog2(GuideWords) : 1;

  logic [ClassW-1:0] class_c1, class_c4;
  logic [TableA-1:0] place_c2;
  guide_entry_t      entry_c4;
  logic              take_c4, found;

  block_ram #(.Width(ClassW), .Depth(Vocab)) u_classes (
    .clk_i, .we_i(guide_i.puts_class), .waddr_i(IdW'(guide_i.place)), .wdata_i(guide_i.token_class), .raddr_i(id_i),
    .rdata_o(class_c1));
  block_ram #(.Width($bits(guide_entry_t)), .Depth(GuideWords), .Stages(2)) u_table (
    .clk_i, .we_i(guide_i.puts_entry), .waddr_i(TableA'(guide_i.place)), .wdata_i({guide_i.token_class, guide_i.row}),
    .raddr_i(place_c2), .rdata_o(entry_c4));

  delay #(.Width(ClassW), .Cycles(3)) u_class (.clk_i, .d_i(class_c1), .d_o(class_c4));
  // A state that the host sets is not that of a request that has just ended, whose last token is on its way.
  delay_reset #(.Cycles(LogitLate - 1)) u_take (
    .clk_i, .rst_i(rst_i || guide_i.puts_state), .d_i(take_i), .d_o(take_c4));
  assign found = class_c4 != '0 && entry_c4.token_class == class_c4;

  always_ff @(posedge clk_i) begin
    place_c2  <= TableA'(state_o) + TableA'(class_c1);
    allowed_o <= found;
    if (take_c4 && found) state_o <= entry_c4.row;
    if (guide_i.puts_state) state_o <= guide_i.row;  // a reset that comes between this and a request leaves it
  end

endmodule
