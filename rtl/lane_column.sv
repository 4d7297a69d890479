// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The lanes of one column group and one pair of rows, depth by depth, and the multiplexer that reads them.
module lane_column #(
  parameter bit Packed  = 1'b1,  // one multiplier block per pair of rows; otherwise fabric
  parameter int Depth   = 9,
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter int AccW    = 20,    // of a row's sum over all groups
  parameter int LaneW   = 18,    // of a row's sum in one group
  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                            clk_i,
  input  logic [Depth-1:0]                clr_i,
  input  logic [Depth-1:0][ActW-1:0]      a_i,
  input  logic [Depth-1:0][ActW+1:0]      a3_i,   // 3 * a_i
  input  logic [Depth-1:0][2*WeightW-1:0] w_i,
  input  logic [SelW-1:0]                 sel_i,  // the depth to read
  output logic [2*AccW-1:0]               sum_o   // high row * 2**AccW + low row; a cycle after sel_i
);

  if (Packed) begin : gen_packed
    logic [Depth-1:0][2*AccW-1:0] sums;
    for (genvar e = 0; e < Depth; e++) begin : gen_depth
      lane_pair #(.ActW(ActW), .WeightW(WeightW), .AccW(AccW)) u_pair (
        .clk_i, .clr_i(clr_i[e]), .a_i(a_i[e]), .w_i(w_i[e]), .sum_o(sums[e]));
    end
    always_ff @(posedge clk_i) sum_o <= sums[sel_i];
    logic unused;
    assign unused = ^a3_i;
  end else begin : gen_fabric
    logic [Depth-1:0][1:0][LaneW-1:0] sums;
    logic [1:0][LaneW-1:0] read_q;
    for (genvar e = 0; e < Depth; e++) begin : gen_depth
      for (genvar r = 0; r < 2; r++) begin : gen_row
        lane_fabric #(.ActW(ActW), .WeightW(WeightW), .LaneW(LaneW)) u_lane (
          .clk_i, .clr_i(clr_i[e]), .a_i(a_i[e]), .a3_i(a3_i[e]), .w_i(w_i[e][r*WeightW +: WeightW]),
          .sum_o(sums[e][r]));
      end
    end
    always_ff @(posedge clk_i) read_q <= sums[sel_i];
    // The high row gives up what the low row's sign borrows: the same integer as a packed pair's.
    assign sum_o = {AccW'($signed(read_q[1])) - AccW'(read_q[0][LaneW-1]), AccW'($signed(read_q[0]))};
  end

endmodule
