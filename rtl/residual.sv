// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The residual vector: set by the embedding, added to by o and down, read by the norm, Columns at a time. Keeps the
// largest magnitude's bits, and hands on what is written for the norm's energy.
module residual #(
  parameter int Rows    = 8,   // written at a time
  parameter int Columns = 8,   // read at a time: a multiple of Rows
  parameter int Width   = 16,
  parameter int Words   = 8,   // of Rows, a multiple of Columns / Rows
  parameter int Real    = Words, // of them, those that hold entries
  localparam int AddrW  = Words > 1 ? $clog2(Words) : 1,
  localparam int Slices = Columns / Rows,
  localparam int Steps  = Words / Slices,
  localparam int StepA  = Steps > 1 ? $clog2(Steps) : 1,
  localparam int BitsW  = $clog2(Width)
) (
  input  logic                          clk_i,
  input  logic                          we_i,
  input  logic                          set_i,    // replace instead of add
  input  logic                          first_i,  // of the vector
  input  logic [AddrW-1:0]              waddr_i,
  input  logic [Rows-1:0][Width-1:0]    y_i,
  input  logic                          re_i,     // x_o is looked at
  input  logic [StepA-1:0]              raddr_i,
  output logic [Columns-1:0][Width-1:0] x_o,      // in the same cycle
  output logic [BitsW-1:0]              bits_o,   // magnitude bits of the largest entry, a cycle after we_i
  output logic [Rows-1:0][Width-1:0]    next_o,   // what was written, a cycle after we_i
  output logic                          we_o,     // with next_o
  output logic                          first_o
);

  logic [Rows-1:0][Width-1:0] old, next;
  logic [Width-2:0]           ones, ones_q;

  for (genvar r = 0; r < Rows; r++) begin : gen_entry
    logic signed [Width:0] sum;
    assign sum = (set_i ? '0 : (Width + 1)'($signed(old[r]))) + (Width + 1)'($signed(y_i[r]));
    assign next[r] = sum[Width] == sum[Width-1] ? sum[Width-1:0] : {sum[Width], {(Width - 1){!sum[Width]}}};
  end

  sliced_ram #(.Narrow(Rows * Width), .Slices(Slices), .Depth(Steps)) u_norm_copy (
    .clk_i, .we_i, .waddr_i, .wdata_i(next), .raddr_i, .rdata_o(x_o));
  small_ram #(.Width(Rows * Width), .Depth(Words)) u_add_copy (
    .clk_i, .we_i, .waddr_i, .wdata_i(next), .raddr_i(waddr_i), .rdata_o(old));

  always_comb begin
    ones = first_i ? '0 : ones_q;
    for (int r = 0; r < Rows; r++) ones |= next[r][Width-2:0] ^ {(Width - 1){next[r][Width-1]}};
  end

  always_ff @(posedge clk_i) begin
    we_o    <= we_i;
    first_o <= first_i;
    next_o  <= next;
    if (we_i) begin
      ones_q <= ones;
      bits_o <= '0;
      for (int i = 0; i < Width - 1; i++) if (ones[i]) bits_o <= BitsW'(i + 1);
    end
  end

`ifndef SYNTHESIS
  freshness #(.Depth(Words), .Real(Real), .Slices(Slices)) u_fresh (
    .clk_i, .clear_i(we_i && first_i), .we_i, .waddr_i, .re_i, .raddr_i);
`else
  logic unused;
  assign unused = re_i;
`endif

endmodule
