// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The residual vector: set by the embedding, added to by o and down, read by the norm. Keeps the OR of all
// magnitudes, whose leading one is the largest entry's.
module residual #(
  parameter int Groups = 8,
  parameter int Width  = 16,
  parameter int Words  = 8,
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1
) (
  input  logic                          clk_i,
  input  logic                          we_i,
  input  logic                          set_i,    // replace instead of add
  input  logic                          first_i,  // of the vector
  input  logic [AddrW-1:0]              waddr_i,
  input  logic [Groups-1:0][Width-1:0]  y_i,
  input  logic [AddrW-1:0]              raddr_i,
  output logic [Groups-1:0][Width-1:0]  x_o,      // in the same cycle
  output logic [Width-2:0]              bits_o
);

  logic [Groups-1:0][Width-1:0] old, next;
  logic [Width-2:0]             bits_d;

  for (genvar g = 0; g < Groups; g++) begin : gen_entry
    logic signed [Width:0] sum;
    assign sum = (set_i ? '0 : (Width + 1)'($signed(old[g]))) + (Width + 1)'($signed(y_i[g]));
    assign next[g] = sum[Width] == sum[Width-1] ? sum[Width-1:0] : {sum[Width], {(Width - 1){!sum[Width]}}};
  end

  small_ram #(.Width(Groups * Width), .Depth(Words)) u_norm_copy (
    .clk_i, .we_i, .waddr_i, .wdata_i(next), .raddr_i, .rdata_o(x_o));
  small_ram #(.Width(Groups * Width), .Depth(Words)) u_add_copy (
    .clk_i, .we_i, .waddr_i, .wdata_i(next), .raddr_i(waddr_i), .rdata_o(old));

  always_comb begin
    bits_d = first_i ? '0 : bits_o;
    for (int g = 0; g < Groups; g++) bits_d |= next[g][Width-2:0] ^ {(Width - 1){next[g][Width-1]}};
  end
  always_ff @(posedge clk_i) if (we_i) bits_o <= bits_d;

endmodule
