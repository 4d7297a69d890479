// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Bytes of a wire to bytes of frames and the marks between them, as SLIP (RFC 1055): c0 is the mark; db dc stands for
// c0 within a frame, db dd for db. So a frame begins where the wire says so, whatever came before.
module slip_decoder (
  input  logic       clk_i,
  input  logic       rst_i,
  input  logic       valid_i,
  input  logic [7:0] data_i,
  output logic       valid_o,
  output logic [7:0] data_o,
  output logic       mark_o,
  output logic       error_o   // an escape that escapes nothing
);

  logic escape_q, mark, escape;

  assign mark    = data_i == 8'hc0;
  assign escape  = data_i == 8'hdb;
  assign mark_o  = valid_i && mark;
  assign error_o = valid_i && escape_q && data_i != 8'hdc && data_i != 8'hdd;
  assign valid_o = valid_i && !mark && (escape_q ? !error_o : !escape);
  assign data_o  = !escape_q ? data_i : data_i[0] ? 8'hdb : 8'hc0;

  always_ff @(posedge clk_i) begin
    if (valid_i) escape_q <= escape;
    if (rst_i) escape_q <= 1'b0;
  end

endmodule
