// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The 18 kbit block RAM of 7 series as Yosys configures it, for simulation: two ports of up to 18 bits, or one of
// 36 that writes (B) and one that reads (A). Another configuration is fatal.
// The pins and parameters are the real cell's, used or not; strings are compared at their own lengths.
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off WIDTHEXPAND */
module RAMB18E1 #(
  parameter int DOA_REG = 0, DOB_REG = 0, READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
  parameter
    RAM_MODE = "TDP", WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST", RSTREG_PRIORITY_A = "RSTREG",
    RSTREG_PRIORITY_B = "RSTREG", RDADDR_COLLISION_HWCONFIG = "DELAYED_WRITE", SIM_COLLISION_CHECK = "ALL",
    SIM_DEVICE = "VIRTEX6", INIT_FILE = "NONE",
  parameter bit
    IS_CLKARDCLK_INVERTED = 1'b0, IS_CLKBWRCLK_INVERTED = 1'b0, IS_ENARDEN_INVERTED = 1'b0,
    IS_ENBWREN_INVERTED = 1'b0, IS_RSTRAMARSTRAM_INVERTED = 1'b0, IS_RSTRAMB_INVERTED = 1'b0,
    IS_RSTREGARSTREG_INVERTED = 1'b0, IS_RSTREGB_INVERTED = 1'b0,
  parameter bit [17:0] INIT_A = '0, INIT_B = '0, SRVAL_A = '0, SRVAL_B = '0,
  parameter bit [255:0]
    INIT_00 = 256'b0, INIT_01 = 256'b0, INIT_02 = 256'b0, INIT_03 = 256'b0, INIT_04 = 256'b0, INIT_05 = 256'b0,
    INIT_06 = 256'b0, INIT_07 = 256'b0, INIT_08 = 256'b0, INIT_09 = 256'b0, INIT_0A = 256'b0, INIT_0B = 256'b0,
    INIT_0C = 256'b0, INIT_0D = 256'b0, INIT_0E = 256'b0, INIT_0F = 256'b0, INIT_10 = 256'b0, INIT_11 = 256'b0,
    INIT_12 = 256'b0, INIT_13 = 256'b0, INIT_14 = 256'b0, INIT_15 = 256'b0, INIT_16 = 256'b0, INIT_17 = 256'b0,
    INIT_18 = 256'b0, INIT_19 = 256'b0, INIT_1A = 256'b0, INIT_1B = 256'b0, INIT_1C = 256'b0, INIT_1D = 256'b0,
    INIT_1E = 256'b0, INIT_1F = 256'b0, INIT_20 = 256'b0, INIT_21 = 256'b0, INIT_22 = 256'b0, INIT_23 = 256'b0,
    INIT_24 = 256'b0, INIT_25 = 256'b0, INIT_26 = 256'b0, INIT_27 = 256'b0, INIT_28 = 256'b0, INIT_29 = 256'b0,
    INIT_2A = 256'b0, INIT_2B = 256'b0, INIT_2C = 256'b0, INIT_2D = 256'b0, INIT_2E = 256'b0, INIT_2F = 256'b0,
    INIT_30 = 256'b0, INIT_31 = 256'b0, INIT_32 = 256'b0, INIT_33 = 256'b0, INIT_34 = 256'b0, INIT_35 = 256'b0,
    INIT_36 = 256'b0, INIT_37 = 256'b0, INIT_38 = 256'b0, INIT_39 = 256'b0, INIT_3A = 256'b0, INIT_3B = 256'b0,
    INIT_3C = 256'b0, INIT_3D = 256'b0, INIT_3E = 256'b0, INIT_3F = 256'b0, INITP_00 = 256'b0, INITP_01 = 256'b0,
    INITP_02 = 256'b0, INITP_03 = 256'b0, INITP_04 = 256'b0, INITP_05 = 256'b0, INITP_06 = 256'b0, INITP_07 = 256'b0
) (
  input  logic
    CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
  input  logic [13:0] ADDRARDADDR, ADDRBWRADDR,
  input  logic [15:0] DIADI, DIBDI,
  input  logic [1:0] DIPADIP, DIPBDIP,
  input  logic [1:0] WEA,
  input  logic [3:0] WEBWE,
  output logic [15:0] DOADO, DOBDO,
  output logic [1:0] DOPADOP, DOPBDOP
);

  localparam bit Simple = RAM_MODE == "SDP";      // B writes, A reads
  localparam bit Wide = Simple && READ_WIDTH_A == 36;   // A reads with the pins of both
  localparam bit WideW = Simple && WRITE_WIDTH_B == 36;

  if (RAM_MODE != "SDP" && RAM_MODE != "TDP" || INIT_FILE != "NONE") begin : g_refuse
    $fatal(1, "RAMB18E1: a mode that is not modelled");
  end
  if (Simple && (WRITE_WIDTH_A != 0 || READ_WIDTH_B != 0)
      || !Simple && (READ_WIDTH_A > 18 || WRITE_WIDTH_B > 18)) begin : g_refuse
    $fatal(1, "RAMB18E1: widths that RAM_MODE does not have");
  end

  localparam bit [16383:0] Data = {
    INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38, INIT_37, INIT_36, INIT_35, INIT_34,
    INIT_33, INIT_32, INIT_31, INIT_30, INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28,
    INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20, INIT_1F, INIT_1E, INIT_1D, INIT_1C,
    INIT_1B, INIT_1A, INIT_19, INIT_18, INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10,
    INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08, INIT_07, INIT_06, INIT_05, INIT_04,
    INIT_03, INIT_02, INIT_01, INIT_00
  };
  localparam bit [2047:0] Parity = {
    INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00
  };

  function automatic int mode(input bit keeps, input bit through);
    mode = keeps ? 0 : through ? 1 : 2;
  endfunction

  // Data and parity pins side by side to bytes of nine bits, and back.
  function automatic logic [71:0] join_parity(input logic [63:0] data, input logic [7:0] parity);
    for (int i = 0; i < 8; i++) join_parity[i*9+:9] = {parity[i], data[i*8+:8]};
  endfunction

  function automatic logic [63:0] data_of(input logic [71:0] bytes);
    for (int i = 0; i < 8; i++) data_of[i*8+:8] = bytes[i*9+:8];
  endfunction

  function automatic logic [7:0] parity_of(input logic [71:0] bytes);
    for (int i = 0; i < 8; i++) parity_of[i] = bytes[i*9+8];
  endfunction

  // INIT and SRVAL hold all parity bits above the data bits, for the port's own width.
  function automatic bit [71:0] port_value(input int width, input bit [71:0] value);
    port_value = '0;
    if (width < 9) port_value = value;
    else for (int i = 0; i < width / 9; i++) port_value[i*9+:9] = {value[width/9*8+i], value[i*8+:8]};
  endfunction

  // Read by both ports' pins, the value is in two halves.
  function automatic bit [71:0] read_value(input bit [17:0] low, input bit [17:0] high);
    if (Wide) read_value = port_value(18, 72'(low)) | (port_value(18, 72'(high)) << 18);
    else read_value = port_value(READ_WIDTH_A, 72'(low));
  endfunction

  localparam bit KeepA = WRITE_MODE_A == "NO_CHANGE", KeepB = WRITE_MODE_B == "NO_CHANGE";
  localparam bit NewA = WRITE_MODE_A == "WRITE_FIRST", NewB = WRITE_MODE_B == "WRITE_FIRST";

  logic [1:0]       clk, en, write_en;
  logic [1:0][71:0] in, out;

  assign clk = {CLKBWRCLK ^ IS_CLKBWRCLK_INVERTED, CLKARDCLK ^ IS_CLKARDCLK_INVERTED};
  assign en = {ENBWREN ^ IS_ENBWREN_INVERTED, ENARDEN ^ IS_ENARDEN_INVERTED};
  assign write_en = '1;

  assign in[0] = join_parity(64'(DIADI), 8'(DIPADIP));
  assign in[1] = WideW ? join_parity(64'({DIBDI, DIADI}), 8'({DIPBDIP, DIPADIP}))
                       : join_parity(64'(DIBDI), 8'(DIPBDIP));

  bram_core #(
    .Bytes(2048), .ReadWidth('{READ_WIDTH_A, READ_WIDTH_B}),
    .WriteWidth('{WRITE_WIDTH_A, WRITE_WIDTH_B}), .Mode('{mode(KeepA, NewA), mode(KeepB, NewB)}),
    .OldForOther({!KeepB && !NewB, !KeepA && !NewA}), .OutReg({DOB_REG != 0, DOA_REG != 0}),
    .RegResetFirst({RSTREG_PRIORITY_B == "RSTREG", RSTREG_PRIORITY_A == "RSTREG"}), .ResetGated(1'b1),
    .LatchInit('{read_value(INIT_A, INIT_B), port_value(READ_WIDTH_B, 72'(INIT_B))}),
    .ResetValue('{read_value(SRVAL_A, SRVAL_B), port_value(READ_WIDTH_B, 72'(SRVAL_B))})
  ) u_core (
    .clk_i(clk), .en_i(en),
    .we_i({8'(WEBWE) & {8{write_en[1]}}, 8'(WEA) & {8{write_en[0]}}}),
    .rst_i({RSTRAMB ^ IS_RSTRAMB_INVERTED, RSTRAMARSTRAM ^ IS_RSTRAMARSTRAM_INVERTED}),
    .reg_en_i({REGCEB, REGCEAREGCE}),
    .reg_rst_i({RSTREGB ^ IS_RSTREGB_INVERTED, RSTREGARSTREG ^ IS_RSTREGARSTREG_INVERTED}),
    .addr_i({ADDRBWRADDR[13:0], ADDRARDADDR[13:0]}), .data_i(in), .data_o(out)
  );

  // At run time: an elaborator takes minutes for what a loop does at once.
  initial for (int i = 0; i < 2048; i++) u_core.mem[i] = {Parity[i], Data[i*8+:8]};

  logic [63:0] data_a, data_b;
  assign data_a  = data_of(out[0]);
  assign data_b  = data_of(out[1]);
  assign DOADO   = data_a[15:0];
  assign DOPADOP = 2'(parity_of(out[0]));
  assign DOBDO   = Wide ? data_a[31:16] : data_b[15:0];
  assign DOPBDOP = Wide ? 2'(parity_of(out[0]) >> 2) : 2'(parity_of(out[1]));

endmodule
/* verilator lint_on UNUSEDSIGNAL */
/* verilator lint_on UNUSEDPARAM */
/* verilator lint_on WIDTHEXPAND */
