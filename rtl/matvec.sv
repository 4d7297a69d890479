// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// All lanes with their weights: Groups columns of Depth * Groups rows at a time. Depth e runs e cycles behind
// depth 0, so that sums come out one depth per cycle with no register to hold them.
module matvec #(
  parameter int Groups      = 8,  // columns per step, rows per read; even
  parameter int Depth       = 9,
  parameter int ActW        = 9,
  parameter int WeightW     = 4,
  parameter int AccW    = 20,  // of a row's sum
  parameter int LaneW   = 18,  // of a row's sum over the columns of one group
  parameter int Words       = 512,  // weight words of each depth
  parameter int FabricColumns = 0,  // lane columns without a multiplier block, of Groups * Groups / 2
  parameter bit Packed      = 1'b1,
  parameter     Folder      = "",
  localparam int SelW  = Depth > 1 ? $clog2(Depth) : 1,
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                          clk_i,
  input  logic                          restart_i,  // the next weight word is the first
  input  logic                          step_i,     // a step two cycles before its activations
  input  logic                          clr_i,      // a clearing slot, likewise
  input  logic [Groups-1:0][ActW-1:0]   act_i,      // zero where no step is
  input  logic [SelW-1:0]               sel_i,      // the depth to read
  output logic [Groups-1:0][AccW-1:0]   sum_o       // rows of that depth, two cycles after sel_i
);

  localparam int Pairs = Groups / 2;

  logic [AddrW-1:0]                        addr_q;
  logic [Depth-1:0][AddrW-1:0]             addr;
  logic [Depth-1:0]                        clr_q;
  logic [1:0]                              clr_lead_q;
  logic [Depth-1:0][Groups-1:0][ActW-1:0]  act;
  logic [Depth-1:0][Groups-1:0][ActW+1:0]  act3;
  logic [Depth-1:0][Pairs-1:0][Groups-1:0][2*WeightW-1:0] weight;
  logic [Pairs-1:0][Groups-1:0][2*AccW-1:0] part;

  always_ff @(posedge clk_i) begin
    if (restart_i) addr_q <= '0;
    else if (step_i) addr_q <= addr_q + 1'b1;
    clr_lead_q <= {clr_lead_q[0], clr_i};
    clr_q      <= Depth'({clr_q, clr_lead_q[1]});
  end

  assign addr[0] = addr_q;
  assign act[0]  = act_i;
  for (genvar g = 0; g < Groups; g++) begin : gen_triple
    assign act3[0][g] = (ActW + 2)'($signed(act_i[g])) + ((ActW + 2)'($signed(act_i[g])) <<< 1);
  end
  for (genvar e = 1; e < Depth; e++) begin : gen_skew
    logic [AddrW-1:0]            addr_skew_q;
    logic [Groups-1:0][ActW-1:0] act_skew_q;
    logic [Groups-1:0][ActW+1:0] act3_skew_q;
    always_ff @(posedge clk_i) begin
      addr_skew_q <= addr[e-1];
      act_skew_q  <= act[e-1];
      act3_skew_q <= act3[e-1];
    end
    assign addr[e] = addr_skew_q;
    assign act[e]  = act_skew_q;
    assign act3[e] = act3_skew_q;
  end

  for (genvar e = 0; e < Depth; e++) begin : gen_weight
    rom #(.Width(Groups * Groups * WeightW), .Depth(Words),
          .File({Folder, "weight", 8'("0" + e / 10), 8'("0" + e % 10), ".hex"})) u_rom (
      .clk_i, .en_i(1'b1), .addr_i(addr[e]), .data_o(weight[e]));
  end

  for (genvar c = 0; c < Pairs; c++) begin : gen_pair
    for (genvar g = 0; g < Groups; g++) begin : gen_group
      logic [Depth-1:0][ActW-1:0]      a;
      logic [Depth-1:0][ActW+1:0]      a3;
      logic [Depth-1:0][2*WeightW-1:0] w;
      for (genvar e = 0; e < Depth; e++) begin : gen_depth
        assign a[e]  = act[e][g];
        assign a3[e] = act3[e][g];
        assign w[e]  = weight[e][c][g];
      end
      lane_column #(.Packed(Packed && c * Groups + g >= FabricColumns), .Depth(Depth), .ActW(ActW),
                    .WeightW(WeightW), .AccW(AccW), .LaneW(LaneW)) u_column (
        .clk_i, .clr_i(clr_q), .a_i(a), .a3_i(a3), .w_i(w), .sel_i, .sum_o(part[c][g]));
    end

    // Groups are summed packed; the low row's borrow is returned once.
    logic [2*AccW-1:0] total;
    always_comb begin
      total = '0;
      for (int g = 0; g < Groups; g++) total = total + part[c][g];
    end
    always_ff @(posedge clk_i) begin
      sum_o[2*c]   <= total[AccW-1:0];
      sum_o[2*c+1] <= total[2*AccW-1:AccW] + AccW'(total[AccW-1]);
    end
  end

endmodule
