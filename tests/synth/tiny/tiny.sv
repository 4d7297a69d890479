// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A small circuit with one of everything that a model's chip is made of: a weight ROM from a hex file, a RAM with
// separate ports, two products packed into one multiplier, an accumulator, and a state machine around them.
module tiny #(
  parameter int Depth  = 256,
  parameter     File   = "weights.hex",
  localparam int AddrW = $clog2(Depth)
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        valid_i,   // an activation is there
  output logic        ready_o,
  input  logic [7:0]  data_i,
  input  logic        keep_i,    // also store it
  output logic        valid_o,   // one result per sixteen activations
  output logic signed [23:0] high_o,
  output logic signed [23:0] low_o,
  output logic [7:0]  old_o      // what the RAM held
);

  typedef enum logic [1:0] {Gather, Drain, Show} state_e;
  state_e            state_q;
  logic [AddrW-1:0]  addr_q;
  logic [2:0]        drain_q;
  logic              take, taken_q, clear_q;
  logic [7:0]        weights;
  logic signed [7:0] data_q;

  assign ready_o = state_q == Gather;
  assign take    = valid_i && ready_o;

  tiny_rom #(.Width(8), .Depth(Depth), .File(File)) u_rom (.clk_i, .en_i(take), .addr_i(addr_q), .data_o(weights));

  tiny_ram #(.Width(8), .Depth(Depth)) u_ram (
    .clk_i, .we_i(take && keep_i), .waddr_i(addr_q), .wdata_i(data_i),
    .re_i(take), .raddr_i(addr_q ^ AddrW'(1)), .rdata_o(old_o)
  );

  tiny_pair u_pair (
    .clk_i, .clear_i(clear_q), .en_i(taken_q), .data_i(data_q), .high_i(weights[7:4]), .low_i(weights[3:0]),
    .high_o, .low_o
  );

  always_ff @(posedge clk_i) begin
    data_q  <= data_i;
    clear_q <= 1'b0;
    taken_q <= take;
    valid_o <= 1'b0;
    unique case (state_q)
      Gather: if (take) begin
        addr_q <= addr_q + 1'b1;
        if (&addr_q[3:0]) state_q <= Drain;
      end
      Drain: begin
        drain_q <= drain_q + 1'b1;
        if (&drain_q) state_q <= Show;
      end
      default: begin
        valid_o <= 1'b1;
        clear_q <= valid_o;
        if (valid_o) state_q <= Gather;
      end
    endcase
    if (!rst_ni) begin
      state_q <= Gather;
      addr_q  <= '0;
      drain_q <= '0;
      clear_q <= 1'b1;
      taken_q <= 1'b0;
    end
  end

endmodule
