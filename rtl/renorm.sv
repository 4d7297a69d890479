// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A norm inside a layer, of query and key heads or of what a branch adds, which is one head of the residual's width.
// Rows come in as the lanes made them, and go out when their head is whole and its root is known: shifted until the head
// fills its bits, times gain and root, rounded.
module renorm
  import engine_pkg::RootLate, engine_pkg::RenormLate;
#(
  parameter int Rows    = 8,
  parameter int Parts   = 1,   // turns in which the rows of a head come
  parameter int Heads   = 1,   // or heads of one turn
  parameter int OutW    = 16,
  parameter int SideW   = 8,   // of what goes along with a turn
  parameter int EnergyW = 35,  // of a head's sum of squares with eps
  parameter int EpsW    = 16,
  parameter int Words   = 16,  // turns of a token
  parameter int ReadStages = 1, // of the root's table: what follows is later by those beyond one
  parameter int SumStages = 1,  // more: by one for the sum of squares
  parameter int Stages  = 2,   // of the rounding; 3: by one for that of the root
  parameter     Folder  = "",
  parameter     Name    = "renorm",  // of its tables: gains and their shift, eps
  localparam int PartW = Parts > 1 ? $clog2(Parts) : 1
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  restart_i,  // the next turn is a token's first
  input  logic                  valid_i,    // t0: a turn
  input  logic [PartW-1:0]      part_i,     // of its head
  input  logic [SideW-1:0]      side_i,
  input  logic [Rows-1:0][15:0] x_i,
  output logic                  valid_o,    // t9 + Stages of a head's last turn, and on while it has turns
  output logic [SideW-1:0]      side_o,
  output logic [SideW-1:0]      early_o,    // side_o two cycles earlier
  output logic [Rows-1:0][OutW-1:0] y_o
);

  localparam int Size  = Rows / Heads;
  localparam int Late  = RootLate + ReadStages - 1 + (SumStages > 1 ? 1 : 0) + (Stages > 2 ? 1 : 0);
  localparam int WordW = Words > 1 ? $clog2(Words) : 1;
  localparam int SlotW = $clog2(Parts + Late);  // turns that wait, more than ever do
  localparam int LeftW = $clog2(Parts + 1);

  // From here on generated from plan/words.py by python -m hardwire.emit.rtl.packages.
  // Of a turn: a word of the norm's file.
  typedef struct packed {
    logic [5:0] shift;            // of the product with gain and root
    logic [Rows-1:0][16:0] gain;  // of every row
  } gains_t;
  // By hand again.

  logic [WordW-1:0]      in_q, out_q;
  logic [LeftW-1:0]      left_q;
  logic                  first, whole, play;
  logic [EpsW-1:0]       eps;
  logic [SideW-1:0]      side;
  logic [Rows-1:0][15:0] x;
  gains_t                word;
  logic [5:0]            shift_t9;

  assign first = part_i == '0;
  assign play  = whole || left_q != 0;
  delay_reset #(.Cycles(Late)) u_whole (.clk_i, .rst_i, .d_i(valid_i && part_i == PartW'(Parts - 1)), .d_o(whole));

  always_ff @(posedge clk_i) begin
    if (valid_i) in_q <= in_q + 1'b1;
    if (play) out_q <= out_q + 1'b1;
    if (whole) left_q <= LeftW'(Parts - 1);
    else if (left_q != 0) left_q <= left_q - 1'b1;
    if (restart_i) begin
      in_q   <= '0;
      out_q  <= '0;
      left_q <= '0;
    end
  end

  small_ram #(.Width(SideW + Rows * 16), .Depth(1 << SlotW)) u_waiting (
    .clk_i, .we_i(valid_i), .waddr_i(SlotW'(in_q)), .wdata_i({side_i, x_i}), .raddr_i(SlotW'(out_q)),
    .rdata_o({side, x}));
  rom #(.Width(EpsW), .Depth(Words), .File({Folder, Name, "_eps.hex"})) u_eps (
    .clk_i, .en_i(1'b1), .addr_i(in_q), .data_o(eps));
  rom #(.Width($bits(gains_t)), .Depth(Words), .File({Folder, Name, ".hex"})) u_gain (
    .clk_i, .en_i(1'b1), .addr_i(play ? out_q + 1'b1 : out_q), .data_o(word));

  for (genvar h = 0; h < Heads; h++) begin : gen_head
    logic [14:0] ones, ones_q;
    logic [3:0]  bits, bits_q, bits_t6, bits_now, bits_kept_q;
    logic        unused_some;
    logic [16:0] root, root_now, root_kept_q;

    always_comb begin
      ones = first ? '0 : ones_q;
      for (int r = h * Size; r < (h + 1) * Size; r++) ones |= x_i[r][14:0] ^ {15{x_i[r][15]}};
    end
    leading_one #(.Width(16)) u_place (.value_i({ones_q, 1'b0}), .any_o(unused_some), .index_o(bits));
    always_ff @(posedge clk_i) begin
      if (valid_i) ones_q <= ones;
      bits_q <= bits;  // t2
    end
    delay #(.Width(4), .Cycles(Late - 2)) u_bits (.clk_i, .d_i(bits_q), .d_o(bits_t6));
    norm_root #(.Rows(Size), .ResidualW(16), .EnergyW(EnergyW), .Stages(ReadStages), .SumStages(SumStages),
                .RoundStages(Stages), .Folder(Folder)) u_root (
      .clk_i, .stream_i(1'b0), .first_i(first), .valid_i, .eps_i(EnergyW'(eps)), .x_i(x_i[h*Size +: Size]),
      .bits_i(bits_q),
      .root_o(root));

    // t6: those of a head that is whole; they are kept while its turns go out.
    assign root_now = whole ? root : root_kept_q;
    assign bits_now = whole ? bits_t6 : bits_kept_q;
    always_ff @(posedge clk_i) begin
      root_kept_q <= root_now;
      bits_kept_q <= bits_now;
    end

    for (genvar r = h * Size; r < (h + 1) * Size; r++) begin : gen_row
      logic [15:0]        a_q;
      logic signed [15:0] a_dq;
      logic [16:0]        multiplier;
      logic signed [33:0] product_q;
      fold_root u_fold (
        .clk_i, .multiplier_i(word.gain[r]), .fold_i(1'b1), .root_i(root_now), .other_i(1'b0), .other_value_i('0),
        .multiplier_o(multiplier));
      always_ff @(posedge clk_i) begin
        a_q       <= x[r] << (4'd15 - bits_now);
        a_dq      <= a_q;
        product_q <= 34'(a_dq * $signed({1'b0, multiplier}));
      end
      requant #(.InW(34), .OutW(OutW), .ShiftW(6), .Stages(Stages)) u_requant (
        .clk_i, .x_i(product_q), .shift_i(shift_t9), .max_i('1), .bias_i('0), .y_o(y_o[r]));
    end
  end

  delay #(.Width(6), .Cycles(3)) u_shift (.clk_i, .d_i(word.shift), .d_o(shift_t9));
  delay #(.Width(SideW), .Cycles(1 + Stages)) u_early (.clk_i, .d_i(side), .d_o(early_o));
  delay #(.Width(SideW), .Cycles(2)) u_side (.clk_i, .d_i(early_o), .d_o(side_o));
  delay_reset #(.Cycles(RenormLate - RootLate + Stages)) u_valid (.clk_i, .rst_i, .d_i(play), .d_o(valid_o));

endmodule
