// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// One of the best tokens: of the first top_k of them, and of these of the part that top_p keeps, the one with the
// largest of scaled logit and noise; of equal ones the lowest id. Their weights come from choice_weight.
module choice_pick
  import choice_pkg::*, plan_pkg::IdW, plan_pkg::LogitW, plan_pkg::PostW;
(
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             start_i,
  input  logic             whole_i,     // held: top_p keeps all
  input  logic [16:0]      top_p_i,     // held
  input  logic [BestW-1:0] kept_i,      // held; at least one
  input  best_t [Best-1:0] best_i,      // held
  output logic [PostW-1:0] distance_o,  // through a register to choice_weight
  input  logic [24:0]      weight_i,    // WeightLate + 1 cycles later
  output logic             done_o,
  output logic [IdW-1:0]   id_o,        // with done_o, until the next start
  output logic [LogitW-1:0] logit_o
);

  localparam int SumW   = 25 + BestW;
  localparam int PlaceW = Best > 1 ? $clog2(Best) : 1;
  localparam int Late   = WeightLate + 1;

  typedef enum logic [1:0] {Idle, Sum, Look, Done} state_e;
  state_e                  state_q;
  logic [BestW-1:0]        place_q;
  logic                    asks, comes, first_q, fits, wins;
  best_t                   asked, came;
  logic [Late-1:0]         asked_q;
  logic [SumW-1:0]         sum_q, before_q;
  logic [SumW+16:0]        most_q;
  logic signed [PostW:0]   value, value_q;

  assign asks       = (state_q == Sum || state_q == Look) && place_q != kept_i;
  assign asked      = best_i[PlaceW'(place_q)];
  assign distance_o = PostW'($signed(best_i[0].scaled) - $signed(asked.scaled));
  assign comes      = asked_q[Late-1];
  delay #(.Width($bits(best_t)), .Cycles(Late)) u_came (.clk_i, .d_i(asked), .d_o(came));

  assign value  = (PostW + 1)'($signed(came.scaled)) + (PostW + 1)'($signed(came.noise));
  assign fits = whole_i || (SumW + 17)'({before_q, 16'b0}) < most_q;
  assign wins   = first_q || value > value_q || (value == value_q && came.id < id_o);
  assign done_o = state_q == Done;

  always_ff @(posedge clk_i) begin
    asked_q <= {asked_q[Late-2:0], asks};
    most_q  <= (SumW + 17)'(sum_q) * (SumW + 17)'(top_p_i);
    if (asks) place_q <= place_q + 1'b1;
    if (state_q == Sum && comes) sum_q <= sum_q + SumW'(weight_i);
    if (state_q == Look && comes) begin
      before_q <= before_q + SumW'(weight_i);
      first_q  <= 1'b0;
      if (fits && wins) begin
        value_q <= value;
        id_o    <= came.id;
        logit_o <= came.logit;
      end
    end
    unique case (state_q)
      Idle: if (start_i) begin
        state_q <= whole_i ? Look : Sum;
        place_q <= '0;
        {sum_q, before_q} <= '0;
        first_q <= 1'b1;
      end
      Sum: if (place_q == kept_i && asked_q == '0) begin
        state_q <= Look;
        place_q <= '0;
      end
      Look: if (place_q == kept_i && asked_q == '0) state_q <= Done;
      default: state_q <= Idle;
    endcase
    if (rst_i) begin
      state_q <= Idle;
      asked_q <= '0;
    end
  end

endmodule
