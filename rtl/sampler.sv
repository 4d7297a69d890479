// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The next token: the largest logit, or the largest scaled logit with its Gumbel noise; ties to the lowest id.
module sampler #(
  parameter int Rows  = 8,
  parameter int Vocab = 512,
  parameter int Width = 22,
  localparam int Words = (Vocab + Rows - 1) / Rows,
  localparam int AddrW = Words > 1 ? $clog2(Words) : 1,
  localparam int IdW   = $clog2(Vocab)
) (
  input  logic                         clk_i,
  input  logic                         valid_i,
  input  logic                         first_i,   // of a token's logits
  input  logic [AddrW-1:0]             addr_i,    // ids Rows * addr_i ..
  input  logic [Rows-1:0]              mask_i,
  input  logic [Rows-1:0][Width-1:0]   value_i,
  input  logic                         noisy_i,   // held
  input  logic [Rows-1:0][15:0]        noise_i,
  output logic [IdW-1:0]               id_o       // four cycles after valid_i
);

  localparam int SumW   = Width + 1;
  localparam int LaneW  = $clog2(Rows);
  localparam int Size   = Rows < 4 ? Rows : 4;  // rows of a group: the groups' largest first, then the largest of them
  localparam int Groups = (Rows + Size - 1) / Size;
  localparam int PlaceW = $clog2(Size);
  localparam int GroupW = Groups > 1 ? $clog2(Groups) : 1;

  logic [Rows-1:0][SumW-1:0]     seen_q;  // with their noise; what is no token's never is the largest
  logic [3:0]                    valid_q, first_q;
  logic [2:0][AddrW-1:0]         addr_q;
  logic [Groups-1:0][SumW-1:0]   group_d, group_q;
  logic [Groups-1:0][PlaceW-1:0] place_d, place_q;
  logic [SumW-1:0]               top_d;
  logic signed [SumW-1:0]        top_q, best_q;
  logic [GroupW-1:0]             group;
  logic [LaneW-1:0]              lane_q;

  for (genvar g = 0; g < Rows; g++) begin : gen_row
    logic [SumW-1:0] sum;
    assign sum = SumW'($signed(value_i[g])) + (noisy_i ? SumW'($signed(noise_i[g])) : '0);
    always_ff @(posedge clk_i) seen_q[g] <= mask_i[g] ? sum : {1'b1, {(SumW - 1){1'b0}}};
  end

  for (genvar g = 0; g < Groups; g++) begin : gen_group
    localparam int Count = g == Groups - 1 ? Rows - g * Size : Size;
    localparam int IndexW = Count > 1 ? $clog2(Count) : 1;
    logic [IndexW-1:0] index;
    max_tree #(.N(Count), .Width(SumW)) u_group (
      .value_i(seen_q[g*Size +: Count]), .top_o(group_d[g]), .index_o(index));
    assign place_d[g] = PlaceW'(index);
  end
  max_tree #(.N(Groups), .Width(SumW)) u_top (.value_i(group_q), .top_o(top_d), .index_o(group));

  always_ff @(posedge clk_i) begin
    valid_q <= {valid_q[2:0], valid_i};
    first_q <= {first_q[2:0], first_i};
    addr_q  <= {addr_q[1:0], addr_i};
    group_q <= group_d;
    place_q <= place_d;
    top_q   <= $signed(top_d);
    lane_q  <= LaneW'(32'(group) * Size + 32'(place_q[group]));
    if (valid_q[2] && (first_q[2] || top_q > best_q)) begin
      best_q <= top_q;
      id_o   <= IdW'(32'(addr_q[2]) * Rows + 32'(lane_q));
    end
  end

  logic unused;
  assign unused = valid_q[3] ^ first_q[3];

endmodule
