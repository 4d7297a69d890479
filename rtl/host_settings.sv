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
  input  logic [31:0]               wdata_i,
  input  logic                      write_i,   // a cycle later; only if known_o and ok_o were
  output logic                      known_o,   // addr_i is one of these registers
  output logic                      ok_o,      // wdata_i is a value for it
  output logic [31:0]               rdata_o,   // a cycle later
  output logic [PositionW-1:0]      length_o,
  output logic [31:0]               budget_o,
  output logic [16:0]               inverse_o,
  output logic [63:0]               seed_o,
  output logic [Stops-1:0]          stop_valid_o,
  output logic [Stops-1:0][IdW-1:0] stop_o
);

  localparam logic [AddrW-1:0] StopEnd = RegStopToken + AddrW'(4 * Stops);

  logic             is_stop;
  logic [2:0]       which_q;
  logic [AddrW-1:0] addr_q;
  logic [31:0]      wdata_q;

  assign is_stop = addr_i >= RegStopToken && addr_i < StopEnd;

  always_ff @(posedge clk_i) begin
    addr_q  <= addr_i;
    which_q <= 3'((addr_i - RegStopToken) >> 2);
    wdata_q <= wdata_i;
  end

  always_comb begin
    known_o = 1'b1;
    unique case (addr_i)
      RegLength:                            ok_o = wdata_i <= 32'(Context);
      RegInverse:                           ok_o = wdata_i < 32'h20000;
      RegBudget, RegSeedLow, RegSeedHigh:   ok_o = 1'b1;
      default: begin
        known_o = is_stop;
        ok_o    = 32'(wdata_i[30:0]) < 32'(Vocab);
      end
    endcase
  end

  always_comb begin
    rdata_o = '0;
    unique case (addr_q)
      RegLength:   rdata_o = 32'(length_o);
      RegBudget:   rdata_o = budget_o;
      RegInverse:  rdata_o = 32'(inverse_o);
      RegSeedLow:  rdata_o = seed_o[31:0];
      RegSeedHigh: rdata_o = seed_o[63:32];
      default: for (int i = 0; i < Stops; i++) if (32'(which_q) == i) rdata_o = {stop_valid_o[i], 31'(stop_o[i])};
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      unique case (addr_q)
        RegLength:   length_o      <= PositionW'(wdata_q);
        RegBudget:   budget_o      <= wdata_q;
        RegInverse:  inverse_o     <= 17'(wdata_q);
        RegSeedLow:  seed_o[31:0]  <= wdata_q;
        RegSeedHigh: seed_o[63:32] <= wdata_q;
        default: for (int i = 0; i < Stops; i++)
          if (32'(which_q) == i) {stop_valid_o[i], stop_o[i]} <= {wdata_q[StopTokenValid], IdW'(wdata_q)};
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
