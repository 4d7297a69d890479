// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// ECP5's block RAM as Yosys configures it, for simulation: 1024 words of 18 bits; two ports of up to 18 bits, or one
// of 36 that writes and one that reads. Another configuration is fatal. Without contents it starts as zeros.
// The pins and parameters are the real cell's, used or not; strings are compared at their own lengths.
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off WIDTHEXPAND */
module DP16KD #(
  parameter int DATA_WIDTH_A = 18,
  parameter int DATA_WIDTH_B = 18,
  parameter     REGMODE_A = "NOREG",
  parameter     REGMODE_B = "NOREG",
  parameter     RESETMODE = "SYNC",
  parameter     ASYNC_RESET_RELEASE = "SYNC",
  parameter     CSDECODE_A = "0b000",
  parameter     CSDECODE_B = "0b000",
  parameter     WRITEMODE_A = "NORMAL",
  parameter     WRITEMODE_B = "NORMAL",
  parameter     CLKAMUX = "CLKA",
  parameter     CLKBMUX = "CLKB",
  parameter     GSR = "ENABLED",
  parameter bit [319:0]
    INITVAL_00 = 320'b0, INITVAL_01 = 320'b0, INITVAL_02 = 320'b0, INITVAL_03 = 320'b0, INITVAL_04 = 320'b0,
    INITVAL_05 = 320'b0, INITVAL_06 = 320'b0, INITVAL_07 = 320'b0, INITVAL_08 = 320'b0, INITVAL_09 = 320'b0,
    INITVAL_0A = 320'b0, INITVAL_0B = 320'b0, INITVAL_0C = 320'b0, INITVAL_0D = 320'b0, INITVAL_0E = 320'b0,
    INITVAL_0F = 320'b0, INITVAL_10 = 320'b0, INITVAL_11 = 320'b0, INITVAL_12 = 320'b0, INITVAL_13 = 320'b0,
    INITVAL_14 = 320'b0, INITVAL_15 = 320'b0, INITVAL_16 = 320'b0, INITVAL_17 = 320'b0, INITVAL_18 = 320'b0,
    INITVAL_19 = 320'b0, INITVAL_1A = 320'b0, INITVAL_1B = 320'b0, INITVAL_1C = 320'b0, INITVAL_1D = 320'b0,
    INITVAL_1E = 320'b0, INITVAL_1F = 320'b0, INITVAL_20 = 320'b0, INITVAL_21 = 320'b0, INITVAL_22 = 320'b0,
    INITVAL_23 = 320'b0, INITVAL_24 = 320'b0, INITVAL_25 = 320'b0, INITVAL_26 = 320'b0, INITVAL_27 = 320'b0,
    INITVAL_28 = 320'b0, INITVAL_29 = 320'b0, INITVAL_2A = 320'b0, INITVAL_2B = 320'b0, INITVAL_2C = 320'b0,
    INITVAL_2D = 320'b0, INITVAL_2E = 320'b0, INITVAL_2F = 320'b0, INITVAL_30 = 320'b0, INITVAL_31 = 320'b0,
    INITVAL_32 = 320'b0, INITVAL_33 = 320'b0, INITVAL_34 = 320'b0, INITVAL_35 = 320'b0, INITVAL_36 = 320'b0,
    INITVAL_37 = 320'b0, INITVAL_38 = 320'b0, INITVAL_39 = 320'b0, INITVAL_3A = 320'b0, INITVAL_3B = 320'b0,
    INITVAL_3C = 320'b0, INITVAL_3D = 320'b0, INITVAL_3E = 320'b0, INITVAL_3F = 320'b0
) (
  input logic
    DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1,
    DIA0, ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0, CEA, OCEA, CLKA,
    WEA, RSTA, CSA2, CSA1, CSA0,
  output logic
    DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0,
  input logic
    DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1,
    DIB0, ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0, CEB, OCEB, CLKB,
    WEB, RSTB, CSB2, CSB1, CSB0,
  output logic
    DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);

  if (RESETMODE != "SYNC" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000" ||
      DATA_WIDTH_A > 36 || DATA_WIDTH_B > 36) begin : g_refuse
    $fatal(1, "DP16KD: a reset mode, chip select or width that is not modelled");
  end

  localparam bit [64*320-1:0] Rows = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37,
    INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
    INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25,
    INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
    INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13,
    INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
    INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
    INITVAL_00
  };

  function automatic int mode(input bit keeps, input bit through);
    mode = keeps ? 0 : through ? 1 : 2;
  endfunction

  logic [1:0][13:0] addr;
  logic [1:0][17:0] in;
  logic [1:0][71:0] out;
  logic [1:0][7:0]  we;
  logic [1:0]       select;

  assign addr[0] = {
    ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
  };
  assign in[0] = {
    DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0
  };
  assign addr[1] = {
    ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
  };
  assign in[1] = {
    DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0
  };
  assign select = {{CSB2, CSB1, CSB0} == 3'b000, {CSA2, CSA1, CSA0} == 3'b000};

  // Ports of 18 and 36 bits take their byte enables from the low address bits.
  assign we[0] = {8{WEA}} & (DATA_WIDTH_A == 36 ? {4'h0, ADA3, ADA2, ADA1, ADA0}
                             : DATA_WIDTH_A == 18 ? {6'h0, ADA1, ADA0} : 8'h01);
  assign we[1] = {8{WEB}} & (DATA_WIDTH_B == 18 ? {6'h0, ADB1, ADB0} : 8'h01);

  bram_core #(
    .Bytes(2048),
    .ReadWidth('{DATA_WIDTH_A == 36 ? 0 : DATA_WIDTH_A, DATA_WIDTH_B}),
    .WriteWidth('{DATA_WIDTH_A, DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36 ? 0 : DATA_WIDTH_B}),
    .Mode('{mode(WRITEMODE_A == "NORMAL", WRITEMODE_A == "WRITETHROUGH"),
            mode(WRITEMODE_B == "NORMAL", WRITEMODE_B == "WRITETHROUGH")}),
    .OutReg({REGMODE_B == "OUTREG", REGMODE_A == "OUTREG"}),
    .ResetBlocksWrite(1'b1)
  ) u_core (
    .clk_i({CLKB ^ (CLKBMUX == "INV"), CLKA ^ (CLKAMUX == "INV")}),
    .en_i({CEB, CEA} & select), .we_i(we), .rst_i({RSTB, RSTA}), .reg_en_i({OCEB, OCEA}), .reg_rst_i({RSTB, RSTA}),
    .addr_i(addr), .data_i({{54'h0, in[1]}, {36'h0, DATA_WIDTH_A == 36 ? in[1] : 18'h0, in[0]}}), .data_o(out)
  );

  // Each row of INITVAL holds 18 bits in a place of 20. At run time: an elaborator takes minutes for such a loop.
  initial for (int i = 0; i < 2048; i++) u_core.mem[i] = Rows[i/2*20+i%2*9+:9];

  // A port that reads 36 bits also takes the other's pins.
  assign {
    DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0
  } = DATA_WIDTH_B == 36 ? out[1][17:0] : out[0][17:0];
  assign {
    DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
  } = DATA_WIDTH_B == 36 ? out[1][35:18] : out[1][17:0];

endmodule
/* verilator lint_on UNUSEDSIGNAL */
/* verilator lint_on UNUSEDPARAM */
/* verilator lint_on WIDTHEXPAND */
