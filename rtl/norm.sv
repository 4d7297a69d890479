// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// RMSNorm in two halves: the residual shifted until its largest entry fills NormW bits, and the reciprocal
// root of its energy, which joins when the sums of the lanes are requantised.
module norm #(
  parameter int Groups    = 8,
  parameter int ResidualW = 16,
  parameter int NormW     = 9,
  parameter int EnergyW   = 32,  // of the sum of squares with eps
  parameter     Folder    = "",
  localparam int MagnitudeW = $clog2(ResidualW)
) (
  input  logic                              clk_i,
  input  logic [ResidualW-2:0]              bits_i,   // every magnitude of the vector, ORed
  input  logic [Groups-1:0][ResidualW-1:0]  x_i,      // residuals of one step
  output logic [Groups-1:0][NormW-1:0]      a_o,      // shifted, a cycle after x_i; to be registered outside
  input  logic                              first_i,  // act_i is the first step of a vector
  input  logic                              step_i,   // act_i is one to be summed
  input  logic [Groups-1:0][NormW-1:0]      act_i,    // a_o, registered
  output logic [16:0]                       root_o    // five cycles after the last act_i
);

  logic [MagnitudeW-1:0] magnitude_d, magnitude_q;
  logic [29:0]           eps;
  logic [EnergyW-1:0]    squares, energy_q, energy_in;
  logic [Groups-1:0][2*NormW-1:0] square_q;
  logic                  sum_q, load_q;

  always_comb begin
    magnitude_d = '0;
    for (int i = 0; i < ResidualW - 1; i++) if (bits_i[i]) magnitude_d = MagnitudeW'(i + 1);
  end
  always_ff @(posedge clk_i) magnitude_q <= magnitude_d;

  // (x << (NormW - 1)) >> magnitude, one bit of fraction kept, covers shifts in both directions.
  for (genvar g = 0; g < Groups; g++) begin : gen_shift
    logic signed [ResidualW+NormW-1:0] shifted_q, rounded;
    localparam logic signed [ResidualW+NormW-1:0] Most = (1 << (NormW - 1)) - 1;
    always_ff @(posedge clk_i) shifted_q <= $signed({x_i[g], NormW'(0)}) >>> magnitude_q;
    // Signed throughout: an unsigned operand would turn >>> into a logical shift.
    assign rounded = (shifted_q >>> 1) + $signed((ResidualW + NormW)'({1'b0, shifted_q[0]}));
    assign a_o[g]  = rounded > Most ? NormW'(Most) : NormW'(rounded);
    always_ff @(posedge clk_i) square_q[g] <= $signed(act_i[g]) * $signed(act_i[g]);
  end

  small_rom #(.Width(30), .Depth(ResidualW), .File({Folder, "eps.hex"})) u_eps (
    .addr_i(magnitude_q), .data_o(eps));

  always_comb begin
    squares = '0;
    for (int g = 0; g < Groups; g++) squares = squares + EnergyW'(square_q[g]);
  end
  assign energy_in = load_q ? EnergyW'(eps) : energy_q;

  always_ff @(posedge clk_i) begin
    sum_q  <= step_i;
    load_q <= first_i;
    if (sum_q) energy_q <= energy_in + squares;
  end

  // Reciprocal root: even shift into two octaves, table, shift back.
  localparam int Least = NormW - 6;
  logic [4:0]         even_d, even_q, even_dq;
  logic [EnergyW-1:0] aligned;
  logic [9:0]         index_q;
  logic [16:0]        entry;
  logic signed [6:0]  length, half_length;
  logic [17:0]        scaled;

  always_comb begin
    length = '0;
    for (int i = 0; i < EnergyW; i++) if (energy_q[i]) length = 7'(i + 1);
    half_length = (length - 7'sd9) >>> 1;
    even_d = half_length > 7'(Least) ? 5'(half_length) : 5'(Least);
    aligned = energy_q >> {even_d, 1'b0};
  end

  always_ff @(posedge clk_i) begin
    even_q  <= even_d;
    even_dq <= even_q;
    index_q <= aligned < 256 ? '0 : 10'(aligned - 256);
  end

  rom #(.Width(17), .Depth(768), .File({Folder, "rsqrt.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(index_q), .data_o(entry));

  assign scaled = {entry, 1'b0} >> (even_dq - 5'(Least));
  always_ff @(posedge clk_i) root_o <= scaled[17:1] + 17'(scaled[0]);

endmodule
