// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What the host says about its next request.
module host_settings
  import host_pkg::*;
#(
  parameter int Vocab   = 512,
  parameter int Context = 512,
  parameter int Stops   = 8,   // at most 8
  localparam int IdW       = $clog2(Vocab),
  localparam int PositionW = $clog2(Context + 1)
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic [AddrW-1:0]          addr_i,
  input  logic                      write_i,   // only while known_o and ok_o
  input  logic [31:0]               wdata_i,
  output logic                      known_o,   // addr_i is one of these registers
  output logic                      ok_o,      // wdata_i is a value for it
  output logic [31:0]               rdata_o,
  output logic [PositionW-1:0]      length_o,
  output logic [31:0]               budget_o,
  output logic [16:0]               inverse_o,
  output logic [63:0]               seed_o,
  output logic [Stops-1:0]          stop_valid_o,
  output logic [Stops-1:0][IdW-1:0] stop_o
);

  localparam logic [AddrW-1:0] StopEnd = RegStopToken + AddrW'(4 * Stops);

  logic       is_stop;
  logic [2:0] which;

  assign is_stop = addr_i >= RegStopToken && addr_i < StopEnd;
  assign which   = 3'((addr_i - RegStopToken) >> 2);

  always_comb begin
    known_o = 1'b1;
    ok_o    = 1'b1;
    rdata_o = '0;
    unique case (addr_i)
      RegLength: begin
        ok_o    = wdata_i <= 32'(Context);
        rdata_o = 32'(length_o);
      end
      RegBudget: rdata_o = budget_o;
      RegInverse: begin
        ok_o    = wdata_i < 32'h20000;
        rdata_o = 32'(inverse_o);
      end
      RegSeedLow:  rdata_o = seed_o[31:0];
      RegSeedHigh: rdata_o = seed_o[63:32];
      default: begin
        known_o = is_stop;
        ok_o    = 32'(wdata_i[30:0]) < 32'(Vocab);
        for (int i = 0; i < Stops; i++)
          if (32'(which) == i) rdata_o = {stop_valid_o[i], 31'(stop_o[i])};
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      unique case (addr_i)
        RegLength:   length_o      <= PositionW'(wdata_i);
        RegBudget:   budget_o      <= wdata_i;
        RegInverse:  inverse_o     <= 17'(wdata_i);
        RegSeedLow:  seed_o[31:0]  <= wdata_i;
        RegSeedHigh: seed_o[63:32] <= wdata_i;
        default: for (int i = 0; i < Stops; i++)
          if (32'(which) == i) {stop_valid_o[i], stop_o[i]} <= {wdata_i[StopTokenValid], IdW'(wdata_i)};
      endcase
    end
    if (rst_i) begin
      length_o     <= '0;
      budget_o     <= '1;
      inverse_o    <= '0;
      seed_o       <= '0;
      stop_valid_o <= '0;
      stop_o       <= '0;
    end
  end

endmodule
