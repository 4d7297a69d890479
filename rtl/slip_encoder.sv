// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Bytes of frames and the marks between them to bytes of a wire; see slip_decoder.
module slip_encoder (
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       valid_i,
  output logic       ready_o,
  input  logic       mark_i,   // a mark; data_i does not matter
  input  logic [7:0] data_i,
  output logic       valid_o,
  input  logic       ready_i,
  output logic [7:0] data_o
);

  logic second_q, special;

  assign special = !mark_i && (data_i == 8'hc0 || data_i == 8'hdb);
  assign valid_o = valid_i;
  assign ready_o = ready_i && (second_q || !special);

  always_comb begin
    if (mark_i) data_o = 8'hc0;
    else if (!special) data_o = data_i;
    else if (!second_q) data_o = 8'hdb;
    else data_o = data_i[0] ? 8'hdd : 8'hdc;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && ready_i) second_q <= special && !second_q;
    if (rst_i) second_q <= 1'b0;
  end

endmodule
