// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Soft cap: 512 lines, each over 128 values, with two values to a table. A line's base and slope are one word.
module soft_cap #(
  parameter int Lanes  = 8,
  parameter int SlopeW = 9,
  parameter     File   = "",
  localparam int Pairs = (Lanes + 1) / 2
) (
  input  logic                   clk_i,
  input  logic [Lanes-1:0][15:0] x_i,
  output logic [Lanes-1:0][15:0] y_o   // SoftCapLate cycles later
);

  // From here on generated from plan/words.py by python -m hardwire.emit.rtl.packages.
  // A line of the cap: a word of its file.
  typedef struct packed {
    logic [SlopeW-1:0] rise;  // over its 128 values, signed
    logic [15:0] base;        // where it begins, signed
  } line_t;
  // By hand again.

  logic [2*Pairs-1:0][8:0] line;
  line_t [2*Pairs-1:0]     word;

  for (genvar l = 0; l < 2 * Pairs; l++) begin : gen_lane
    if (l < Lanes) begin : gen_value
      logic signed [7:0]        rest_q;  // how far along its line: never negative
      logic signed [15:0]       base_q;
      logic signed [SlopeW+7:0] product_q;
      assign line[l] = {~x_i[l][15], x_i[l][14:7]};
      always_ff @(posedge clk_i) begin
        rest_q    <= {1'b0, x_i[l][6:0]};
        base_q    <= $signed(word[l].base);
        product_q <= $signed(word[l].rise) * rest_q;
        y_o[l]    <= 16'(base_q + 16'(product_q >>> 7) + 16'(product_q[6]));
      end
    end else begin : gen_none
      logic unused;
      assign line[l] = '0;
      assign unused = ^word[l];
    end
  end

  for (genvar p = 0; p < Pairs; p++) begin : gen_pair
    rom_pair #(.Width($bits(line_t)), .Depth(512), .File(File)) u_lines (
      .clk_i, .en_i(1'b1), .addr_i(line[2*p +: 2]), .data_o(word[2*p +: 2]));
  end

endmodule
