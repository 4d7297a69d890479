// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A block of exponentials times its values, summed channel by channel. One cycle, and those of the sums, whose last
// register is outside.
module mix_products
  import engine_pkg::*;
#(
  parameter int     Banks   = 12,
  parameter int     HeadDim = 8,
  parameter int     CacheW  = 8,
  parameter int     WeightW = 10,
  parameter int     SumW    = 28,
  parameter int     Terms   = 4,
  parameter int     Stages  = 1,    // of the sums: 1 to 3
  parameter style_e Style   = StylePacked,
  parameter int     Fabric  = 0,
  parameter bit     Minus   = 1'b0
) (
  input  logic                                      clk_i,
  input  logic [Banks-1:0][WeightW-1:0]             weight_i,
  input  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] values_i,
  output logic [HeadDim-1:0][SumW-1:0]              part_o   // Stages later; channels in fabric lack their share
);

  localparam int InFabric = Style == StyleFabric ? HeadDim : Fabric;
  localparam int Chains   = (Banks + Terms - 1) / Terms;
  localparam int ActW     = WeightW + 1;
  localparam int ProductW = WeightW + CacheW;
  localparam bit Split    = Stages > 2;
  localparam int Between  = Stages > 1 ? 1 : 0;  // registers in front of the sums
  localparam int ChainW   = ActW + 1 + $clog2(Terms) + 2 * (digits(CacheW) - 1) + 1;

  for (genvar c = 0; c < InFabric; c++) begin : gen_fabric
    logic [Banks-1:0][ActW-1:0]     weight;
    logic [Banks-1:0][CacheW-1:0]   value;
    logic [Chains-1:0][ChainW-1:0]  chain, chain_q;
    /* verilator lint_off UNUSEDSIGNAL */
    logic signed [ChainW+$clog2(Chains)-1:0] sum;  // its top is sign alone where one block holds the context
    /* verilator lint_on UNUSEDSIGNAL */
    for (genvar b = 0; b < Banks; b++) begin : gen_value
      assign weight[b] = {1'b0, weight_i[b]};
      assign value[b]  = values_i[b][c];
    end
    for (genvar i = 0; i < Chains; i++) begin : gen_chain
      localparam int Size = i == Chains - 1 ? Banks - i * Terms : Terms;
      localparam int DotW = ActW + 1 + $clog2(Size) + 2 * (digits(CacheW) - 1) + (digits(CacheW) > 1 ? 1 : 0);
      logic signed [DotW-1:0] y;
      logic zero;
      dot #(.Terms(Size), .ActW(ActW), .WeightW(CacheW), .Minus(Minus), .Settled(1'b1), .Stage(1'b1), .Split(Split)) u_dot (
        .clk_i, .a_i(weight[i*Terms +: Size]), .w_i(value[i*Terms +: Size]), .y_o(y), .c_o(zero));
      assign chain[i] = ChainW'(y);
      logic unused;
      assign unused = zero;
    end
    delay #(.Width(Chains * ChainW), .Cycles(Between)) u_chain (.clk_i, .d_i(chain), .d_o(chain_q));
    adder_tree #(.N(Chains), .Width(ChainW)) u_sum (.value_i(chain_q), .sum_o(sum));
    assign part_o[c] = SumW'(sum);
  end

  for (genvar c = InFabric; c < HeadDim; c += 2) begin : gen_apart
    localparam bit Both = c + 1 < HeadDim;
    logic [1:0][Banks-1:0][ProductW-1:0] product, product_q;
    for (genvar b = 0; b < Banks; b++) begin : gen_bank
      logic signed [ProductW-1:0] low, high;
      weighted_pair #(.Packed(Style == StylePacked && Both), .WeightW(WeightW), .ValueW(CacheW)) u_pair (
        .clk_i, .weight_i(weight_i[b]), .low_i(values_i[b][c]), .high_i(values_i[b][Both ? c + 1 : c]), .low_o(low),
        .high_o(high));
      assign product[0][b] = low;
      assign product[1][b] = high;
    end
    delay #(.Width(2 * Banks * ProductW), .Cycles(Between)) u_product (.clk_i, .d_i(product), .d_o(product_q));
    for (genvar i = 0; i < (Both ? 2 : 1); i++) begin : gen_sum
      logic signed [ProductW+$clog2(Banks)-1:0] sum;
      adder_tree_late #(.N(Banks), .Width(ProductW), .Late(Split)) u_sum (
        .clk_i, .value_i(product_q[i]), .sum_o(sum));
      assign part_o[c+i] = SumW'(sum);
    end
    if (!Both) begin : gen_single
      logic unused;
      assign unused = ^product_q[1];
    end
  end

endmodule
