// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// All lanes with their weights: Columns columns of Depth * Rows rows at a time. Depth e runs e cycles behind depth 0, so
// that sums come out one depth per cycle with no register to hold them. Lanes are never cleared: a read takes the
// difference to the read before it, so passes follow each other without a gap.
module matvec
  import engine_pkg::*;
#(
  parameter int Columns = 8,
  parameter int Rows    = 8,
  parameter int Depth   = 8,
  parameter int Terms   = 4,    // columns summed in a lane; divides Columns
  parameter int Packed  = 0,    // of the Columns / Terms groups, those in multiplier blocks
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter int AccW    = 20,   // of a row's sum
  parameter int Stages  = 2,    // of a lane: 1 to 3; 4: and two of a read
  parameter bit Minus   = 1'b0,
  parameter int Uram    = 0,    // of the depths, those whose weights are in pairs of URAM ports, loaded at boot
  parameter bit Split   = 1'b0, // a few of a depth's words in LUTs
  parameter logic [Depth-1:0][15:0] Words = '0,  // weight words of each depth
  parameter int Streams = 1,
  parameter int Runs    = 1,    // numbers of runs
  parameter     Folder  = "",
  localparam int RunW   = Runs > 1 ? $clog2(Runs) : 1,
  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1,
  localparam int CountW = $clog2(Depth + 1)
) (
  input  logic                         clk_i,
  input  logic                         rst_i,
  input  logic                         restart_i,  // the next weight word is the first; of several streams each run
  input  logic                         start_i,    // finds its own: a run's first step is on the next cycle
  input  logic [RunW-1:0]              run_i,      // its number
  input  logic                         load_valid_i,  // contents of URAM
  input  logic [31:0]                  load_data_i,
  input  logic                         step_i,     // A0: a step, two cycles before its activations
  input  logic                         first_i,    // with step_i: the first of a pass
  input  logic [CountW-1:0]            count_i,    // depths that the pass uses, with step_i
  input  logic [Columns-1:0][ActW-1:0] act_i,      // A2: zero where no step is
  input  logic                         read_i,     // E1: a read; a cycle earlier with two stages of it
  input  logic [SelW-1:0]              sel_i,      // the depth it reads
  output logic [Rows-1:0][AccW-1:0]    sum_o       // E2: rows of that depth
);

  localparam int Lanes  = Columns / Terms;  // groups
  localparam int OfLane = Stages > 3 ? 3 : Stages;

  logic [Depth-1:0]                                         step;
  logic [Depth-1:0][Columns-1:0][ActW-1:0]                  act;
  logic [Depth-1:0][Rows-1:0][Columns-1:0][WeightW-1:0]     weight;
  logic [Lanes-1:0][Depth-1:0][Rows-1:0][AccW-1:0]          lane;
  logic [Lanes-1:0][Rows-1:0][AccW-1:0]                     read;

  // The skew: steps and activations one cycle later at each depth. A pass that does not use a depth takes no word of its
  // weights and adds nothing to its lanes. Steps that a reset is too short for to run out are forgotten; activations
  // follow them.
  assign act[0] = act_i;
  for (genvar e = 0; e < Depth; e++) begin : gen_used
    if (e > LongestRunOut) begin : gen_long
      delay_reset #(.Cycles(e)) u_step (.clk_i, .rst_i, .d_i(step_i && 32'(count_i) > e), .d_o(step[e]));
    end else begin : gen_short
      delay #(.Width(1), .Cycles(e)) u_step (.clk_i, .d_i(step_i && 32'(count_i) > e), .d_o(step[e]));
    end
    if (e > 0) begin : gen_skew
      logic [Columns-1:0][ActW-1:0] act_q;
      logic                         used_q;
      always_ff @(posedge clk_i) begin
        used_q <= step[e];
        act_q  <= act[e-1];
        if (!used_q) act_q <= '0;
      end
      assign act[e] = act_q;
    end
  end

  logic [Depth-1:0]       load;
  logic [Depth-1:0][15:0] base;
  if (Streams > 1) begin : gen_bases
    for (genvar e = 0; e < Depth; e++) begin : gen_base
      logic [RunW-1:0] run;
      delay #(.Width(1 + RunW), .Cycles(e)) u_run (.clk_i, .d_i({start_i, run_i}), .d_o({load[e], run}));
      small_rom #(.Width(16), .Depth(Runs),
                  .File({Folder, "weight_base", 8'("0" + e / 10), 8'("0" + e % 10), ".hex"})) u_bases (
        .addr_i(run), .data_o(base[e]));
    end
    logic unused;
    assign unused = restart_i;
  end else begin : gen_one
    assign load = {Depth{restart_i}};
    assign base = '0;
    logic unused;
    assign unused = ^{start_i, run_i};
  end

  weights #(.Columns(Columns), .Rows(Rows), .Depth(Depth), .WeightW(WeightW), .Uram(Uram), .Split(Split), .Words(Words),
            .Folder(Folder))
    u_weights (.clk_i, .rst_i, .restart_i(load), .base_i(base), .step_i(step), .load_valid_i, .load_data_i, .weight_o(weight));

  for (genvar g = 0; g < Lanes; g++) begin : gen_group
    for (genvar e = 0; e < Depth; e++) begin : gen_depth
      logic [Rows-1:0][Terms-1:0][WeightW-1:0] w;
      for (genvar r = 0; r < Rows; r++) begin : gen_row
        assign w[r] = weight[e][r][g*Terms +: Terms];
      end
      lane_group #(.Packed(g < Packed), .Rows(Rows), .Terms(Terms), .ActW(ActW), .WeightW(WeightW), .AccW(AccW),
                   .Stages(OfLane), .Minus(Minus)) u_lanes (
        .clk_i, .rst_i, .a_i(act[e][g*Terms +: Terms]), .w_i(w), .sum_o(lane[g][e]));
    end
    assign read[g] = lane[g][sel_i];
  end

  readout #(.Rows(Rows), .Depth(Depth), .Lanes(Lanes), .Packed(Packed), .Columns(Columns), .ActW(ActW), .AccW(AccW),
            .Offset(digit_offset(WeightW)), .Stages(OfLane), .Late(Stages > 3)) u_readout (
    .clk_i, .rst_i, .first_i(step_i && first_i), .act_i(act_i), .read_i, .sel_i, .lane_i(read), .sum_o);

endmodule
