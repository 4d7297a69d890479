// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A query times a block of keys, channel by channel, summed: one score per position. One cycle, and those of the sums.
module score_products
  import engine_pkg::*;
#(
  parameter int     Banks   = 12,
  parameter int     HeadDim = 8,
  parameter int     QueryW  = 9,
  parameter int     CacheW  = 8,
  parameter int     ScoreW  = 21,
  parameter int     Terms   = 4,            // channels of one chain, in fabric
  parameter int     Stages  = 1,            // of the sums: 1 to 3
  parameter style_e Style   = StylePacked,
  parameter int     Fabric  = 0,            // of the banks, those in fabric whatever the style
  parameter bit     Minus   = 1'b0
) (
  input  logic                                      clk_i,
  input  logic [HeadDim-1:0][QueryW-1:0]            query_i,
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] keys_i,
  output logic [Banks-1:0][ScoreW-1:0]              score_o   // if all are in fabric: short of one and the same number
);

  // What scores in fabric are short of, a multiple of the query's sum, no softmax sees if all are. Beside multipliers'
  // scores it is added.
  localparam int Chains = (HeadDim + Terms - 1) / Terms;
  localparam int InFabric = Style == StyleFabric ? Banks : Fabric;
  localparam int Apart  = Banks - InFabric;
  localparam int ProductW = QueryW + CacheW;
  localparam bit Split   = Stages > 2;
  localparam int Between = Stages > 1 ? 1 : 0;  // registers in front of the sums

  logic [ScoreW-1:0] lack_q;

  for (genvar b = 0; b < InFabric; b++) begin : gen_fabric
    localparam int ChainW = QueryW + 1 + $clog2(Terms) + 2 * (digits(CacheW) - 1) + 1;
    logic [Chains-1:0][ChainW-1:0] chain, chain_q;
    for (genvar c = 0; c < Chains; c++) begin : gen_chain
      localparam int Size = c == Chains - 1 ? HeadDim - c * Terms : Terms;
      localparam int DotW = QueryW + 1 + $clog2(Size) + 2 * (digits(CacheW) - 1) + (digits(CacheW) > 1 ? 1 : 0);
      logic signed [DotW-1:0] y;
      logic zero;
      dot #(.Terms(Size), .ActW(QueryW), .WeightW(CacheW), .Minus(Minus), .Settled(1'b1), .Stage(1'b1), .Split(Split)) u_dot (
        .clk_i, .a_i(query_i[c*Terms +: Size]), .w_i(keys_i[b][c*Terms +: Size]), .y_o(y), .c_o(zero));
      assign chain[c] = ChainW'(y);
      logic unused;
      assign unused = zero;
    end
    logic signed [ChainW+$clog2(Chains)-1:0] sum;
    delay #(.Width(Chains * ChainW), .Cycles(Between)) u_chain (.clk_i, .d_i(chain), .d_o(chain_q));
    adder_tree #(.N(Chains), .Width(ChainW)) u_sum (.value_i(chain_q), .sum_o(sum));
    always_ff @(posedge clk_i) score_o[b] <= ScoreW'(sum) + (Apart > 0 ? lack_q : '0);
  end

  if (Apart > 0) begin : gen_apart
    for (genvar b = InFabric; b < Banks; b += 2) begin : gen_pair
      localparam bit Both = b + 1 < Banks;
      logic [1:0][HeadDim-1:0][ProductW-1:0] product, product_q;
      for (genvar c = 0; c < HeadDim; c++) begin : gen_channel
        logic [ProductW-1:0] low, high;
        product_pair #(.Packed(Style == StylePacked && Both), .AW(QueryW), .BW(CacheW)) u_product (
          .clk_i, .a_i(query_i[c]), .low_i(keys_i[b][c]), .high_i(keys_i[Both ? b + 1 : b][c]), .low_o(low),
          .high_o(high));
        assign product[0][c] = low;
        assign product[1][c] = high;
      end
      delay #(.Width(2 * HeadDim * ProductW), .Cycles(Between)) u_product (.clk_i, .d_i(product), .d_o(product_q));
      for (genvar i = 0; i < (Both ? 2 : 1); i++) begin : gen_sum
        logic signed [ProductW+$clog2(HeadDim)-1:0] sum;
        adder_tree_late #(.N(HeadDim), .Width(ProductW), .Late(Split)) u_sum (
          .clk_i, .value_i(product_q[i]), .sum_o(sum));
        always_ff @(posedge clk_i) score_o[b+i] <= ScoreW'(sum);
      end
      if (!Both) begin : gen_single
        logic unused;
        assign unused = ^product_q[1];
      end
    end
  end

  if (Apart > 0 && InFabric > 0) begin : gen_lack
    logic signed [QueryW+$clog2(HeadDim)-1:0] total;
    logic signed [ScoreW-1:0]                 lack;
    adder_tree #(.N(HeadDim), .Width(QueryW)) u_total (.value_i(query_i), .sum_o(total));
    times #(.InW(QueryW + $clog2(HeadDim)), .OutW(ScoreW), .Factor(digit_offset(CacheW))) u_lack (
      .x_i(total), .y_o(lack));
    delay #(.Width(ScoreW), .Cycles(Stages)) u_late (.clk_i, .d_i(lack), .d_o(lack_q));
  end else begin : gen_no_lack
    assign lack_q = '0;
    logic unused;
    assign unused = ^lack_q;
  end

endmodule
