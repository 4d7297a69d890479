// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The activation table, one lookup per row; each keeps its entry until the up projection's row comes.
module gate #(
  parameter int Rows   = 8,   // even
  parameter int GateW  = 11,
  parameter int Width  = 16,  // of an entry
  parameter     Folder = ""
) (
  input  logic                        clk_i,
  input  logic                        en_i,
  input  logic [Rows-1:0][GateW-1:0]  gate_i,
  output logic [Rows-1:0][Width-1:0]  value_o
);

  // The table starts with the lowest gate value: a flipped sign bit is that offset.
  logic [Rows-1:0][GateW-1:0] index;
  for (genvar r = 0; r < Rows; r++) begin : gen_index
    assign index[r] = {!gate_i[r][GateW-1], gate_i[r][GateW-2:0]};
  end
  for (genvar p = 0; p < Rows / 2; p++) begin : gen_pair
    rom_pair #(.Width(Width), .Depth(1 << GateW), .File({Folder, "activation.hex"})) u_rom (
      .clk_i, .en_i, .addr_i(index[2*p +: 2]), .data_o(value_o[2*p +: 2]));
  end

endmodule
