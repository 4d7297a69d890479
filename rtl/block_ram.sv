// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One write port, one read port with a registered output, in block RAM. The few words by which a depth passes a power
// of two are distributed: they would take as many blocks again.
module block_ram #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter int Stages = 1,  // 2: a register behind the output, which a block RAM gives late in its cycle
  localparam int AddrW = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic             clk_i,
  input  logic             we_i,
  input  logic [AddrW-1:0] waddr_i,
  input  logic [Width-1:0] wdata_i,
  input  logic [AddrW-1:0] raddr_i,
  output logic [Width-1:0] rdata_o   // Stages after raddr_i
);

  localparam int Rest  = engine_pkg::tail_words(Depth);
  localparam bit Split = Rest > 0;
  localparam int Main  = Depth - Rest;
  localparam int MainA = Main > 1 ? $clog2(Main) : 1;

  // The schedule never reads a word while it is written.
  (* ram_style = "block", no_rw_check *) logic [Width-1:0] mem [Main];
  logic [Width-1:0] data_q, data;

  always_ff @(posedge clk_i) begin
    if (we_i && !(Split && waddr_i[AddrW-1])) mem[MainA'(waddr_i)] <= wdata_i;
    data_q <= mem[MainA'(raddr_i)];
  end

  if (Split) begin : gen_rest
    localparam int RestA = Rest > 1 ? $clog2(Rest) : 1;
    logic [Width-1:0] rest, rest_q;
    logic             upper_q;
    small_ram #(.Width(Width), .Depth(Rest)) u_rest (
      .clk_i, .we_i(we_i && waddr_i[AddrW-1]), .waddr_i(RestA'(waddr_i)), .wdata_i, .raddr_i(RestA'(raddr_i)),
      .rdata_o(rest));
    always_ff @(posedge clk_i) begin
      rest_q  <= rest;
      upper_q <= raddr_i[AddrW-1];
    end
    assign data = upper_q ? rest_q : data_q;
  end else begin : gen_whole
    assign data = data_q;
  end

  delay #(.Width(Width), .Cycles(Stages - 1)) u_out (.clk_i, .d_i(data), .d_o(rdata_o));

endmodule
