// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The lanes of Terms columns and one depth of Rows rows, in fabric or two rows to a multiplier block.
module lane_group #(
  parameter bit Packed  = 1'b0,
  parameter int Rows    = 8,    // even if Packed
  parameter int Terms   = 4,
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter int AccW    = 20,
  parameter int Stages  = 2,
  parameter bit Minus   = 1'b0
) (
  input  logic                                    clk_i,
  input  logic                                    rst_i,
  input  logic [Terms-1:0][ActW-1:0]              a_i,
  input  logic [Rows-1:0][Terms-1:0][WeightW-1:0] w_i,   // a cycle before a_i
  output logic [Rows-1:0][AccW-1:0]               sum_o  // Stages after a_i; a packed pair is one number of twice the width
);

  if (Packed) begin : gen_packed
    for (genvar p = 0; p < Rows / 2; p++) begin : gen_pair
      lane_packed #(.Terms(Terms), .ActW(ActW), .WeightW(WeightW), .AccW(AccW), .Stages(Stages)) u_lane (
        .clk_i, .rst_i, .a_i, .w_i({w_i[2*p+1], w_i[2*p]}), .sum_o({sum_o[2*p+1], sum_o[2*p]}));
    end
  end else begin : gen_fabric
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      logic [Terms-1:0][WeightW-1:0] w_q;
      always_ff @(posedge clk_i) w_q <= w_i[r];
      lane_fabric #(.Terms(Terms), .ActW(ActW), .WeightW(WeightW), .AccW(AccW), .Stages(Stages), .Minus(Minus)) u_lane (
        .clk_i, .rst_i, .a_i, .w_i(w_q), .sum_o(sum_o[r]));
    end
  end

endmodule
