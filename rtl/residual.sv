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
  parameter int Streams = 1,   // each has a vector of its own
  localparam int AddrW  = Words > 1 ? $clog2(Words) : 1,
  localparam int Slices = Columns / Rows,
  localparam int Steps  = Words / Slices,
  localparam int StepA  = Steps > 1 ? $clog2(Steps) : 1,
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int BitsW  = $clog2(Width)
) (
  input  logic                          clk_i,
  input  logic                          we_i,
  input  logic                          set_i,    // replace instead of add
  input  logic                          first_i,  // of the vector
  input  logic [StreamW-1:0]            wstream_i, // whose vector
  input  logic [AddrW-1:0]              waddr_i,
  input  logic [Rows-1:0][Width-1:0]    y_i,
  input  logic                          re_i,     // x_o is looked at
  input  logic [StreamW-1:0]            rstream_i,
  input  logic [StepA-1:0]              raddr_i,
  output logic [Columns-1:0][Width-1:0] x_o,      // in the same cycle
  output logic [Streams-1:0][BitsW-1:0] bits_o,   // magnitude bits of the largest entry of each, a cycle after we_i
  output logic [Rows-1:0][Width-1:0]    next_o,   // what was written, a cycle after we_i
  output logic                          we_o,     // with next_o
  output logic [StreamW-1:0]            stream_o,
  output logic                          first_o
);

  logic [Rows-1:0][Width-1:0] old, next;
  logic [Rows-1:0][Width:0]   sum;
  logic [Width-2:0]           ones;
  logic [Streams-1:0][Width-2:0] ones_q;

  // A stream's vector begins at a whole power of two of steps.
  localparam int Pitch  = Streams > 1 ? 1 << StepA : Steps;
  localparam int DepthW = Streams * Pitch * Slices > 1 ? $clog2(Streams * Pitch * Slices) : 1;
  localparam int DepthR = Streams * Pitch > 1 ? $clog2(Streams * Pitch) : 1;
  logic [DepthW-1:0] waddr;
  logic [DepthR-1:0] raddr;
  assign waddr = DepthW'(32'(wstream_i) * Pitch * Slices + 32'(waddr_i));
  assign raddr = DepthR'(32'(rstream_i) * Pitch + 32'(raddr_i));

  for (genvar r = 0; r < Rows; r++) begin : gen_entry
    assign sum[r] = (set_i ? '0 : (Width + 1)'($signed(old[r]))) + (Width + 1)'($signed(y_i[r]));
    assign next[r] = sum[r][Width] == sum[r][Width-1] ? sum[r][Width-1:0]
                                                      : {sum[r][Width], {(Width - 1){!sum[r][Width]}}};
  end

  sliced_ram #(.Narrow(Rows * Width), .Slices(Slices), .Depth(Streams * Pitch)) u_norm_copy (
    .clk_i, .we_i, .waddr_i(waddr), .wdata_i(next), .raddr_i(raddr), .rdata_o(x_o));
  small_ram #(.Width(Rows * Width), .Depth(Streams * Pitch * Slices)) u_add_copy (
    .clk_i, .we_i, .waddr_i(waddr), .wdata_i(next), .raddr_i(waddr), .rdata_o(old));

  // Bits that are not their entry's sign, of sums that are not saturated yet: what is too large has the highest anyway.
  always_comb begin
    ones = first_i ? '0 : ones_q[wstream_i];
    for (int r = 0; r < Rows; r++) begin
      ones |= sum[r][Width-2:0] ^ {(Width - 1){sum[r][Width]}};
      ones[Width-2] |= sum[r][Width-1] ^ sum[r][Width];
    end
  end

  always_ff @(posedge clk_i) begin
    we_o    <= we_i;
    first_o <= first_i;
    next_o  <= next;
    stream_o <= wstream_i;
    if (we_i) ones_q[wstream_i] <= ones;
  end

  for (genvar s = 0; s < Streams; s++) begin : gen_bits
    logic             unused_some;
    logic [BitsW-1:0] place;
    leading_one #(.Width(Width)) u_place (.value_i({ones_q[s], 1'b0}), .any_o(unused_some), .index_o(place));
    assign bits_o[s] = place;  // one more than in ones_q, 0 where there is none
  end

`ifndef SYNTHESIS
  logic [Streams-1:0] clear;
  always_comb begin
    clear = '0;
    clear[wstream_i] = we_i && first_i;
  end
  freshness #(.Depth(Streams * Pitch * Slices), .Real(Real), .Slices(Slices), .Streams(Streams)) u_fresh (
    .clk_i, .clear_i(clear), .we_i, .waddr_i(waddr), .re_i, .raddr_i(raddr));
`else
  logic unused;
  assign unused = re_i;
`endif

endmodule
