// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Exponentials times a block of values, summed over the head, then divided by the sum of the exponentials.
module mix #(
  parameter int Banks   = 12,
  parameter int Blocks  = 43,
  parameter int HeadDim = 8,
  parameter int CacheW  = 8,
  parameter int OutW    = 8,
  parameter int Groups  = 8,
  parameter int Heads   = 8,
  parameter int Divides = 2,
  parameter     Folder  = "",
  localparam int Padded = (HeadDim + Groups - 1) / Groups * Groups,
  localparam int OutA   = Heads * Padded / Divides > 1 ? $clog2(Heads * Padded / Divides) : 1
) (
  input  logic                                      clk_i,
  input  logic                                      rst_i,
  input  logic                                      restart_i, // the next head is a layer's first
  input  logic                                      valid_i,   // a block
  input  logic                                      first_i,   // of its head
  input  logic                                      last_i,
  input  logic [Banks-1:0][11:0]                    p_i,
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] values_i,
  input  logic [4:0]                                shift_i,   // left, of the quotients; with last_i
  output logic                                      we_o,
  output logic [OutA-1:0]                           addr_o,
  output logic [Divides-1:0][OutW-1:0]              mixed_o
);

  localparam int TotalW = 12 + $clog2(Banks * Blocks + 1);
  localparam int SumW   = TotalW + CacheW;

  logic [2:0]                                 valid_q, first_q, last_q;
  logic [4:0]                                 shift_q;
  logic [Banks-1:0][HeadDim-1:0][CacheW+12:0] product_q;
  logic [HeadDim-1:0][SumW-1:0]               part_d, part_q, sum_q;
  logic [TotalW-1:0]                          weight_d, weight_q, weight_dq, total_q;

  always_comb begin
    weight_d = '0;
    for (int b = 0; b < Banks; b++) weight_d = weight_d + TotalW'(p_i[b]);
    for (int c = 0; c < HeadDim; c++) begin
      part_d[c] = '0;
      for (int b = 0; b < Banks; b++) part_d[c] = part_d[c] + SumW'($signed(product_q[b][c]));
    end
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    for (genvar c = 0; c < HeadDim; c++) begin : gen_channel
      always_ff @(posedge clk_i)
        product_q[b][c] <= (CacheW + 13)'($signed({1'b0, p_i[b]}) * $signed(values_i[b][c]));
    end
  end

  always_ff @(posedge clk_i) begin
    valid_q   <= {valid_q[1:0], valid_i};
    first_q   <= {first_q[1:0], first_i};
    last_q    <= {last_q[1:0], last_i && valid_i};
    weight_q  <= weight_d;
    weight_dq <= weight_q;
    part_q    <= part_d;
    if (last_i) shift_q <= shift_i;
    if (valid_q[1]) begin
      total_q <= first_q[1] ? weight_dq : total_q + weight_dq;
      for (int c = 0; c < HeadDim; c++) sum_q[c] <= first_q[1] ? part_q[c] : sum_q[c] + part_q[c];
    end
    if (rst_i) last_q <= '0;
  end

  divide #(.Channels(HeadDim), .Padded(Padded), .Divides(Divides), .SumW(SumW), .TotalW(TotalW), .OutW(OutW),
           .OutA(OutA), .Folder(Folder)) u_divide (
    .clk_i, .rst_i, .restart_i, .load_i(last_q[2]), .sum_i(sum_q), .total_i(total_q), .shift_i(shift_q),
    .we_o, .addr_o, .mixed_o);

  logic unused;
  assign unused = valid_q[2] ^ first_q[2];

endmodule
