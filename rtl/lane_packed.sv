// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Two rows of a matrix, Terms columns per step, a multiplier block for each column: acc += a * (w0 + w1 * 2**AccW),
// output-stationary. With one column the accumulator is the multiplier block's own. It is never cleared: whoever reads
// it takes the difference to what was read before.
module lane_packed #(
  parameter int Terms   = 1,
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter int AccW    = 20,
  parameter int Stages  = 2     // from a_i to sum_o
) (
  input  logic                               clk_i,
  input  logic                               rst_i,
  input  logic [Terms-1:0][ActW-1:0]         a_i,   // signed; zero where there is nothing to add
  input  logic [1:0][Terms-1:0][WeightW-1:0] w_i,   // of both rows, a cycle before a_i
  output logic [2*AccW-1:0]                  sum_o  // high row * 2**AccW + low row, modulo 2**(2 * AccW)
);

  localparam int WordW    = AccW + WeightW + 1;
  localparam int ProductW = WordW + ActW;  // no wider than it is, or the accumulator leaves the block
  localparam int SumW     = ProductW + $clog2(Terms);

  logic signed [SumW-1:0]   step;
  logic signed [2*AccW-1:0] acc_q;

  logic [Terms-1:0][ActW-1:0]     a;
  logic [Terms-1:0][ProductW-1:0] product;
  delay #(.Width(Terms * ActW), .Cycles(Stages > 2 ? 1 : 0)) u_a (.clk_i, .d_i(a_i), .d_o(a));
  for (genvar t = 0; t < Terms; t++) begin : gen_term
    // Registers of their own: one array of them is not taken into multiplier blocks.
    logic signed [WordW-1:0]    word_q, word;
    logic signed [ProductW-1:0] product_d;
    always_ff @(posedge clk_i)
      word_q <= (WordW'($signed(w_i[1][t])) <<< AccW) + WordW'($signed(w_i[0][t]));
    delay #(.Width(WordW), .Cycles(Stages > 2 ? 1 : 0)) u_word (.clk_i, .d_i(word_q), .d_o(word));
    assign product_d = $signed(a[t]) * word;
    if (Stages > 1) begin : gen_register
      logic signed [ProductW-1:0] product_q;
      always_ff @(posedge clk_i) begin
        product_q <= product_d;
        if (rst_i) product_q <= '0;
      end
      assign product[t] = product_q;
    end else begin : gen_through
      assign product[t] = product_d;
    end
  end

  always_comb begin
    step = '0;
    for (int t = 0; t < Terms; t++) step = step + SumW'($signed(product[t]));
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) acc_q <= '0;
    else acc_q <= acc_q + (2*AccW)'(step);
  end

  assign sum_o = acc_q;

endmodule
