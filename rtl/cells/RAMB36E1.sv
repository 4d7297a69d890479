// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The 36 kbit block RAM of 7 series as Yosys configures it, for simulation: two ports of up to 36 bits, or one of
// 72 that writes (B) and one that reads (A). Error correction and another configuration are fatal.
// The pins and parameters are the real cell's, used or not; strings are compared at their own lengths.
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off WIDTHEXPAND */
module RAMB36E1 #(
  parameter int DOA_REG = 0, DOB_REG = 0, READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
  parameter
    RAM_MODE = "TDP", WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST", RSTREG_PRIORITY_A = "RSTREG",
    RSTREG_PRIORITY_B = "RSTREG", RDADDR_COLLISION_HWCONFIG = "DELAYED_WRITE", SIM_COLLISION_CHECK = "ALL",
    SIM_DEVICE = "VIRTEX6", INIT_FILE = "NONE", RAM_EXTENSION_A = "NONE", RAM_EXTENSION_B = "NONE",
    EN_ECC_READ = "FALSE", EN_ECC_WRITE = "FALSE",
  parameter bit
    IS_CLKARDCLK_INVERTED = 1'b0, IS_CLKBWRCLK_INVERTED = 1'b0, IS_ENARDEN_INVERTED = 1'b0,
    IS_ENBWREN_INVERTED = 1'b0, IS_RSTRAMARSTRAM_INVERTED = 1'b0, IS_RSTRAMB_INVERTED = 1'b0,
    IS_RSTREGARSTREG_INVERTED = 1'b0, IS_RSTREGB_INVERTED = 1'b0,
  parameter bit [35:0] INIT_A = '0, INIT_B = '0, SRVAL_A = '0, SRVAL_B = '0,
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
    INIT_3C = 256'b0, INIT_3D = 256'b0, INIT_3E = 256'b0, INIT_3F = 256'b0, INIT_40 = 256'b0, INIT_41 = 256'b0,
    INIT_42 = 256'b0, INIT_43 = 256'b0, INIT_44 = 256'b0, INIT_45 = 256'b0, INIT_46 = 256'b0, INIT_47 = 256'b0,
    INIT_48 = 256'b0, INIT_49 = 256'b0, INIT_4A = 256'b0, INIT_4B = 256'b0, INIT_4C = 256'b0, INIT_4D = 256'b0,
    INIT_4E = 256'b0, INIT_4F = 256'b0, INIT_50 = 256'b0, INIT_51 = 256'b0, INIT_52 = 256'b0, INIT_53 = 256'b0,
    INIT_54 = 256'b0, INIT_55 = 256'b0, INIT_56 = 256'b0, INIT_57 = 256'b0, INIT_58 = 256'b0, INIT_59 = 256'b0,
    INIT_5A = 256'b0, INIT_5B = 256'b0, INIT_5C = 256'b0, INIT_5D = 256'b0, INIT_5E = 256'b0, INIT_5F = 256'b0,
    INIT_60 = 256'b0, INIT_61 = 256'b0, INIT_62 = 256'b0, INIT_63 = 256'b0, INIT_64 = 256'b0, INIT_65 = 256'b0,
    INIT_66 = 256'b0, INIT_67 = 256'b0, INIT_68 = 256'b0, INIT_69 = 256'b0, INIT_6A = 256'b0, INIT_6B = 256'b0,
    INIT_6C = 256'b0, INIT_6D = 256'b0, INIT_6E = 256'b0, INIT_6F = 256'b0, INIT_70 = 256'b0, INIT_71 = 256'b0,
    INIT_72 = 256'b0, INIT_73 = 256'b0, INIT_74 = 256'b0, INIT_75 = 256'b0, INIT_76 = 256'b0, INIT_77 = 256'b0,
    INIT_78 = 256'b0, INIT_79 = 256'b0, INIT_7A = 256'b0, INIT_7B = 256'b0, INIT_7C = 256'b0, INIT_7D = 256'b0,
    INIT_7E = 256'b0, INIT_7F = 256'b0, INITP_00 = 256'b0, INITP_01 = 256'b0, INITP_02 = 256'b0, INITP_03 = 256'b0,
    INITP_04 = 256'b0, INITP_05 = 256'b0, INITP_06 = 256'b0, INITP_07 = 256'b0, INITP_08 = 256'b0, INITP_09 = 256'b0,
    INITP_0A = 256'b0, INITP_0B = 256'b0, INITP_0C = 256'b0, INITP_0D = 256'b0, INITP_0E = 256'b0, INITP_0F = 256'b0
) (
  input  logic
    CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
    CASCADEINA, CASCADEINB, INJECTDBITERR, INJECTSBITERR,
  input  logic [15:0] ADDRARDADDR, ADDRBWRADDR,
  input  logic [31:0] DIADI, DIBDI,
  input  logic [3:0] DIPADIP, DIPBDIP,
  input  logic [3:0] WEA,
  input  logic [7:0] WEBWE,
  output logic [31:0] DOADO, DOBDO,
  output logic [3:0] DOPADOP, DOPBDOP,
  output logic CASCADEOUTA, CASCADEOUTB, SBITERR, DBITERR,
  output logic [7:0] ECCPARITY,
  output logic [8:0] RDADDRECC
);

  localparam bit Simple = RAM_MODE == "SDP";      // B writes, A reads
  localparam bit Wide = Simple && READ_WIDTH_A == 72;   // A reads with the pins of both
  localparam bit WideW = Simple && WRITE_WIDTH_B == 72;

  if (RAM_MODE != "SDP" && RAM_MODE != "TDP" || INIT_FILE != "NONE"
      || EN_ECC_READ != "FALSE" || EN_ECC_WRITE != "FALSE") begin : g_refuse
    $fatal(1, "RAMB36E1: a mode or an error correction that is not modelled");
  end
  if (Simple && (WRITE_WIDTH_A != 0 || READ_WIDTH_B != 0)
      || !Simple && (READ_WIDTH_A > 36 || WRITE_WIDTH_B > 36)) begin : g_refuse
    $fatal(1, "RAMB36E1: widths that RAM_MODE does not have");
  end

  localparam bit [32767:0] Data = {
    INIT_7F, INIT_7E, INIT_7D, INIT_7C, INIT_7B, INIT_7A, INIT_79, INIT_78, INIT_77, INIT_76, INIT_75, INIT_74,
    INIT_73, INIT_72, INIT_71, INIT_70, INIT_6F, INIT_6E, INIT_6D, INIT_6C, INIT_6B, INIT_6A, INIT_69, INIT_68,
    INIT_67, INIT_66, INIT_65, INIT_64, INIT_63, INIT_62, INIT_61, INIT_60, INIT_5F, INIT_5E, INIT_5D, INIT_5C,
    INIT_5B, INIT_5A, INIT_59, INIT_58, INIT_57, INIT_56, INIT_55, INIT_54, INIT_53, INIT_52, INIT_51, INIT_50,
    INIT_4F, INIT_4E, INIT_4D, INIT_4C, INIT_4B, INIT_4A, INIT_49, INIT_48, INIT_47, INIT_46, INIT_45, INIT_44,
    INIT_43, INIT_42, INIT_41, INIT_40, INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38,
    INIT_37, INIT_36, INIT_35, INIT_34, INIT_33, INIT_32, INIT_31, INIT_30, INIT_2F, INIT_2E, INIT_2D, INIT_2C,
    INIT_2B, INIT_2A, INIT_29, INIT_28, INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20,
    INIT_1F, INIT_1E, INIT_1D, INIT_1C, INIT_1B, INIT_1A, INIT_19, INIT_18, INIT_17, INIT_16, INIT_15, INIT_14,
    INIT_13, INIT_12, INIT_11, INIT_10, INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08,
    INIT_07, INIT_06, INIT_05, INIT_04, INIT_03, INIT_02, INIT_01, INIT_00
  };
  localparam bit [4095:0] Parity = {
    INITP_0F, INITP_0E, INITP_0D, INITP_0C, INITP_0B, INITP_0A, INITP_09, INITP_08, INITP_07, INITP_06, INITP_05,
    INITP_04, INITP_03, INITP_02, INITP_01, INITP_00
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
  function automatic bit [71:0] read_value(input bit [35:0] low, input bit [35:0] high);
    if (Wide) read_value = port_value(36, 72'(low)) | (port_value(36, 72'(high)) << 36);
    else read_value = port_value(READ_WIDTH_A, 72'(low));
  endfunction

  localparam bit KeepA = WRITE_MODE_A == "NO_CHANGE", KeepB = WRITE_MODE_B == "NO_CHANGE";
  localparam bit NewA = WRITE_MODE_A == "WRITE_FIRST", NewB = WRITE_MODE_B == "WRITE_FIRST";

  logic [1:0]       clk, en, write_en;
  logic [1:0][71:0] in, out;

  assign clk = {CLKBWRCLK ^ IS_CLKBWRCLK_INVERTED, CLKARDCLK ^ IS_CLKARDCLK_INVERTED};
  assign en = {ENBWREN ^ IS_ENBWREN_INVERTED, ENARDEN ^ IS_ENARDEN_INVERTED};

  // Two blocks in a chain of 64 K x 1: address bit 15 chooses, and the upper one passes on what the lower one read.
  localparam bit [1:0] Lower = {RAM_EXTENSION_B == "LOWER", RAM_EXTENSION_A == "LOWER"};
  localparam bit [1:0] Upper = {RAM_EXTENSION_B == "UPPER", RAM_EXTENSION_A == "UPPER"};
  logic [1:0] top_bit, top_bit_q, take;
  assign top_bit  = {ADDRBWRADDR[15], ADDRARDADDR[15]};
  assign write_en = ~(Lower & top_bit) & ~(Upper & ~top_bit);
  assign take     = {en[1] && !(KeepB && |WEBWE), en[0] && !(KeepA && |WEA)};
  for (genvar p = 0; p < 2; p++) begin : g_chain
    always_ff @(posedge clk[p]) if (take[p]) top_bit_q[p] <= top_bit[p];
  end

  assign in[0] = join_parity(64'(DIADI), 8'(DIPADIP));
  assign in[1] = WideW ? join_parity(64'({DIBDI, DIADI}), 8'({DIPBDIP, DIPADIP}))
                       : join_parity(64'(DIBDI), 8'(DIPBDIP));

  bram_core #(
    .Bytes(4096), .ReadWidth('{READ_WIDTH_A, READ_WIDTH_B}),
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
    .addr_i({ADDRBWRADDR[14:0], ADDRARDADDR[14:0]}), .data_i(in), .data_o(out)
  );

  // At run time: an elaborator takes minutes for what a loop does at once.
  initial for (int i = 0; i < 4096; i++) u_core.mem[i] = {Parity[i], Data[i*8+:8]};

  logic [63:0] data_a, data_b;
  assign data_a  = Upper[0] && !top_bit_q[0] ? {63'h0, CASCADEINA} : data_of(out[0]);
  assign data_b  = Upper[1] && !top_bit_q[1] ? {63'h0, CASCADEINB} : data_of(out[1]);
  assign DOADO   = data_a[31:0];
  assign DOPADOP = 4'(parity_of(out[0]));
  assign DOBDO   = Wide ? data_a[63:32] : data_b[31:0];
  assign DOPBDOP = Wide ? 4'(parity_of(out[0]) >> 4) : 4'(parity_of(out[1]));
  assign CASCADEOUTA = data_a[0];
  assign CASCADEOUTB = data_b[0];
  assign {SBITERR, DBITERR, ECCPARITY, RDADDRECC} = '0;

endmodule
/* verilator lint_on UNUSEDSIGNAL */
/* verilator lint_on UNUSEDPARAM */
/* verilator lint_on WIDTHEXPAND */
