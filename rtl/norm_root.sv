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
  parameter int SumStages = 1,   // more: squares are summed in a cycle of their own, before they join the energy
  parameter int RoundStages = 1, // 3: the root is shifted in a cycle of its own
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
  output logic [Streams-1:0][16:0]        root_o    // of each, five cycles, Stages, one of sums and one of rounding
);                                                  // after its last x_i

  localparam int Sums   = SumStages > 1 ? 1 : 0;
  localparam int Rounds = RoundStages > 2 ? 1 : 0;
  localparam int Pairs  = (EnergyW + 1) / 2;
  localparam int EvenW  = Pairs > 1 ? $clog2(Pairs) : 1;

  logic [Rows-1:0][2*ResidualW-1:0] square_q;
  logic [EnergyW-1:0]               squares_d, squares, eps, energy_q;
  logic                             valid, first;

  for (genvar r = 0; r < Rows; r++) begin : gen_square
    always_ff @(posedge clk_i) square_q[r] <= $signed(x_i[r]) * $signed(x_i[r]);
  end

  if (Sums > 0) begin : gen_tree
    // Chains: AMD's tools would sum from multiplier to multiplier, which takes longer the more rows there are.
    /* verilator lint_off UNUSEDSIGNAL */
    logic signed [2*ResidualW+$clog2(Rows)-1:0] sum;  // its top is no energy's where a vector is short
    /* verilator lint_on UNUSEDSIGNAL */
    adder_tree #(.N(Rows), .Width(2 * ResidualW)) u_sum (.value_i(square_q), .sum_o(sum));
    assign squares_d = EnergyW'(sum);
  end else begin : gen_sum
    always_comb begin
      squares_d = '0;
      for (int r = 0; r < Rows; r++) squares_d = squares_d + EnergyW'(square_q[r]);
    end
  end
  delay #(.Width(EnergyW), .Cycles(Sums)) u_squares (.clk_i, .d_i(squares_d), .d_o(squares));
  delay #(.Width(EnergyW), .Cycles(Sums)) u_eps (.clk_i, .d_i(eps_i), .d_o(eps));
  delay #(.Width(2), .Cycles(1 + Sums)) u_valid (.clk_i, .d_i({valid_i, first_i}), .d_o({valid, first}));

  always_ff @(posedge clk_i) if (valid) energy_q <= (first ? eps : energy_q) + squares;

  // Even shift into two octaves, table, shift back. The shift's steps of 16 are taken as soon as they are known, beside
  // the encoder's last levels.
  localparam int FineW   = EvenW > 3 ? 3 : EvenW;
  localparam int CoarseW = 8 + 2 * (1 << FineW);
  logic [Pairs-1:0]   pairs;
  logic               unused_any;
  logic [EvenW-1:0]   even_d, even_q;
  logic [BitsW-1:0]   bits;
  logic [BitsW:0]     back_d, back;  // even - bits + 1: never negative
  logic [CoarseW-1:0] coarse_d, coarse_q;
  logic [CoarseW-1:0] aligned;
  logic [9:0]         index_q;
  logic [16:0]        entry_d, entry;
  logic [17:0]        scaled_d, scaled;
  logic [StreamW-1:0] stream;
  logic [Streams-1:0] keep;

  for (genvar p = 0; p < Pairs; p++) begin : gen_pair
    if (2 * p + 1 < EnergyW) begin : gen_two
      assign pairs[p] = energy_q[2*p+1] || energy_q[2*p];
    end else begin : gen_one
      assign pairs[p] = energy_q[2*p];
    end
  end
  leading_one #(.Width(Pairs)) u_even (.value_i(pairs), .any_o(unused_any), .index_o(even_d));

  if (EvenW > FineW) begin : gen_coarse
    assign coarse_d = CoarseW'({energy_q, 8'd0} >> {even_d[EvenW-1:FineW], 4'd0});
  end else begin : gen_fine
    assign coarse_d = CoarseW'({energy_q, 8'd0});
  end
  assign aligned = coarse_q >> {even_q[FineW-1:0], 1'b0};
  assign back_d  = (BitsW + 1)'(32'(even_q) + 1 - 32'(bits));

  always_ff @(posedge clk_i) begin
    even_q   <= even_d;
    coarse_q <= coarse_d;
    index_q  <= 10'(aligned - 256);
    for (int s = 0; s < Streams; s++) if (keep[s]) root_o[s] <= scaled[17:1] + 17'(scaled[0]);
  end

  // Of one stream the pipeline holds the last vector; of several the next may be another's.
  delay #(.Width(StreamW), .Cycles(2)) u_stream (.clk_i, .d_i(stream_i), .d_o(stream));
  if (Streams > 1) begin : gen_keep
    logic [Streams-1:0] whose;
    for (genvar s = 0; s < Streams; s++) begin : gen_stream
      assign whose[s] = valid_i && stream_i == StreamW'(s);
    end
    delay #(.Width(Streams), .Cycles(4 + Stages + Sums + Rounds)) u_keep (.clk_i, .d_i(whose), .d_o(keep));
  end else begin : gen_one
    assign keep = '1;
  end

  delay #(.Width(BitsW), .Cycles(1 + Sums)) u_bits (.clk_i, .d_i(bits_i[stream]), .d_o(bits));
  delay #(.Width(BitsW + 1), .Cycles(1 + Stages)) u_back (.clk_i, .d_i(back_d), .d_o(back));
  rom #(.Width(17), .Depth(768), .File({Folder, "rsqrt.hex"})) u_table (
    .clk_i, .en_i(1'b1), .addr_i(index_q), .data_o(entry_d));
  delay #(.Width(17), .Cycles(Stages - 1)) u_entry (.clk_i, .d_i(entry_d), .d_o(entry));

  assign scaled_d = {entry, 1'b0} >> back;
  delay #(.Width(18), .Cycles(Rounds)) u_scaled (.clk_i, .d_i(scaled_d), .d_o(scaled));

  logic unused;
  assign unused = ^{aligned[CoarseW-1:10], unused_any};

endmodule
