// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The next token: the largest logit, or the largest scaled logit with its Gumbel noise; ties to the lowest id.
module sampler #(
  parameter int Rows = 8,
  parameter int Vocab  = 512,
  parameter int Width  = 22,
  localparam int Words = (Vocab + Rows - 1) / Rows,
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1,
  localparam int IdW   = $clog2(Vocab)
) (
  input  logic                         clk_i,
  input  logic                         valid_i,
  input  logic                         first_i,   // of a token's logits
  input  logic [AddrW-1:0]             addr_i,    // ids Rows * addr_i ..
  input  logic [Rows-1:0]            mask_i,
  input  logic [Rows-1:0][Width-1:0] value_i,
  input  logic                         noisy_i,   // held
  input  logic [Rows-1:0][15:0]      noise_i,
  output logic [IdW-1:0]               id_o       // three cycles after valid_i
);

  localparam int SumW  = Width + 1;
  localparam int LaneW = $clog2(Rows);

  logic [Rows-1:0][SumW-1:0] sum_q, seen;
  logic [Rows-1:0]           mask_q;
  logic [2:0]                  valid_q, first_q;
  logic [AddrW-1:0]            addr_q, addr_dq;
  logic [SumW-1:0]             top_d;
  logic signed [SumW-1:0]      top_q, best_q;
  logic [LaneW-1:0]            lane_d, lane_q;

  for (genvar g = 0; g < Rows; g++) begin : gen_row
    always_ff @(posedge clk_i)
      sum_q[g] <= SumW'($signed(value_i[g])) + (noisy_i ? SumW'($signed(noise_i[g])) : '0);
  end

  for (genvar g = 0; g < Rows; g++) begin : gen_seen
    assign seen[g] = mask_q[g] ? sum_q[g] : {1'b1, {(SumW - 1){1'b0}}};
  end
  max_tree #(.N(Rows), .Width(SumW)) u_top (.value_i(seen), .top_o(top_d), .index_o(lane_d));

  always_ff @(posedge clk_i) begin
    valid_q <= {valid_q[1:0], valid_i};
    first_q <= {first_q[1:0], first_i};
    mask_q  <= mask_i;
    addr_q  <= addr_i;
    addr_dq <= addr_q;
    top_q   <= $signed(top_d);
    lane_q  <= lane_d;
    if (valid_q[1] && (first_q[1] || top_q > best_q)) begin
      best_q <= top_q;
      id_o   <= IdW'(32'(addr_dq) * Rows + 32'(lane_q));
    end
  end

  logic unused;
  assign unused = valid_q[2] ^ first_q[2];

endmodule
