// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Block RAMs and multipliers of many shapes, each with 32 bits of output, to prove the cells' models.
module zoo #(
  localparam int Lanes = 19
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic                   we_i,
  input  logic                   en_i,
  input  logic [7:0]             be_i,
  input  logic [15:0]            waddr_i,
  input  logic [15:0]            raddr_i,
  input  logic [71:0]            data_i,
  output logic [Lanes-1:0][31:0] out_o
);

  // Roms, of one block and of several, in widths that divide nothing.
  zoo_rom #(.Width(8), .Depth(512), .File("rom8.hex")) u_rom8 (.clk_i, .en_i, .addr_i(raddr_i[8:0]), .out_o(out_o[0]));
  zoo_rom #(.Width(40), .Depth(300), .File("rom40.hex"))
    u_rom40 (.clk_i, .en_i, .addr_i(raddr_i[8:0] % 300), .out_o(out_o[1]));
  zoo_rom #(.Width(2), .Depth(8192), .File("rom2.hex")) u_rom2 (.clk_i, .en_i, .addr_i(raddr_i[12:0]), .out_o(out_o[2]));
  zoo_rom #(.Width(1), .Depth(65536), .File("rom1.hex")) u_rom1 (.clk_i, .en_i, .addr_i(raddr_i), .out_o(out_o[3]));

  // One write port, one read port, from the widest to the narrowest.
  zoo_ram #(.Width(72), .Depth(512)) u_ram72 (.*, .out_o(out_o[4]));
  zoo_ram #(.Width(36), .Depth(512)) u_ram36 (.*, .out_o(out_o[5]));
  zoo_ram #(.Width(18), .Depth(1024)) u_ram18 (.*, .out_o(out_o[6]));
  zoo_ram #(.Width(9), .Depth(2048)) u_ram9 (.*, .out_o(out_o[7]));
  zoo_ram #(.Width(4), .Depth(4096)) u_ram4 (.*, .out_o(out_o[8]));
  zoo_ram #(.Width(1), .Depth(16384)) u_ram1 (.*, .out_o(out_o[9]));
  zoo_ram #(.Width(18), .Depth(1024), .Enables(2)) u_be18 (.*, .out_o(out_o[10]));
  zoo_ram #(.Width(72), .Depth(512), .Enables(8)) u_be72 (.*, .out_o(out_o[11]));
  zoo_ram #(.Width(16), .Depth(1024), .Clear(1)) u_clear (.*, .out_o(out_o[12]));

  // One port for both, in each of the three ways to read while writing.
  zoo_one #(.Width(9), .Depth(2048), .Kind(0)) u_old (.*, .addr_i(raddr_i), .out_o(out_o[13]));
  zoo_one #(.Width(18), .Depth(1024), .Kind(1)) u_new (.*, .addr_i(raddr_i), .out_o(out_o[14]));
  zoo_one #(.Width(4), .Depth(4096), .Kind(2)) u_keep (.*, .addr_i(raddr_i), .out_o(out_o[15]));

  // Multipliers: signed, unsigned, and wider than one block.
  logic signed [17:0] a_q, b_q;
  logic signed [35:0] signed_q;
  logic [33:0]        unsigned_q;
  logic signed [42:0] wide_q;
  always_ff @(posedge clk_i) begin
    a_q        <= data_i[17:0];
    b_q        <= data_i[35:18];
    signed_q   <= a_q * b_q;
    unsigned_q <= a_q[16:0] * b_q[16:0];
    wide_q     <= 25'($signed({a_q, data_i[42:36]})) * b_q;
  end
  assign out_o[16] = signed_q[35:4] ^ 32'(signed_q[3:0]);
  assign out_o[17] = unsigned_q[33:2] ^ 32'(unsigned_q[1:0]);
  assign out_o[18] = wide_q[42:11] ^ 32'(wide_q[10:0]);

endmodule
