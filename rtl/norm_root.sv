// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The reciprocal root of a residual vector's energy, summed as the vector is written; it joins when the sums of the
// lanes are requantised.
module norm_root #(
  parameter int Rows      = 8,
  parameter int ResidualW = 16,
  parameter int EnergyW   = 40,  // of the sum of squares with eps
  parameter int Streams   = 1,
  parameter int Stages    = 1,   // of the table; 2: a register behind it
  parameter     Folder    = "",
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int BitsW = $clog2(ResidualW)
) (
  input  logic                            clk_i,
  input  logic                            first_i,  // x_i is the vector's first
  input  logic                            valid_i,
  input  logic [StreamW-1:0]              stream_i, // whose vector it is
  input  logic [EnergyW-1:0]              eps_i,    // a cycle after first_i
  input  logic [Rows-1:0][ResidualW-1:0]  x_i,
  input  logic [Streams-1:0][BitsW-1:0]   bits_i,   // magnitude bits of each largest entry, from its last x_i on
  output logic [Streams-1:0][16:0]        root_o    // of each, five cycles and Stages after its last x_i
);

  localparam int EvenW = $clog2(EnergyW / 2 + 1);

  logic [Rows-1:0][2*ResidualW-1:0] square_q;
  logic [EnergyW-1:0]               squares, energy_q;
  logic                             valid_q, first_q;

  for (genvar r = 0; r < Rows; r++) begin : gen_square
    always_ff @(posedge clk_i) square_q[r] <= $signed(x_i[r]) * $signed(x_i[r]);
  end

  always_comb begin
    squares = '0;
    for (int r = 0; r < Rows; r++) squares = squares + EnergyW'(square_q[r]);
  end

  always_ff @(posedge clk_i) begin
    valid_q <= valid_i;
    first_q <= first_i;
    if (valid_q) energy_q <= (first_q ? eps_i : energy_q) + squares;
  end

  // Even shift into two octaves, table, shift back.
  logic [EvenW-1:0]   even_d, even_q;
  logic [BitsW:0]     back_d, back;  // even - bits + 1: never negative
  logic [EnergyW-1:0] energy_dq;
  logic [EnergyW+7:0] aligned;
  logic [9:0]         index_q;
  logic [16:0]        entry_d, entry;
  logic [17:0]        scaled;
  logic [StreamW-1:0] stream;
  logic [Streams-1:0] keep;

  always_comb begin
    even_d = '0;
    for (int i = 0; i < EnergyW; i++) if (energy_q[i]) even_d = EvenW'(i / 2);
    aligned = {energy_dq, 8'd0} >> {even_q, 1'b0};
    back_d  = (BitsW + 1)'(32'(even_d) + 1 - 32'(bits_i[stream]));
  end

  always_ff @(posedge clk_i) begin
    even_q    <= even_d;
    energy_dq <= energy_q;
    index_q   <= 10'(aligned - 256);
    for (int s = 0; s < Streams; s++) if (keep[s]) root_o[s] <= scaled[17:1] + 17'(scaled[0]);
  end

  // Of one stream the pipeline holds the last vector; of several the next may be another's.
  delay #(.Width(StreamW), .Cycles(2)) u_stream (.clk_i, .d_i(stream_i), .d_o(stream));
  if (Streams > 1) begin : gen_keep
    logic [Streams-1:0] whose;
    for (genvar s = 0; s < Streams; s++) begin : gen_stream
      assign whose[s] = valid_i && stream_i == StreamW'(s);
    end
    delay #(.Width(Streams), .Cycles(4 + Stages)) u_keep (.clk_i, .d_i(whose), .d_o(keep));
  end else begin : gen_one
    assign keep = '1;
  end

  delay #(.Width(BitsW + 1), .Cycles(2 + Stages)) u_back (.clk_i, .d_i(back_d), .d_o(back));
  rom #(.Width(17), .Depth(768), .File({Folder, "rsqrt.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(index_q), .data_o(entry_d));
  delay #(.Width(17), .Cycles(Stages - 1)) u_entry (.clk_i, .d_i(entry_d), .d_o(entry));

  assign scaled = {entry, 1'b0} >> back;

  logic unused;
  assign unused = ^aligned[EnergyW+7:10];

endmodule
