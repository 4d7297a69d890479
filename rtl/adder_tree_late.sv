// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The sum of N signed values, with a register half way up the tree or none.
module adder_tree_late #(
  parameter int N     = 8,
  parameter int Width = 16,
  parameter bit Late  = 1'b1,  // the sum is a cycle later
  localparam int OutW = Width + $clog2(N)
) (
  input  logic                    clk_i,
  input  logic [N-1:0][Width-1:0] value_i,
  output logic signed [OutW-1:0]  sum_o
);

  // Sums of so many first: half of the levels, rounded up.
  localparam int Size   = Late ? 1 << (($clog2(N) + 1) / 2) : 1;
  localparam int Groups = (N + Size - 1) / Size;
  localparam int GroupW = Width + $clog2(Size);

  logic [Groups-1:0][GroupW-1:0] group, group_q;

  for (genvar g = 0; g < Groups; g++) begin : gen_group
    localparam int Count = g == Groups - 1 ? N - g * Size : Size;
    logic signed [Width+$clog2(Count)-1:0] sum;
    adder_tree #(.N(Count), .Width(Width)) u_tree (.value_i(value_i[g*Size +: Count]), .sum_o(sum));
    assign group[g] = GroupW'(sum);
  end

  delay #(.Width(Groups * GroupW), .Cycles(32'(Late))) u_groups (.clk_i, .d_i(group), .d_o(group_q));

  logic signed [GroupW+$clog2(Groups)-1:0] total;
  adder_tree #(.N(Groups), .Width(GroupW)) u_total (.value_i(group_q), .sum_o(total));
  assign sum_o = OutW'(total);

endmodule
