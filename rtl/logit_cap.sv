// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Rows on their way to post, logits with their soft cap, if they have one: SoftCapLate behind the others.
module logit_cap
  import engine_pkg::*, plan_pkg::*;
#(
  parameter Folder = ""
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic                      valid_i,  // EY
  input  tail_t                     tail_i,
  input  logic [Rows-1:0][RowW-1:0] y_i,
  output logic                      valid_o,
  output tail_t                     tail_o,
  output logic [Rows-1:0][RowW-1:0] y_o
);

  if (LogitCap) begin : gen_cap
    tail_t                 tail;
    logic                  logits, capped;
    logic [Rows-1:0][15:0] raw, cap;
    assign logits  = valid_i && tail_i.kind == KindLogit;
    assign valid_o = capped || (valid_i && !logits);
    assign tail_o  = capped ? tail : tail_i;
    delay #(.Width($bits(tail_t)), .Cycles(SoftCapLate)) u_tail (.clk_i, .d_i(tail_i), .d_o(tail));
    delay_reset #(.Cycles(SoftCapLate)) u_valid (.clk_i, .rst_i, .d_i(logits), .d_o(capped));
    soft_cap #(.Lanes(Rows), .SlopeW(LogitSlopeW), .File({Folder, "logit_cap.hex"})) u_cap (
      .clk_i, .x_i(raw), .y_o(cap));
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      assign raw[r] = y_i[r][15:0];
      assign y_o[r] = capped ? RowW'($signed(cap[r])) : y_i[r];
    end
`ifndef SYNTHESIS
    always_ff @(posedge clk_i)
      if (!rst_i && capped && valid_i && !logits) $fatal(1, "%m: a row beside capped logits");
`endif
  end else begin : gen_none
    assign {valid_o, tail_o, y_o} = {valid_i, tail_i, y_i};
    logic unused;
    assign unused = ^{clk_i, rst_i};
  end

endmodule
