// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The activation table, one lookup per row; each keeps its entry until the up projection's row comes.
module gate #(
  parameter int Groups = 8,
  parameter int GateW  = 11,
  parameter     Folder = ""
) (
  input  logic                         clk_i,
  input  logic                         en_i,
  input  logic [Groups-1:0][GateW-1:0] gate_i,
  output logic [Groups-1:0][15:0]      value_o
);

  for (genvar g = 0; g < Groups; g++) begin : gen_row
    // The table starts with the lowest gate value: a flipped sign bit is that offset.
    rom #(.Width(16), .Depth(1 << GateW), .File({Folder, "activation.hex"})) u_rom (
      .clk_i, .en_i, .addr_i({!gate_i[g][GateW-1], gate_i[g][GateW-2:0]}), .data_o(value_o[g]));
  end

endmodule
