// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// An unsigned weight times two signed values; packed, in one multiplier. One cycle.
module weighted_pair #(
  parameter bit Packed = 1'b1,
  parameter int WeightW = 10,
  parameter int ValueW  = 8
) (
  input  logic                             clk_i,
  input  logic [WeightW-1:0]               weight_i,
  input  logic [ValueW-1:0]                low_i,
  input  logic [ValueW-1:0]                high_i,
  output logic signed [WeightW+ValueW-1:0] low_o,
  output logic signed [WeightW+ValueW-1:0] high_o
);

  localparam int ProductW = WeightW + ValueW;
  logic signed [WeightW:0] weight;
  assign weight = $signed({1'b0, weight_i});

  if (Packed) begin : gen_packed
    // A bit closer than two products fit: the sign of the lower one is its value's, unless it is zero. The values stand
    // side by side, so a lower one below zero counts as 2**Half more, which the upper product gives back.
    localparam int Half  = ProductW - 1;
    localparam int WordW = Half + ValueW;
    logic signed [WordW-1:0]         word;
    logic signed [WordW+WeightW:0]   both_q;
    logic [WeightW-1:0]              less_q;  // the weight less one, or zero
    logic                            some_q, below_q, negative;
    assign word = {high_i, Half'($signed(low_i))};
    always_ff @(posedge clk_i) begin
      both_q   <= weight * word;
      some_q   <= weight_i != '0;
      less_q   <= weight_i == '0 ? '0 : weight_i - 1'b1;
      below_q  <= low_i[ValueW-1];
    end
    // A value below zero is not zero: what it makes is below zero unless the weight is none.
    assign negative = below_q && some_q;
    assign low_o    = {negative, both_q[Half-1:0]};
    assign high_o   = ProductW'(both_q >>> Half) - ProductW'(below_q ? less_q : '0);
  end else begin : gen_apart
    always_ff @(posedge clk_i) begin
      low_o  <= ProductW'(weight * $signed(low_i));
      high_o <= ProductW'(weight * $signed(high_i));
    end
  end

endmodule
