// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The best tokens so far, in the order of their logits; equal ones as they came. One may come every cycle.
module choice_best
  import choice_pkg::*;
(
  input  logic             clk_i,
  input  logic             clear_i,
  input  logic             valid_i,
  input  best_t            best_i,
  output logic [BestW-1:0] count_o,
  output best_t [Best-1:0] best_o    // count_o of them
);

  logic [Best-1:0] there_q, stays;

  for (genvar i = 0; i < Best; i++) begin : gen_place
    assign stays[i] = there_q[i] && $signed(best_o[i].logit) >= $signed(best_i.logit);
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      for (int i = 0; i < Best; i++)
        if (!stays[i]) begin
          best_o[i]  <= i == 0 || stays[i > 0 ? i - 1 : 0] ? best_i : best_o[i > 0 ? i - 1 : 0];
          there_q[i] <= i == 0 || there_q[i > 0 ? i - 1 : 0];
        end
      if (!there_q[Best-1]) count_o <= count_o + 1'b1;
    end
    if (clear_i) begin
      there_q <= '0;
      count_o <= '0;
    end
  end

endmodule
