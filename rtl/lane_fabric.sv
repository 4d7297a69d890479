// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One row of a matrix, Terms columns per step, in LUTs: acc += sum of a * w, output-stationary. The sum is never cleared:
// whoever reads it takes the difference to what was read before.
module lane_fabric
  import engine_pkg::*;
#(
  parameter int Terms   = 4,
  parameter int ActW    = 9,
  parameter int WeightW = 4,
  parameter int AccW    = 20,
  parameter int Stages  = 2,    // from a_i to sum_o: 1: in one; 2: products and accumulator apart; 3: products in two
  parameter bit Minus   = 1'b0
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic [Terms-1:0][ActW-1:0]    a_i,   // signed; zero where there is nothing to add
  input  logic [Terms-1:0][WeightW-1:0] w_i,   // with a_i
  output logic [AccW-1:0]               sum_o  // less digit_offset * the sum of all a_i; modulo 2**AccW
);

  localparam int DotW = ActW + 1 + $clog2(Terms) + 2 * (digits(WeightW) - 1) + (digits(WeightW) > 1 ? 1 : 0);

  logic signed [DotW-1:0] y, y_q;
  logic                   c, c_q;
  logic signed [AccW-1:0] acc_d, acc_q;

  dot #(.Terms(Terms), .ActW(ActW), .WeightW(WeightW), .Minus(Minus), .Split(Stages > 2)) u_dot (
    .clk_i, .a_i, .w_i, .y_o(y), .c_o(c));

  if (Stages > 1) begin : gen_register
    always_ff @(posedge clk_i) begin
      y_q <= y;
      c_q <= c;
      if (rst_i) begin
        y_q <= '0;
        c_q <= 1'b0;
      end
    end
  end else begin : gen_through
    assign y_q = y;
    assign c_q = c;
  end

  // A sum may be narrower than one step's products: only its last bits count.
  localparam int AddW = AccW > DotW ? AccW : DotW;
  logic signed [AddW-1:0] wide;
  chain_add #(.Minus(Minus), .AW(AccW), .BW(DotW), .YW(AddW)) u_acc (
    .a_i(acc_q), .b_i(y_q), .c_i(c_q), .y_o(wide));
  assign acc_d = wide[AccW-1:0];

  always_ff @(posedge clk_i) begin
    acc_q <= acc_d;
    if (rst_i) acc_q <= '0;
  end

  assign sum_o = acc_q;

  if (AddW > AccW) begin : gen_spare
    logic unused;
    assign unused = ^wide[AddW-1:AccW];
  end

endmodule
