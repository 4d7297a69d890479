// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One row of values to 32 bits that name its values and its place: the sum over lanes of the value, sign-extended to 32
// bits and turned left by five bits per lane, times 2 * place + 1. Sums of such words are the same in any order of rows.
module trace_fold #(
  parameter int Lanes  = 8,
  parameter int Width  = 16,
  parameter int PlaceW = 8
) (
  input  logic                        clk_i,
  input  logic [Lanes-1:0][Width-1:0] value_i,
  input  logic [PlaceW-1:0]           place_i,
  output logic [31:0]                 word_o    // four cycles later
);

  localparam int Half = (Lanes + 1) / 2;

  logic [Lanes-1:0][31:0] turned_q;
  logic [Half-1:0][31:0]  pair_q;
  logic [31:0]            sum, sum_q;
  logic [PlaceW-1:0]      place_q;

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int Turn = 5 * l % 32;
    logic [31:0] wide;
    assign wide = 32'($signed(value_i[l]));
    if (Turn == 0) begin : gen_straight
      always_ff @(posedge clk_i) turned_q[l] <= wide;
    end else begin : gen_turned
      always_ff @(posedge clk_i) turned_q[l] <= {wide[31-Turn:0], wide[31:32-Turn]};
    end
  end

  for (genvar h = 0; h < Half; h++) begin : gen_pair
    if (2 * h + 1 < Lanes) begin : gen_two
      always_ff @(posedge clk_i) pair_q[h] <= turned_q[2*h] + turned_q[2*h+1];
    end else begin : gen_one
      always_ff @(posedge clk_i) pair_q[h] <= turned_q[2*h];
    end
  end

  always_comb begin
    sum = '0;
    for (int h = 0; h < Half; h++) sum += pair_q[h];
  end

  delay #(.Width(PlaceW), .Cycles(3)) u_place (.clk_i, .d_i(place_i), .d_o(place_q));

  always_ff @(posedge clk_i) begin
    sum_q  <= sum;
    word_o <= sum_q * 32'({place_q, 1'b1});
  end

endmodule
