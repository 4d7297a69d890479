// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A row's multiplier times a norm's reciprocal root, in 17 bits again, with or without a root. One cycle, and
// those of its factors.
module fold_root #(
  parameter int Stages = 1  // of the factors: 2: a register in front of the product
) (
  input  logic        clk_i,
  input  logic [16:0] multiplier_i,
  input  logic        fold_i,         // low: the multiplier passes unchanged
  input  logic [16:0] root_i,
  input  logic        other_i,        // Stages later: take this one instead
  input  logic [16:0] other_value_i,
  output logic [16:0] multiplier_o
);

  logic [33:0] product_q;
  logic [16:0] multiplier, root, plain_q;
  logic        fold, fold_q;
  logic [17:0] rounded;

  logic unused;
  assign unused  = ^product_q[15:0];
  assign rounded = {1'b0, product_q[33:17]} + 18'(product_q[16]);

  delay #(.Width(35), .Cycles(Stages - 1)) u_factors (
    .clk_i, .d_i({multiplier_i, root_i, fold_i}), .d_o({multiplier, root, fold}));

  always_ff @(posedge clk_i) begin
    product_q <= multiplier * root;
    plain_q   <= multiplier;
    fold_q    <= fold;
    if (other_i) multiplier_o <= other_value_i;
    else if (!fold_q) multiplier_o <= plain_q;
    else multiplier_o <= rounded[17] ? '1 : rounded[16:0];
  end

endmodule
