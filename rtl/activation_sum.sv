// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Offset times the sum of a pass's activations, held while its depths are read.
module activation_sum #(
  parameter int Columns = 8,
  parameter int ActW    = 9,
  parameter int AccW    = 20,
  parameter int Offset  = 1,
  parameter int Stages  = 2    // of a lane: the sum is there when the lanes' are
) (
  input  logic                         clk_i,
  input  logic                         first_i,  // A0: first step of a pass
  input  logic [Columns-1:0][ActW-1:0] act_i,    // A2
  input  logic                         read_i,   // E1: the pass's first read
  output logic [AccW-1:0]              total_o   // E1: from the first read to the last
);

  localparam int TreeW = ActW + $clog2(Columns + 1);

  logic                    first;
  logic signed [TreeW-1:0] tree, tree_q;
  logic signed [AccW-1:0]  scaled, running_q, held_q;

  always_comb begin
    tree = '0;
    for (int c = 0; c < Columns; c++) tree = tree + TreeW'($signed(act_i[c]));
  end

  delay #(.Width(TreeW), .Cycles(Stages - 1)) u_tree (.clk_i, .d_i(tree), .d_o(tree_q));
  delay #(.Width(1), .Cycles(Stages + 1)) u_first (.clk_i, .d_i(first_i), .d_o(first));

  times #(.InW(TreeW), .OutW(AccW), .Factor(Offset)) u_times (.x_i(tree_q), .y_o(scaled));

  // Steps between passes add zeros, so the sum keeps until the next pass begins.
  always_ff @(posedge clk_i) begin
    running_q <= (first ? '0 : running_q) + scaled;
    if (read_i) held_q <= running_q;
  end
  assign total_o = read_i ? running_q : held_q;

endmodule
