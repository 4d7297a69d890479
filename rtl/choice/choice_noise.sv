// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Gumbel noise of an id a cycle, as noise.sv makes it of two.
module choice_noise #(
  parameter int IdW    = 9,
  parameter     Folder = ""
) (
  input  logic           clk_i,
  input  logic [63:0]    seed_i,      // held
  input  logic [31:0]    position_i,  // held
  input  logic [IdW-1:0] id_i,
  output logic [15:0]    noise_o      // NoiseLate cycles later
);

  localparam int Rounds = 13;

  logic [1:0][31:0] both;
  logic             odd, upper_q;
  logic [31:0]      word;
  logic [30:0]      small_end, small_q, normal;
  logic [1:0][4:0]  place;  // of either sign
  logic [4:0]       octave, octave_q;
  logic [1:0]       unused_any;
  logic [10:0]      index_q;

  threefry u_threefry (.clk_i, .key_i(seed_i), .count_i({32'(id_i >> 1), position_i}), .word_o(both));
  delay #(.Width(1), .Cycles(Rounds)) u_odd (.clk_i, .d_i(id_i[0]), .d_o(odd));

  // Distance from the nearer end, its octave, and six bits below the leading one.
  assign word      = both[odd];
  assign small_end = word[30:0] ^ {31{word[31]}};
  // Zeros in front of the leading one; a one is put where there are as many as are told apart, 23 or 7.
  leading_one #(.Width(32)) u_lower (
    .value_i({word[30:0], 1'b0} | 32'd1 << 24), .any_o(unused_any[0]), .index_o(place[0]));
  leading_one #(.Width(32)) u_upper (
    .value_i({~word[30:0], 1'b0} | 32'd1 << 8), .any_o(unused_any[1]), .index_o(place[1]));
  assign octave = ~place[word[31]];
  assign normal = small_q << octave_q;
  always_ff @(posedge clk_i) begin
    small_q  <= small_end;
    octave_q <= octave;
    upper_q  <= word[31];
    index_q  <= {upper_q ? octave_q : 5'd24 + octave_q, normal[29:24]};
  end

  rom #(.Width(16), .Depth(2048), .File({Folder, "gumbel.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(index_q), .data_o(noise_o));

  logic unused;
  assign unused = ^{normal[30], normal[23:0]};

endmodule
