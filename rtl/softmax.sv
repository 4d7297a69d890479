// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Exponentials of a head's scores below their maximum. The difference, shifted, is the table's index.
module softmax #(
  parameter int Banks   = 12,
  parameter int Blocks  = 43,
  parameter int Layers  = 5,
  parameter int Walks   = 8,   // heads of a layer that come here
  parameter int ScoreW  = 21,
  parameter int WeightW = 10,  // of an exponential
  parameter int AddrW   = 10,
  parameter int Group   = 2,   // walks over the same part of the cache
  parameter int ReadStages = 1,  // of the exponentials
  parameter     File    = "",  // shifts of the heads
  parameter bit Windowed = 1'b0,
  parameter     Folder  = "",
  localparam int BlockW = $clog2(Blocks + 1),
  localparam int BankW  = Banks > 1 ? $clog2(Banks) : 1,
  localparam int Total  = Layers * Walks,
  localparam int IndexW = Total > 1 ? $clog2(Total) : 1
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           load_i,       // the next head is the first at:
  input  logic [AddrW-1:0]               base_i,       // of the cache
  input  logic [IndexW-1:0]              index_i,      // of all layers' heads
  input  logic                           layer_i,      // the next head's parity is 0
  input  logic                           start_i,      // t4: a head's scores are complete
  input  logic [ScoreW-1:0]              peak_i,       // t5
  input  logic [BlockW-1:0]              blocks_i,     // t5, and held
  input  logic                           single_i,     // t5: blocks_i is one
  input  logic [Banks-1:0]               exists_i,     // t6: positions in the last block
  input  logic [BlockW-1:0]              from_block_i, // where the window begins
  input  logic [BankW-1:0]               from_bank_i,
  output logic [BlockW:0]                slot_o,       // t5
  output logic [BlockW:0]                slot_next_o,  // t4: slot_o of the next cycle
  input  logic [Banks-1:0][ScoreW-1:0]   score_i,      // t5
  output logic [AddrW-1:0]               value_addr_o, // t7
  output logic                           value_last_o, // t7: it is the last block's
  output logic                           head_last_o,  // t5: the same
  output logic                           valid_o,      // t7 + ReadStages, as the next four
  output logic                           first_o,
  output logic                           last_o,
  output logic [Banks-1:0][WeightW-1:0]  weight_o,
  output logic [4:0]                     shift_o       // of this head's values
);

  localparam int GroupW = Group > 1 ? $clog2(Group) : 1;
  localparam int Pairs  = (Banks + 1) / 2;
  localparam int Late   = 2 + ReadStages;  // t5 to an exponential

  // From here on generated from plan/words.py by python -m hardwire.emit.rtl.packages.
  // Of a head: a word of its file.
  typedef struct packed {
    logic [4:0] score;  // of a difference of scores, to steps of the exponential
    logic [4:0] value;  // of its mixed values
  } shifts_t;
  // By hand again.

  logic                     busy_q, first, last, parity_q;
  logic [BlockW-1:0]        count_q, next_q, after_q;  // and one more, and two, which no comparison need count first
  logic                     began_q, ends_q;  // ends_q: of a head's later blocks the last
  logic [IndexW-1:0]        index_q;
  logic [GroupW-1:0]        group_q;
  logic [AddrW-1:0]         base_q;
  logic signed [ScoreW-1:0] peak, peak_q;
  shifts_t                  shifts;
  shifts_t [Late-1:0]       shifts_q;
  logic [Late-1:0]          valid_q, first_q, last_q;
  logic [1:0][AddrW-1:0]    addr_q;
  logic [Banks-1:0]         recent;  // t6: not left behind by the window

  assign first  = busy_q && began_q;
  assign last   = busy_q && (began_q ? single_i : ends_q);
  assign slot_o = {parity_q, count_q};
  assign slot_next_o = {layer_i ? 1'b0 : parity_q ^ last, start_i ? '0 : next_q};
  assign peak   = first ? $signed(peak_i) : peak_q;  // the next head's replaces it soon

  // index_q and group_q are those of the head that is walked; they move on behind its last block.
  always_ff @(posedge clk_i) begin
    if (last) begin
      busy_q  <= 1'b0;
      index_q <= index_q + 1'b1;
      group_q <= group_q == GroupW'(Group - 1) ? '0 : group_q + 1'b1;
      if (group_q == GroupW'(Group - 1)) base_q <= base_q + AddrW'(Blocks);
      parity_q <= !parity_q;
    end
    began_q  <= start_i;
    ends_q   <= after_q == blocks_i;
    count_q <= next_q;
    next_q  <= next_q + 1'b1;
    after_q <= after_q + 1'b1;
    if (start_i) begin
      busy_q  <= 1'b1;
      count_q <= '0;
      next_q  <= BlockW'(1);
      after_q <= BlockW'(2);
    end
    peak_q   <= peak;
    shifts_q <= {shifts_q[Late-2:0], shifts};
    valid_q  <= {valid_q[Late-2:0], busy_q};
    first_q  <= {first_q[Late-2:0], first};
    last_q   <= {last_q[Late-2:0], last};
    addr_q   <= {addr_q[0], base_q + AddrW'(count_q)};
    if (layer_i) parity_q <= 1'b0;
    if (load_i) begin
      index_q <= index_i;
      group_q <= '0;
      base_q  <= base_i;
    end
    if (rst_i) begin
      parity_q <= 1'b0;
      busy_q  <= 1'b0;
      valid_q <= '0;
    end
  end

  small_rom #(.Width($bits(shifts_t)), .Depth(Total), .File({Folder, File})) u_shift (.addr_i(index_q), .data_o(shifts));

  recent #(.Banks(Banks), .Blocks(Blocks), .Windowed(Windowed)) u_recent (
    .clk_i, .block_i(count_q), .from_block_i, .from_bank_i, .seen_o(recent));

  logic [2*Pairs-1:0][9:0]         step_q;
  logic [2*Pairs-1:0][WeightW-1:0] entry;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    logic [ScoreW:0]   under_q;
    logic [ScoreW+1:0] shifted;
    logic [9:0]        step;
    logic              alive_q, alive_dq;
    logic [WeightW-1:0] weight;

    // t5: below the maximum; t6: in steps of the table; t7: its entry.
    assign shifted = {under_q, 1'b0} >> shifts_q[0].score;
    assign step    = shifted[10:1] + 10'(shifted[0]);

    always_ff @(posedge clk_i) begin
      under_q   <= (ScoreW + 1)'(peak) - (ScoreW + 1)'($signed(score_i[b]));
      step_q[b] <= step;
      alive_q   <= shifted[ScoreW+1:11] == '0 && shifted[10:0] != '1 && (!last_q[0] || exists_i[b]) && recent[b];
      alive_dq  <= alive_q;
    end
    assign weight = alive_dq && valid_q[2] ? entry[b] : '0;
    delay #(.Width(WeightW), .Cycles(ReadStages - 1)) u_weight (.clk_i, .d_i(weight), .d_o(weight_o[b]));
  end

  for (genvar p = 0; p < Pairs; p++) begin : gen_pair
    if (2 * p + 1 < Banks) begin : gen_two
      rom_pair #(.Width(WeightW), .Depth(1024), .File({Folder, "exp.hex"})) u_exp (
        .clk_i, .en_i(1'b1), .addr_i(step_q[2*p +: 2]), .data_o(entry[2*p +: 2]));
    end else begin : gen_one
      rom #(.Width(WeightW), .Depth(1024), .File({Folder, "exp.hex"})) u_exp (
        .clk_i, .en_i(1'b1), .addr_i(step_q[2*p]), .data_o(entry[2*p]));
      assign step_q[2*p+1] = '0;
      assign entry[2*p+1]  = '0;
      logic unused;
      assign unused = ^{step_q[2*p+1], entry[2*p+1]};
    end
  end

  assign value_addr_o = addr_q[1];
  assign head_last_o  = last;
  assign value_last_o = valid_q[1] && last_q[1];
  assign valid_o = valid_q[Late-1];
  assign first_o = first_q[Late-1];
  assign last_o  = last_q[Late-1];
  assign shift_o = shifts_q[Late-1].value;

  logic unused;
  assign unused = ^shifts_q;

endmodule
