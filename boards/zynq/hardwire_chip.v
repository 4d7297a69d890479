// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The chip as a block design takes it: in Verilog, with the bus named as AXI names it.
module hardwire_chip (
  input  wire        s_axi_aclk,
  input  wire        s_axi_aresetn,
  input  wire [18:0] s_axi_awaddr,
  input  wire [2:0]  s_axi_awprot,
  input  wire        s_axi_awvalid,
  output wire        s_axi_awready,
  input  wire [31:0] s_axi_wdata,
  input  wire [3:0]  s_axi_wstrb,
  input  wire        s_axi_wvalid,
  output wire        s_axi_wready,
  output wire [1:0]  s_axi_bresp,
  output wire        s_axi_bvalid,
  input  wire        s_axi_bready,
  input  wire [18:0] s_axi_araddr,
  input  wire [2:0]  s_axi_arprot,
  input  wire        s_axi_arvalid,
  output wire        s_axi_arready,
  output wire [31:0] s_axi_rdata,
  output wire [1:0]  s_axi_rresp,
  output wire        s_axi_rvalid,
  input  wire        s_axi_rready,
  output wire        irq
);

  assign s_axi_bresp = 2'b00;
  assign s_axi_rresp = 2'b00;

  wire unused = ^{s_axi_awprot, s_axi_arprot};  // every access is as good as another

  hardwire_axi u_axi (
    .clk_i(s_axi_aclk), .rst_ni(s_axi_aresetn), .awaddr_i(s_axi_awaddr), .awvalid_i(s_axi_awvalid),
    .awready_o(s_axi_awready), .wdata_i(s_axi_wdata), .wstrb_i(s_axi_wstrb), .wvalid_i(s_axi_wvalid),
    .wready_o(s_axi_wready), .bvalid_o(s_axi_bvalid), .bready_i(s_axi_bready), .araddr_i(s_axi_araddr),
    .arvalid_i(s_axi_arvalid), .arready_o(s_axi_arready), .rdata_o(s_axi_rdata), .rvalid_o(s_axi_rvalid),
    .rready_i(s_axi_rready), .irq_o(irq));

endmodule
