// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Rows on their way to post, queries and keys through the norms of their heads, if they have one.
module head_norm
  import engine_pkg::*, plan_pkg::*;
#(
  parameter Folder = ""
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic                      restart_i,  // the next token
  input  logic [PartB-1:0]          part_i,     // E0: the lowest bits of a destination
  input  logic                      head_valid_i,
  input  tail_t                     head_tail_i, // EY: queries and keys are taken from here
  input  logic [Rows-1:0][RowW-1:0] head_y_i,
  input  logic                      valid_i,
  input  tail_t                     tail_i,     // the rest from here
  input  logic [Rows-1:0][RowW-1:0] y_i,
  output logic                      valid_o,
  output tail_t                     tail_o,
  output logic [Rows-1:0][RowW-1:0] y_o,
  output logic [PartB-1:0]          part_o      // tail_o's lowest bits of a destination, two cycles earlier
);

  if (Renorms) begin : gen_renorm
    typedef struct packed {
      kind_e            kind;
      logic [5:0]       post;
      logic [DestW-1:0] dest;
    } along_t;
    logic                  heads, normed;
    along_t                side, along, early;
    logic [Rows-1:0][15:0] raw, normed_y;
    assign heads = head_tail_i.kind == KindQuery || head_tail_i.kind == KindKey;
    assign side  = '{kind: head_tail_i.kind, post: head_tail_i.post, dest: head_tail_i.dest};
    renorm #(.Rows(Rows), .Parts(Parts), .Heads(Shared), .SideW($bits(along_t)), .EnergyW(RenormEnergyW),
             .EpsW(RenormEpsW), .Words(RenormWords), .ReadStages(ReadStages), .SumStages(SumStages), .Stages(RoundStages),
             .Folder(Folder)) u_renorm (
      .clk_i, .rst_i, .restart_i, .valid_i(head_valid_i && heads), .part_i(PartW'(head_tail_i.dest)), .side_i(side),
      .x_i(raw), .valid_o(normed), .side_o(along), .early_o(early), .y_o(normed_y));
    assign valid_o = normed || (valid_i && !heads);
    assign part_o  = early.dest[PartB-1:0];
    always_comb begin
      tail_o = tail_i;
      if (normed) begin
        tail_o.kind = along.kind;
        tail_o.post = along.post;
        tail_o.dest = along.dest;
      end
    end
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      assign raw[r] = head_y_i[r][15:0];
      assign y_o[r] = normed ? RowW'($signed(normed_y[r])) : y_i[r];
    end
    logic unused;
    assign unused = ^{part_i, early, head_tail_i, head_y_i};
`ifndef SYNTHESIS
    always_ff @(posedge clk_i)
      if (!rst_i && normed && head_valid_i && (head_tail_i.kind == KindUp || head_tail_i.kind == KindLogit))
        $fatal(1, "%m: two rows at once in front of post");
`endif
  end else begin : gen_none
    assign tail_o  = tail_i;
    assign valid_o = valid_i;
    assign y_o     = y_i;
    delay #(.Width(PartB), .Cycles(YLate - 2)) u_part (.clk_i, .d_i(part_i), .d_o(part_o));
    logic unused;
    assign unused = ^{rst_i, restart_i, head_valid_i, head_tail_i, head_y_i};
  end

endmodule
