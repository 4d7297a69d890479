// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One byte more of a CRC-8 with the polynomial x8 + x5 + x3 + x2 + x + 1 (AUTOSAR's). It begins at 8'hff and is sent
// inverted; a frame with its checksum then ends at 8'h42.
module crc8 (
  input  logic [7:0] crc_i,
  input  logic [7:0] data_i,
  output logic [7:0] crc_o
);

  always_comb begin
    crc_o = crc_i ^ data_i;
    for (int i = 0; i < 8; i++) crc_o = {crc_o[6:0], 1'b0} ^ (crc_o[7] ? 8'h2f : 8'h00);
  end

endmodule
