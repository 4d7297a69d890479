// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What the host says about its next request.
module host_settings
  import host_pkg::*, plan_pkg::*;
(
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic [AddrW-1:0]     addr_i,
  input  logic [31:0]          wdata_i,
  input  logic                 write_i,    // a cycle later; only if known_o and ok_o were
  output logic                 known_o,    // addr_i is one of these registers
  output logic                 ok_o,       // wdata_i is a value for it
  output logic [31:0]          rdata_o,    // a cycle later
  output logic [PositionW-1:0] length_o,
  output logic                 some_o,     // it is not zero
  output request_t             request_o   // what is set of it
);

  localparam logic [AddrW-1:0] StopEnd = RegStopToken + AddrW'(4 * Stops);

  logic             is_stop, is_drafts;  // a build without drafts has no such register
  logic [2:0]       which_q;
  logic [AddrW-1:0] addr_q;
  logic [31:0]      wdata_q;
  logic             some_q;
  request_t         request_q;

  assign request_o = request_q;
  assign is_drafts = Drafts > 0 && addr_i == RegDrafts;
  assign is_stop = addr_i >= RegStopToken && addr_i < StopEnd;

  always_ff @(posedge clk_i) begin
    addr_q  <= addr_i;
    which_q <= 3'((addr_i - RegStopToken) >> 2);
    wdata_q <= wdata_i;
    some_q  <= PositionW'(wdata_i) != 0;
  end

  always_comb begin
    known_o = 1'b1;
    unique case (addr_i)
      RegLength:                            ok_o = wdata_i <= 32'(Context);
      RegInverse:                           ok_o = wdata_i < 32'd1 << $bits(request_q.inverse);
      RegBudget, RegSeedLow, RegSeedHigh:   ok_o = 1'b1;
      default: begin
        known_o = is_stop || is_drafts;
        ok_o    = is_drafts ? wdata_i < 32'd2 : 32'(wdata_i[30:0]) < 32'(Vocab);
      end
    endcase
  end

  always_comb begin
    rdata_o = '0;
    unique case (addr_q)
      RegLength:   rdata_o = 32'(length_o);
      RegBudget:   rdata_o = request_q.budget;
      RegInverse:  rdata_o = 32'(request_q.inverse);
      RegSeedLow:  rdata_o = request_q.seed[31:0];
      RegSeedHigh: rdata_o = request_q.seed[63:32];
      RegDrafts:   rdata_o = 32'(request_q.drafts);
      default: for (int i = 0; i < Stops; i++) if (32'(which_q) == i)
        rdata_o = stop_token_t'{valid: request_q.stop_valid[i], id: TokenW'(request_q.stop[i]), default: '0};
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      unique case (addr_q)
        RegLength: begin
          length_o <= PositionW'(wdata_q);
          some_o   <= some_q;
        end
        RegBudget:   request_q.budget      <= wdata_q;
        RegInverse:  request_q.inverse     <= $bits(request_q.inverse)'(wdata_q);
        RegSeedLow:  request_q.seed[31:0]  <= wdata_q;
        RegSeedHigh: request_q.seed[63:32] <= wdata_q;
        RegDrafts:   request_q.drafts      <= Drafts > 0 && wdata_q[DraftsOn];
        default: for (int i = 0; i < Stops; i++)
          if (32'(which_q) == i) begin
            request_q.stop_valid[i] <= wdata_q[StopTokenValid];
            request_q.stop[i]       <= IdW'(wdata_q);
          end
      endcase
    end
    if (rst_i) begin
      length_o         <= '0;
      some_o           <= 1'b0;
      request_q        <= '0;
      request_q.budget <= '1;
    end
  end

endmodule
