// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// exp(-distance) in units of 2**-24: steps of 2**-10 octaves, and a table of an octave. A value a cycle.
module choice_weight #(
  parameter int Width    = 17,
  parameter int Fraction = 10,  // of a coarse distance
  parameter     Folder   = ""
) (
  input  logic             clk_i,
  input  logic             fine_i,      // the distance has 10 bits behind the point, else Fraction
  input  logic [Width-1:0] distance_i,
  output logic [24:0]      weight_o     // WeightLate cycles later
);

  localparam int Log2e  = 94548;  // log2(e) in units of 2**-16
  localparam int Shift  = 6 + Fraction;
  localparam int Fine   = 16;
  localparam int Most   = 26;     // octaves that leave nothing
  localparam int ProdW  = Width + 17;
  localparam int OctW   = ProdW - 9;  // bits of a count of octaves

  logic [ProdW-1:0] product_q;
  logic             fine_q;
  logic [ProdW:0]   rounded;
  logic [ProdW:0]   steps_q;
  logic [OctW-1:0]  octaves;
  logic [4:0]       shift_q;
  logic [24:0]      entry;
  logic [25:0]      halved;

  assign rounded = fine_q ? ((ProdW + 1)'(product_q) + (ProdW + 1)'(1 << (Fine - 1))) >> Fine
                          : ((ProdW + 1)'(product_q) + (ProdW + 1)'(1 << (Shift - 1))) >> Shift;
  assign octaves = OctW'(steps_q >> 10);

  rom #(.Width(25), .Depth(1024), .File({Folder, "octave.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(steps_q[9:0]), .data_o(entry));

  // One bit more than what is left: it is the half that rounding adds.
  assign halved = {entry, 1'b0} >> shift_q;

  always_ff @(posedge clk_i) begin
    product_q <= ProdW'(distance_i) * ProdW'(Log2e);
    fine_q    <= fine_i;
    steps_q   <= rounded;
    shift_q   <= octaves > OctW'(Most) ? 5'(Most) : 5'(octaves);
    weight_o  <= 25'(halved >> 1) + 25'(halved[0]);
  end

endmodule
