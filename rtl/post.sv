// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What follows the requantised rows: rotation of queries and keys, activation times up, logits over temperature.
// Two multipliers per row and one rounding serve all three. One cycle, those of the factors
// and those of the rounding.
module post
  import engine_pkg::*;
#(
  parameter int Rows   = 8,
  parameter int RowW   = 16,
  parameter int OutW   = 22,
  parameter bit Turns  = 1'b1,  // there are rotations
  parameter int FactorStages = 1, // 2: a register in front of the products
  parameter int Stages = 2      // of the rounding
) (
  input  logic                         clk_i,
  input  kind_e                        kind_i,
  input  logic [5:0]                   shift_i,
  input  logic [OutW-2:0]              max_i,     // largest result of this kind
  input  logic [Rows-1:0][RowW-1:0]    y_i,
  input  logic [Rows/2-1:0][15:0]      cos_i,
  input  logic [Rows/2-1:0][15:0]      sin_i,
  input  logic [Rows-1:0][15:0]        gate_i,
  input  logic [17:0]                  inverse_i, // 1 / temperature
  output logic [Rows-1:0][OutW-1:0]    z_o        // FactorStages + Stages cycles later
);

  localparam int ProductW = RowW + 18;

  logic [5:0]      shift_q;
  logic [OutW-2:0] max_q;

  localparam int Late = FactorStages - 1;
  delay #(.Width(6), .Cycles(FactorStages)) u_shift (.clk_i, .d_i(shift_i), .d_o(shift_q));
  delay #(.Width(OutW - 1), .Cycles(FactorStages)) u_max (.clk_i, .d_i(max_i), .d_o(max_q));

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic signed [17:0]         factor_d, factor;
    logic signed [RowW-1:0]     own;
    logic signed [ProductW-1:0] own_q;
    logic signed [ProductW:0]   sum;

    always_comb begin
      unique case (kind_i)
        KindUp:    factor_d = 18'($signed(gate_i[r]));
        KindLogit: factor_d = $signed(inverse_i);
        default:   factor_d = 18'($signed(cos_i[r/2]));
      endcase
    end
    delay #(.Width(18), .Cycles(Late)) u_factor (.clk_i, .d_i(factor_d), .d_o(factor));
    delay #(.Width(RowW), .Cycles(Late)) u_own (.clk_i, .d_i(y_i[r]), .d_o(own));
    always_ff @(posedge clk_i) own_q <= ProductW'(own * factor);

    if (Turns) begin : gen_turn
      logic signed [16:0]         across_d, across;
      logic signed [RowW-1:0]     other;
      logic signed [ProductW-1:0] other_q;
      always_comb begin
        across_d = 17'($signed(sin_i[r/2]));
        if (kind_i == KindUp || kind_i == KindLogit) across_d = '0;
      end
      delay #(.Width(17), .Cycles(Late)) u_across (.clk_i, .d_i(across_d), .d_o(across));
      delay #(.Width(RowW), .Cycles(Late)) u_other (.clk_i, .d_i(y_i[r^1]), .d_o(other));
      always_ff @(posedge clk_i) other_q <= ProductW'(other * across);
      assign sum = r % 2 == 0 ? (ProductW + 1)'(own_q) - (ProductW + 1)'(other_q)
                              : (ProductW + 1)'(own_q) + (ProductW + 1)'(other_q);
    end else begin : gen_straight
      assign sum = (ProductW + 1)'(own_q);
    end

    requant #(.InW(ProductW + 1), .OutW(OutW), .ShiftW(6), .Stages(Stages)) u_requant (
      .clk_i, .x_i(sum), .shift_i(shift_q), .max_i(max_q), .bias_i('0), .y_o(z_o[r]));
  end

  if (!Turns) begin : gen_unused
    logic unused;
    assign unused = ^sin_i;
  end

endmodule
