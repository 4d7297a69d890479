// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A block RAM of two ports, for simulation: what the cells of ECP5 and 7 series have in common. Contents are bytes of
// nine bits; addresses count bits of the eight that narrow ports reach. Bits that the device leaves undefined (read
// while the other port writes them) come out inverted, so that a design that depends on them is found.
/* verilator lint_off UNUSEDSIGNAL */ // what a port is not used for
module bram_core #(
  parameter int Bytes = 2048,
  parameter int ReadWidth [2] = '{18, 18},   // 0: not used; else 1, 2, 4, 9, 18, 36, 72
  parameter int WriteWidth [2] = '{18, 18},
  parameter int Mode [2] = '{0, 0},          // a port's read during its write: 0 keeps, 1 gives the new, 2 the old word
  parameter bit [1:0] OldForOther = '0,      // while this port writes, the other still reads the old word
  parameter bit [1:0] OutReg = '0,
  parameter bit [1:0] RegResetFirst = '1,    // reset of the output register overrides its enable
  parameter bit ResetGated = 1'b0,           // reset of the read latch waits for the port's enable
  parameter bit ResetBlocksWrite = 1'b0,
  parameter bit [71:0] LatchInit [2] = '{'0, '0},
  parameter bit [71:0] ResetValue [2] = '{'0, '0},
  localparam int AddrW = $clog2(Bytes * 8)
) (
  input  logic [1:0]            clk_i,
  input  logic [1:0]            en_i,
  input  logic [1:0][7:0]       we_i,        // per byte of the port's write width
  input  logic [1:0]            rst_i,       // of the read latch
  input  logic [1:0]            reg_en_i,
  input  logic [1:0]            reg_rst_i,
  input  logic [1:0][AddrW-1:0] addr_i,
  input  logic [1:0][71:0]      data_i,
  output logic [1:0][71:0]      data_o
);

  /* verilator lint_off MULTIDRIVEN */ // both ports write the one memory, and the cell around it puts its contents in
  logic [8:0] mem [Bytes];
  /* verilator lint_on MULTIDRIVEN */

  // How many bytes an access of that width has, and the first of them.
  function automatic int span(input int width);
    span = width >= 9 ? width / 9 : 1;
  endfunction

  function automatic int first(input int width, input logic [AddrW-1:0] addr);
    first = (int'(addr) >> 3) & ~(span(width) - 1);
  endfunction

  // Where a narrow access begins within its byte.
  function automatic int offset(input int width, input logic [AddrW-1:0] addr);
    offset = width >= 9 ? 0 : int'(addr) & 7 & ~(width - 1);
  endfunction

  logic [1:0] may_write;
  for (genvar p = 0; p < 2; p++) begin : g_may
    assign may_write[p] = WriteWidth[p] != 0 && en_i[p] && |we_i[p] && !(ResetBlocksWrite && rst_i[p]);
  end

  // The bits of a byte that a port writes at this edge, and what it writes there.
  function automatic logic [8:0] mask(input int port, input int width, input int at);
    automatic int number = at - first(width, addr_i[port]);
    mask = '0;
    if (may_write[port] && number >= 0 && number < span(width) && we_i[port][3'(number)])
      mask = width >= 9 ? 9'h1FF : 9'(((1 << width) - 1) << offset(width, addr_i[port]));
  endfunction

  function automatic logic [8:0] fresh(input int port, input int width, input int at);
    fresh = width >= 9 ? data_i[port][9*(at-first(width, addr_i[port]))+:9]
                       : data_i[port][8:0] << offset(width, addr_i[port]);
  endfunction

  for (genvar p = 0; p < 2; p++) begin : g_port
    localparam int Other = 1 - p;
    logic [71:0] latch_q, reg_q, seen;

    if (!(ReadWidth[p] inside {0, 1, 2, 4, 9, 18, 36, 72}) ||
        !(WriteWidth[p] inside {0, 1, 2, 4, 9, 18, 36, 72})) begin : g_refuse
      $fatal(1, "bram_core: no width %0d/%0d", ReadWidth[p], WriteWidth[p]);
    end

    initial latch_q = LatchInit[p];
    initial reg_q = LatchInit[p];

    if (WriteWidth[p] != 0) begin : g_write
      always_ff @(posedge clk_i[p]) if (may_write[p]) begin
        for (int n = 0; n < span(WriteWidth[p]); n++) begin
          if (WriteWidth[p] >= 9) begin
            if (we_i[p][n]) mem[first(WriteWidth[p], addr_i[p])+n] <= data_i[p][9*n+:9];
          end else if (we_i[p][0]) begin
            for (int i = 0; i < WriteWidth[p]; i++)
              mem[first(WriteWidth[p], addr_i[p])][offset(WriteWidth[p], addr_i[p])+i] <= data_i[p][i];
          end
        end
      end
    end

    if (ReadWidth[p] != 0) begin : g_read
      always_comb begin
        seen = '0;
        for (int n = 0; n < span(ReadWidth[p]); n++) begin
          automatic int at = first(ReadWidth[p], addr_i[p]) + n;
          automatic logic [8:0] value = mem[at];
          automatic logic [8:0] own = WriteWidth[p] == 0 ? '0 : mask(p, WriteWidth[p], at);
          automatic logic [8:0] others = WriteWidth[Other] == 0 ? '0 : mask(Other, WriteWidth[Other], at);
          if (Mode[p] == 1 && |own) value = (value & ~own) | (fresh(p, WriteWidth[p], at) & own);
          if (!OldForOther[Other]) value ^= others;
          seen[9*n+:9] = value;
        end
        if (ReadWidth[p] < 9)
          seen = (seen >> offset(ReadWidth[p], addr_i[p])) & ((72'h1 << ReadWidth[p]) - 1);
      end

      always_ff @(posedge clk_i[p]) begin
        if (en_i[p] && !(Mode[p] == 0 && may_write[p])) latch_q <= seen;
        if (rst_i[p] && (en_i[p] || !ResetGated)) latch_q <= ResetValue[p];
      end

      always_ff @(posedge clk_i[p]) begin
        if (reg_en_i[p]) reg_q <= latch_q;
        if (reg_rst_i[p] && (reg_en_i[p] || RegResetFirst[p])) reg_q <= ResetValue[p];
      end

      assign data_o[p] = OutReg[p] ? reg_q : latch_q;
    end else begin : g_silent
      assign {data_o[p], seen} = '0;
    end
  end

endmodule
/* verilator lint_on UNUSEDSIGNAL */
