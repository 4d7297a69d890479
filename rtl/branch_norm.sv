// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Rows on their way to the residual, those of a branch through its norm, if it has one.
module branch_norm
  import engine_pkg::*, plan_pkg::*;
#(
  parameter Folder = ""
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           restart_i,  // the next token
  input  logic                           valid_i,    // EY
  input  tail_t                          tail_i,
  input  logic [Rows-1:0][RowW-1:0]      y_i,
  output logic                           valid_o,    // what goes into the residual
  output logic                           set_o,
  output logic                           first_o,
  output logic [WordsA-1:0]              dest_o,
  output logic [Rows-1:0][ResidualW-1:0] x_o
);

  localparam int PlaceW = Words > 1 ? $clog2(Words) : 1;

  logic                           plain;  // a row that no norm takes
  logic [Rows-1:0][ResidualW-1:0] x;

  assign plain = valid_i && tail_i.kind == KindResidual && !tail_i.branch;
  for (genvar r = 0; r < Rows; r++) begin : gen_narrow
    assign x[r] = y_i[r][ResidualW-1:0];
  end

  if (Branches) begin : gen_branch
    logic                           normed;
    logic [WordsA-1:0]              dest, early;
    logic [Rows-1:0][15:0]          raw;
    logic [Rows-1:0][ResidualW-1:0] normed_x;
    renorm #(.Rows(Rows), .Parts(Words), .OutW(ResidualW), .SideW(WordsA), .EnergyW(BranchEnergyW), .EpsW(BranchEpsW),
             .Words(BranchWords), .ReadStages(ReadStages), .SumStages(SumStages), .Stages(RoundStages), .Folder(Folder),
             .Name("branch")) u_renorm (
      .clk_i, .rst_i, .restart_i, .valid_i(valid_i && tail_i.branch), .part_i(PlaceW'(tail_i.dest)),
      .side_i(WordsA'(tail_i.dest)), .x_i(raw), .valid_o(normed), .side_o(dest), .early_o(early), .y_o(normed_x));
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      assign raw[r] = y_i[r][15:0];
    end
    assign valid_o = normed || plain;
    assign set_o   = !normed && tail_i.set;
    assign first_o = normed ? dest == '0 : tail_i.first;
    assign dest_o  = normed ? dest : WordsA'(tail_i.dest);
    assign x_o     = normed ? normed_x : x;
    logic unused_early;
    assign unused_early = ^early;
`ifndef SYNTHESIS
    always_ff @(posedge clk_i)
      if (!rst_i && normed && plain) $fatal(1, "%m: two rows at once in front of the residual");
`endif
  end else begin : gen_none
    assign valid_o = plain;
    assign set_o   = tail_i.set;
    assign first_o = tail_i.first;
    assign dest_o  = WordsA'(tail_i.dest);
    assign x_o     = x;
    logic unused;
    assign unused = ^{clk_i, rst_i, restart_i, PlaceW'(0)};
  end

  logic unused_bits;
  assign unused_bits = ^{tail_i, y_i};

endmodule
