// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Threefry-2x32 of 13 rounds, one round per cycle: a block of two words every cycle, 13 cycles late.
module threefry (
  input  logic             clk_i,
  input  logic [1:0][31:0] key_i,    // held
  input  logic [1:0][31:0] count_i,
  output logic [1:0][31:0] word_o
);

  localparam int Rounds = 13;
  localparam logic [7:0][4:0] Turns = {5'd24, 5'd16, 5'd29, 5'd17, 5'd6, 5'd26, 5'd15, 5'd13};

  logic [2:0][31:0] key;
  logic [Rounds:0][1:0][31:0] x;

  assign key  = {key_i[0] ^ key_i[1] ^ 32'h1BD11BDA, key_i};
  assign x[0] = {count_i[1] + key[1], count_i[0] + key[0]};

  for (genvar r = 0; r < Rounds; r++) begin : gen_round
    localparam int Turn = 32'(Turns[r%8]);
    localparam int Step = r / 4 + 1;
    logic [31:0] sum, mixed;
    logic [1:0][31:0] x_q;
    assign sum   = x[r][0] + x[r][1];
    assign mixed = {x[r][1][31-Turn:0], x[r][1][31:32-Turn]} ^ sum;
    always_ff @(posedge clk_i) begin
      if (r % 4 == 3) x_q <= {mixed + key[(Step+1)%3] + 32'(Step), sum + key[Step%3]};
      else x_q <= {mixed, sum};
    end
    assign x[r+1] = x_q;
  end

  assign word_o = x[Rounds];

endmodule
