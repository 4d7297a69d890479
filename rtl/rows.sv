// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// From sums to rows: each times its multiplier, which a norm's root may have joined, rounded and saturated to the width of
// its kind.
module rows
  import engine_pkg::*;
#(
  parameter int Rows   = 8,
  parameter int AccW   = 20,
  parameter int RowW   = 16,   // of a result
  parameter int BiasW  = 0,
  parameter int ResidualW = 16, CacheW = 8, GateW = 11, UpW = 16, LogitW = 16,
  parameter int EmbeddingW = 8,
  parameter int FactorStages = 1,  // of what is multiplied: all behind it is later by those beyond one
  parameter int Stages = 2,    // of the rounding
  localparam int BiasP = BiasW > 0 ? BiasW : 1
) (
  input  logic                             clk_i,
  input  kind_e                            kind_i,         // E0, as the next five
  input  logic                             raw_i,          // a row of the residual that a norm will take
  input  logic                             fold_i,
  input  logic [5:0]                       shift_i,
  input  logic [Rows-1:0][16:0]            multiplier_i,
  input  logic [Rows-1:0][BiasP-1:0]       bias_i,
  input  logic                             embed_i,        // the row is the embedding's
  input  logic [16:0]                      root_i,         // E0
  input  logic [16:0]                      row_factor_i,   // E1: the embedding row's multiplier
  input  logic [Rows-1:0][EmbeddingW-1:0]  row_i,          // E1
  input  logic [Rows-1:0][AccW-1:0]        sum_i,          // E2
  output logic [Rows-1:0][RowW-1:0]        y_o             // E2 + FactorStages + Stages
);

  localparam int ProductW = AccW + 18;
  localparam int Late     = FactorStages - 1;

  logic                             embed_e1, embed_e2, embed_late, raw_e3;
  logic [16:0]                      row_factor_late;
  logic [2:0]                       kind_e3;
  logic [5:0]                       shift_e3;
  logic [Rows-1:0][EmbeddingW-1:0]  row_e2;
  logic [Rows-1:0][BiasP-1:0]       bias_e3;
  logic [RowW-2:0]                  most_e3;

  delay #(.Width(3), .Cycles(3 + Late)) u_kind (.clk_i, .d_i(kind_i), .d_o(kind_e3));
  delay #(.Width(1), .Cycles(3 + Late)) u_raw (.clk_i, .d_i(raw_i), .d_o(raw_e3));
  delay #(.Width(6), .Cycles(3 + Late)) u_shift (.clk_i, .d_i(shift_i), .d_o(shift_e3));
  delay #(.Width(Rows * BiasP), .Cycles(3 + Late)) u_bias (.clk_i, .d_i(bias_i), .d_o(bias_e3));

  always_ff @(posedge clk_i) begin
    embed_e1 <= embed_i;
    embed_e2 <= embed_e1;
    row_e2   <= row_i;
  end
  delay #(.Width(1), .Cycles(Late)) u_embed (.clk_i, .d_i(embed_e1), .d_o(embed_late));
  delay #(.Width(17), .Cycles(Late)) u_row_factor (.clk_i, .d_i(row_factor_i), .d_o(row_factor_late));

  always_comb begin
    unique case (kind_e'(kind_e3))
      KindResidual:         most_e3 = (RowW - 1)'({(ResidualW - 1){1'b1}});
      KindValue:            most_e3 = (RowW - 1)'({(CacheW - 1){1'b1}});
      KindGate, KindPlain:  most_e3 = (RowW - 1)'({(GateW - 1){1'b1}});
      KindUp:               most_e3 = (RowW - 1)'({(UpW - 1){1'b1}});
      KindLogit:            most_e3 = (RowW - 1)'({(LogitW - 1){1'b1}});
      default:              most_e3 = (RowW - 1)'({15{1'b1}});
    endcase
    if (raw_e3) most_e3 = (RowW - 1)'({15{1'b1}});
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic [16:0]                multiplier_e2;
    logic signed [AccW-1:0]     sum_e2, sum;
    logic signed [ProductW-1:0] product_q;
    fold_root #(.Stages(FactorStages)) u_fold (
      .clk_i, .multiplier_i(multiplier_i[r]), .fold_i, .root_i, .other_i(embed_late), .other_value_i(row_factor_late),
      .multiplier_o(multiplier_e2));
    assign sum_e2 = embed_e2 ? AccW'($signed(row_e2[r])) : $signed(sum_i[r]);
    delay #(.Width(AccW), .Cycles(Late)) u_sum (.clk_i, .d_i(sum_e2), .d_o(sum));
    always_ff @(posedge clk_i) product_q <= ProductW'(sum * $signed({1'b0, multiplier_e2}));
    requant #(.InW(ProductW), .OutW(RowW), .ShiftW(6), .BiasW(BiasW), .Stages(Stages)) u_requant (
      .clk_i, .x_i(product_q), .shift_i(shift_e3), .max_i(most_e3), .bias_i(bias_e3[r]), .y_o(y_o[r]));
  end

endmodule
