// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Two 4-bit weights times one activation in one multiplier, accumulated apart.
module tiny_pair (
  input  logic               clk_i,
  input  logic               clear_i,
  input  logic               en_i,
  input  logic signed [7:0]  data_i,
  input  logic signed [3:0]  high_i,
  input  logic signed [3:0]  low_i,
  output logic signed [23:0] high_o,
  output logic signed [23:0] low_o
);

  logic signed [17:0] packed_w;
  logic signed [25:0] product;
  logic signed [12:0] low;
  logic signed [11:0] high;

  // Wide enough not to wrap: Yosys moves this sum into the pre-adder of a DSP48E1, which would not wrap with it.
  // The product of the low weight borrows one from the high half when it is negative.
  assign packed_w = (18'(high_i) <<< 13) + 18'(low_i);
  assign product  = packed_w * data_i;
  assign low      = product[12:0];
  assign high     = product[24:13] + 12'(product[12]);

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      high_o <= high_o + 24'(high);
      low_o  <= low_o + 24'(low);
    end
    if (clear_i) begin
      high_o <= '0;
      low_o  <= '0;
    end
  end

endmodule
