// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What the lanes take: the residual, shifted so that its largest entry fills NormW bits, or another vector as it is.
module activations
  import engine_pkg::*;
#(
  parameter int Columns   = 8,
  parameter int ResidualW = 16,
  parameter int NormW     = 9,
  parameter int SideW     = 8,
  parameter int ActW      = 9,
  localparam int BitsW = $clog2(ResidualW)
) (
  input  logic                               clk_i,
  input  logic                               step_i,    // A0
  input  source_e                            source_i,  // A0
  input  logic [BitsW-1:0]                   bits_i,    // A0: magnitude bits of the residual's largest entry
  input  logic [Columns-1:0][ResidualW-1:0]  x_i,       // A0
  input  logic [Columns-1:0][SideW-1:0]      side_i,    // A0
  output logic [Columns-1:0][ActW-1:0]       act_o      // A2; zero where no step is
);

  localparam int WideW = ResidualW + NormW;
  localparam int FineW = BitsW > 3 ? 3 : BitsW;
  localparam logic [NormW-1:0] Most = NormW'((1 << (NormW - 1)) - 1);

  logic             norm_q;  // a step, of the norm
  logic [FineW-1:0] fine_q;

  always_ff @(posedge clk_i) begin
    norm_q <= step_i && source_i == SourceNorm;
    fine_q <= bits_i[FineW-1:0];
  end

  for (genvar c = 0; c < Columns; c++) begin : gen_column
    // (x << (NormW - 1)) >> bits, one bit of fraction kept, covers shifts in both directions.
    // Signed throughout: an unsigned operand would turn >>> into a logical shift. Steps of eight come a cycle before the
    // rest, as of a number that is being encoded the upper bits are known first.
    logic signed [WideW-1:0] shifted_d, shifted_q, shifted;
    logic [NormW-1:0]        whole;
    logic                    full;
    always_comb begin
      shifted_d = $signed({x_i[c], NormW'(0)});
      for (int b = BitsW - 1; b >= FineW; b--) if (bits_i[b]) shifted_d = shifted_d >>> (1 << b);
    end
    logic [SideW-1:0]        side_q;   // zero where the step is not its
    logic [NormW-1:0]        rounded;
    // No entry has more bits than the largest: of what is left only the largest fraction is rounded to too much.
    assign shifted = shifted_q >>> fine_q;
    assign whole   = shifted[NormW:1];
    assign full    = !shifted[NormW] && (&shifted[NormW-1:0]);
    assign rounded = full ? Most : whole + NormW'(shifted[0]);
    logic unused;
    assign unused = ^shifted[WideW-1:NormW+1];
    always_ff @(posedge clk_i) begin
      shifted_q <= shifted_d;
      side_q    <= step_i && source_i != SourceNorm ? side_i[c] : '0;
      act_o[c]  <= ActW'($signed(side_q)) | (norm_q ? ActW'($signed(rounded)) : '0);
    end
  end

endmodule
