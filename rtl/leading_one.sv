// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Where the highest one of a word is. A tree of halves: a loop over the bits would be a chain as long as the word.
module leading_one #(
  parameter int Width = 16,
  localparam int IndexW = Width > 1 ? $clog2(Width) : 1
) (
  input  logic [Width-1:0]  value_i,
  output logic              any_o,   // there is one
  output logic [IndexW-1:0] index_o  // 0 where there is none
);

  localparam int Levels = $clog2(Width);
  localparam int Leaves = 1 << Levels;

  // Of each level its own: whether a part has a one, and where in it.
  logic [Levels:0][Leaves-1:0]             any;
  logic [Levels:0][Leaves-1:0][IndexW-1:0] index;

  always_comb begin
    any   = '0;
    index = '0;
    any[0] = Leaves'(value_i);
    for (int l = 0; l < Levels; l++) begin
      for (int i = 0; i < Leaves >> (l + 1); i++) begin
        any[l+1][i]   = any[l][2*i+1] || any[l][2*i];
        index[l+1][i] = any[l][2*i+1] ? index[l][2*i+1] | IndexW'(1 << l) : index[l][2*i];
      end
    end
  end

  assign any_o   = any[Levels][0];
  assign index_o = index[Levels][0];

  logic unused;
  assign unused = ^{any, index};

endmodule
