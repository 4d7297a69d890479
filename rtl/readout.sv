// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// From lanes that are never cleared to the sums of one depth's rows: all groups added, less what they held at this
// depth's last read, and what the digits of weights in fabric leave out.
module readout #(
  parameter int Rows    = 8,
  parameter int Depth   = 8,
  parameter int Lanes   = 2,    // groups of columns
  parameter int Packed  = 0,    // of them, those whose rows come in pairs
  parameter int Columns = 8,
  parameter int ActW    = 9,
  parameter int AccW    = 20,
  parameter int Offset  = 1,    // fabric sums lack Offset * the sum of their activations
  parameter int Stages  = 2,    // of a lane
  parameter bit Late    = 1'b0, // sum_o is a cycle later, with a register behind the sum over groups
  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1
) (
  input  logic                                  clk_i,
  input  logic                                  rst_i,
  input  logic                                  first_i,  // A0: first step of a pass
  input  logic [Columns-1:0][ActW-1:0]          act_i,    // A2
  input  logic                                  read_i,   // E1
  input  logic [SelW-1:0]                       sel_i,
  input  logic [Lanes-1:0][Rows-1:0][AccW-1:0]  lane_i,   // with sel_i
  output logic [Rows-1:0][AccW-1:0]             sum_o     // a cycle after read_i, or two
);

  localparam int Fabric = Lanes - Packed;
  localparam int From   = Columns / Lanes * Packed;  // first column in fabric

  logic [Depth-1:0]          known_q;  // read since the reset, which cleared the lanes
  logic                      known;
  logic [Rows-1:0][AccW-1:0] fabric, packed_sum;

  // What is read, then known, is one step, however late.
  logic            read;
  logic [SelW-1:0] sel;
  delay #(.Width(1), .Cycles(32'(Late))) u_read (.clk_i, .d_i(read_i), .d_o(read));
  delay #(.Width(SelW), .Cycles(32'(Late))) u_sel (.clk_i, .d_i(sel_i), .d_o(sel));

  assign known = known_q[sel];
  always_ff @(posedge clk_i) begin
    if (read) known_q[sel] <= 1'b1;
    if (rst_i) known_q <= '0;
  end

  if (Fabric > 0) begin : gen_fabric
    logic [AccW-1:0]           total_d, total;
    logic [Rows-1:0][AccW-1:0] now_d, now, earlier;

    activation_sum #(.Columns(Columns - From), .ActW(ActW), .AccW(AccW), .Offset(Offset), .Stages(Stages)) u_total (
      .clk_i, .first_i, .act_i(act_i[Columns-1:From]), .read_i(read_i && sel_i == '0), .total_o(total_d));
    delay #(.Width(AccW), .Cycles(32'(Late))) u_total_q (.clk_i, .d_i(total_d), .d_o(total));
    delay #(.Width(Rows * AccW), .Cycles(32'(Late))) u_now (.clk_i, .d_i(now_d), .d_o(now));
    small_ram #(.Width(Rows * AccW), .Depth(Depth)) u_earlier (
      .clk_i, .we_i(read), .waddr_i(sel), .wdata_i(now), .raddr_i(sel), .rdata_o(earlier));

    for (genvar r = 0; r < Rows; r++) begin : gen_row
      always_comb begin
        now_d[r] = '0;
        for (int g = Packed; g < Lanes; g++) now_d[r] = now_d[r] + lane_i[g][r];
      end
      assign fabric[r] = now[r] + (total - (known ? earlier[r] : '0));
    end
  end else begin : gen_no_fabric
    assign fabric = '0;
    logic unused;
    assign unused = ^{first_i, act_i};
  end

  if (Fabric > 0 && From > 0) begin : gen_in_blocks
    logic unused;
    assign unused = ^act_i[From-1:0];
  end

  if (Packed > 0) begin : gen_packed
    localparam int Pairs = Rows / 2;
    logic [Pairs-1:0][2*AccW-1:0] now_d, now, earlier;

    delay #(.Width(Rows * AccW), .Cycles(32'(Late))) u_now (.clk_i, .d_i(now_d), .d_o(now));
    small_ram #(.Width(Rows * AccW), .Depth(Depth)) u_earlier (
      .clk_i, .we_i(read), .waddr_i(sel), .wdata_i(now), .raddr_i(sel), .rdata_o(earlier));

    for (genvar p = 0; p < Pairs; p++) begin : gen_pair
      logic [2*AccW-1:0] change;
      always_comb begin
        now_d[p] = '0;
        for (int g = 0; g < Packed; g++) now_d[p] = now_d[p] + {lane_i[g][2*p+1], lane_i[g][2*p]};
      end
      assign change            = now[p] - (known ? earlier[p] : '0);
      assign packed_sum[2*p]   = change[AccW-1:0];
      assign packed_sum[2*p+1] = change[2*AccW-1:AccW] + AccW'(change[AccW-1]);  // the low row's borrow is returned
    end
  end else begin : gen_no_packed
    assign packed_sum = '0;
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_sum
    always_ff @(posedge clk_i) sum_o[r] <= fabric[r] + packed_sum[r];
  end

endmodule
