// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// An AXI4-Lite slave in front of the register bus, which takes a read or a write in any cycle. One write and one read
// are on their way at most. Every response is OKAY: a bus error would kill the program that made it without a word, so
// what cannot be done leaves a sticky bit in the register `error`.
module axi_lite
  import host_pkg::*;
#(
  parameter int BusW = AddrW
) (
  input  logic              clk_i,
  input  logic              rst_i,
  input  logic [BusW-1:0]   awaddr_i,   // words: the two lowest bits say nothing
  input  logic              awvalid_i,
  output logic              awready_o,
  input  logic [31:0]       wdata_i,
  input  logic [3:0]        wstrb_i,    // all, or nothing is written
  input  logic              wvalid_i,
  output logic              wready_o,
  output logic              bvalid_o,
  input  logic              bready_i,
  input  logic [BusW-1:0]   araddr_i,
  input  logic              arvalid_i,
  output logic              arready_o,
  output logic [31:0]       rdata_o,
  output logic              rvalid_o,
  input  logic              rready_i,
  output logic              read_o,     // the register bus
  output logic              write_o,
  output logic [BusW-1:0]   addr_o,
  output logic [31:0]       bus_wdata_o,
  input  logic              bus_rvalid_i,
  input  logic [31:0]       bus_rdata_i,
  output logic [ErrorW-1:0] event_o
);

  logic             aw_q, w_q, ar_q, reading_q;
  logic [BusW-1:2]  aw_addr_q, ar_addr_q;
  logic [31:0]      data_q;
  logic             whole_q, write, read;

  assign awready_o = !aw_q;
  assign wready_o  = !w_q;
  assign arready_o = !ar_q && !reading_q && !rvalid_o;
  assign write     = aw_q && w_q && !bvalid_o;
  assign read      = ar_q && !write;

  always_ff @(posedge clk_i) begin
    if (awvalid_i && awready_o) begin
      aw_q      <= 1'b1;
      aw_addr_q <= awaddr_i[BusW-1:2];
    end
    if (wvalid_i && wready_o) begin
      w_q     <= 1'b1;
      data_q  <= wdata_i;
      whole_q <= &wstrb_i;
    end
    if (bready_i) bvalid_o <= 1'b0;
    if (write) begin
      aw_q     <= 1'b0;
      w_q      <= 1'b0;
      bvalid_o <= 1'b1;
    end
    if (arvalid_i && arready_o) begin
      ar_q      <= 1'b1;
      ar_addr_q <= araddr_i[BusW-1:2];
    end
    if (read) begin
      ar_q      <= 1'b0;
      reading_q <= 1'b1;
    end
    if (rready_i) rvalid_o <= 1'b0;
    if (reading_q && bus_rvalid_i) begin
      reading_q <= 1'b0;
      rvalid_o  <= 1'b1;
      rdata_o   <= bus_rdata_i;
    end
    if (rst_i) {aw_q, w_q, ar_q, reading_q, bvalid_o, rvalid_o} <= '0;
  end

  // The bus begins at a register; a response goes out as its write does, so what follows the response comes behind it.
  always_ff @(posedge clk_i) begin
    read_o      <= read && !rst_i;
    write_o     <= write && whole_q && !rst_i;
    addr_o      <= {write ? aw_addr_q : ar_addr_q, 2'b0};
    bus_wdata_o <= data_q;
    event_o     <= '0;
    event_o[ErrorPartial] <= write && !whole_q && !rst_i;
  end

  logic unused;
  assign unused = ^{awaddr_i[1:0], araddr_i[1:0]};

`ifndef SYNTHESIS
  // A response stands until it is taken.
  logic b_q, r_q, held_q;
  always_ff @(posedge clk_i) begin
    b_q    <= bvalid_o && !bready_i;
    r_q    <= rvalid_o && !rready_i;
    held_q <= !rst_i;
    if (held_q && b_q && !bvalid_o) $fatal(1, "axi_lite: a write's response went away");
    if (held_q && r_q && !rvalid_o) $fatal(1, "axi_lite: a read's response went away");
  end
`endif

endmodule
