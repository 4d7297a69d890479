// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Four bytes more of a CRC-32 as of Ethernet and zlib, the lowest byte first. It begins at all ones, and is inverted at
// the end.
module crc32 (
  input  logic [31:0] crc_i,
  input  logic [31:0] data_i,
  output logic [31:0] crc_o
);

  always_comb begin
    crc_o = crc_i ^ data_i;
    for (int i = 0; i < 32; i++) crc_o = {1'b0, crc_o[31:1]} ^ (crc_o[0] ? 32'hedb88320 : 32'h0);
  end

endmodule
