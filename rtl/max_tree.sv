// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The largest of N signed values and the lowest index that holds it.
module max_tree #(
  parameter int N     = 8,
  parameter int Width = 16,
  localparam int IndexW = N > 1 ? $clog2(N) : 1
) (
  input  logic [N-1:0][Width-1:0] value_i,
  output logic [Width-1:0]        top_o,
  output logic [IndexW-1:0]       index_o
);

  if (N == 1) begin : gen_leaf
    assign top_o   = value_i[0];
    assign index_o = '0;
  end else begin : gen_node
    localparam int Low   = 1 << ($clog2(N) - 1);  // a power of two: indices join by concatenation
    localparam int High  = N - Low;
    localparam int LowW  = Low > 1 ? $clog2(Low) : 1;
    localparam int HighW = High > 1 ? $clog2(High) : 1;
    logic [Width-1:0] low_top, high_top;
    logic [LowW-1:0]  low_index;
    logic [HighW-1:0] high_index;
    logic signed [Width:0] lead;  // of the lower half
    logic             high_wins;

    max_tree #(.N(Low), .Width(Width)) u_low (.value_i(value_i[Low-1:0]), .top_o(low_top), .index_o(low_index));
    max_tree #(.N(High), .Width(Width)) u_high (
      .value_i(value_i[N-1:Low]), .top_o(high_top), .index_o(high_index));

    // A difference is one carry chain; a comparison may become a tree of LUTs, which takes longer.
    chain_add #(.AW(Width), .BW(Width), .YW(Width + 1)) u_lead (
      .a_i(low_top), .b_i(~high_top), .c_i(1'b1), .y_o(lead));
    assign high_wins = lead[Width];
    logic unused;
    assign unused = ^lead;
    assign top_o     = high_wins ? high_top : low_top;
    assign index_o   = high_wins ? IndexW'(Low) + IndexW'(high_index) : IndexW'(low_index);
  end

endmodule
