// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What follows the requantised rows: rotation of queries and keys, activation times up, logits over temperature.
// Two multipliers per row and one rounding serve all three. Three cycles.
module post
  import engine_pkg::*;
#(
  parameter int Groups = 8,
  parameter int RowW   = 16,
  parameter int OutW   = 22
) (
  input  logic                           clk_i,
  input  kind_e                          kind_i,
  input  logic [5:0]                     shift_i,
  input  logic [OutW-2:0]                max_i,    // largest result of this kind
  input  logic [Groups-1:0][RowW-1:0]    y_i,
  input  logic [Groups/2-1:0][15:0]      cos_i,
  input  logic [Groups/2-1:0][15:0]      sin_i,
  input  logic [Groups-1:0][15:0]        gate_i,
  input  logic [17:0]                    inverse_i, // 1 / temperature
  output logic [Groups-1:0][OutW-1:0]    z_o
);

  localparam int ProductW = RowW + 18;

  logic [5:0]      shift_q;
  logic [OutW-2:0] max_q, max_dq;

  always_ff @(posedge clk_i) begin
    shift_q <= shift_i;
    max_q   <= max_i;
    max_dq  <= max_q;
  end

  for (genvar g = 0; g < Groups; g++) begin : gen_row
    logic signed [17:0]         factor;
    logic signed [16:0]         across;
    logic signed [ProductW-1:0] own_q, other_q;
    logic signed [ProductW:0]   sum;

    always_comb begin
      unique case (kind_i)
        KindUp:    factor = 18'($signed(gate_i[g]));
        KindLogit: factor = $signed(inverse_i);
        default:   factor = 18'($signed(cos_i[g/2]));
      endcase
      across = 17'($signed(sin_i[g/2]));
      if (g % 2 == 0) across = -across;
      if (kind_i == KindUp || kind_i == KindLogit) across = '0;
    end

    always_ff @(posedge clk_i) begin
      own_q   <= ProductW'($signed(y_i[g]) * factor);
      other_q <= ProductW'($signed(y_i[g^1]) * across);
    end
    assign sum = (ProductW + 1)'(own_q) + (ProductW + 1)'(other_q);

    requant #(.InW(ProductW + 1), .OutW(OutW), .ShiftW(6)) u_requant (
      .clk_i, .x_i(sum), .shift_i(shift_q), .max_i(max_dq), .y_o(z_o[g]));
  end

endmodule
