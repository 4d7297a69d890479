// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A draw of the extended sampler, from the logits that the engine has shown: a walk over the ids, with the best of them
// kept in order, then what of the rest is asked for. ops/choice.py has the arithmetic, plan/choice.py the cycles.
module choice
  import choice_pkg::*, plan_pkg::*;
#(
  parameter Folder = ""
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 we_i,        // of logits; not while it draws
  input  logits_t              logits_i,
  input  logic                 mask_we_i,   // nor the mask
  input  logic [MaskA-1:0]     mask_addr_i,
  input  logic [31:0]          mask_i,
  input  guide_t               guide_i,     // nor an automaton
  output logic [GuideA-1:0]    guide_state_o,  // of it, a few cycles behind a draw
  input  logic                 fed_i,       // a token is fed, or will be
  input  logic [PositionW-1:0] place_i,     // at this position
  input  logic [IdW-1:0]       fed_id_i,
  input  logic                 start_i,     // a draw
  input  choice_t              choice_i,    // held, as the next three
  input  logic [16:0]          inverse_i,   // 1 / temperature, 0 is greedy
  input  logic [63:0]          seed_i,
  input  logic [PositionW-1:0] position_i,  // tokens in the context
  output logic                 done_o,
  output drawn_t               drawn_o,     // with done_o, until the next start
  output best_t [Best-1:0]     best_o
);

  localparam int PlaceW = Context > 1 ? $clog2(Context) : 1;
  localparam int Ahead  = NoiseLate - LogitLate - ScaleLate;  // by which noise is begun sooner than logits

  typedef enum logic [2:0] {Idle, Mark, Walk, Sum, Pick, Clear, Done} state_e;
  state_e                  state_q, follows;
  logic                    begins_q;  // first cycle of a state
  logic                    marks_busy, seen, penal, walk_start, logit_valid, allowed, scaled_valid, last, pick_done;
  logic [IdW-1:0]          walk_id, noise_id_q, scaled_id, pick_id;
  logic [LogitW-1:0]       logit, pick_logit;
  logic [15:0]             noise;
  logic signed [17:0]      factor;
  logic signed [LogitW+17:0] product_q;
  logic signed [PostW-1:0] scaled;
  logic signed [PostW:0]   value, value_q;
  best_t                   entry;
  logic [BestW-1:0]        count, kept;
  logic [PostW-1:0]        distance, pick_distance;
  logic [24:0]             weight;
  logic [WeightLate:0]     summed_q;
  logic                    greedy, sums_end, whole;
  logic                    sums_valid, first_walk, entry_valid, entry_allowed, end_q;
  logic [IdW-1:0]          sums_id_q;

  assign penal  = choice_i.grow != choice_i.shrink;
  assign greedy = inverse_i == 0;
  assign whole  = choice_i.top_p[16] || greedy;

  choice_seen #(.Vocab(Vocab), .Context(Context)) u_seen (
    .clk_i, .rst_i, .we_i(fed_i), .place_i(PlaceW'(place_i)), .id_i(fed_id_i),
    .start_i(begins_q && (state_q == Mark || state_q == Clear)), .mark_i(state_q == Mark), .count_i(position_i),
    .window_i(choice_i.window), .busy_o(marks_busy), .rid_i(walk_id), .seen_o(seen));

  // Of the first walk the noise begins sooner, so that it is there with the scaled logit.
  delay_reset #(.Cycles(Ahead)) u_ahead (.clk_i, .rst_i, .d_i(begins_q && state_q == Walk), .d_o(first_walk));
  assign walk_start = first_walk || (begins_q && state_q == Sum);

  choice_logits u_logits (
    .clk_i, .rst_i, .we_i, .logits_i, .mask_we_i, .mask_addr_i, .mask_i, .guide_i, .guide_state_o,
    .guided_i(choice_i.guided), .take_i(done_o && !drawn_o.none), .taken_i(drawn_o.id), .start_i(walk_start),
    .masked_i(choice_i.masked), .grow_i(choice_i.grow), .shrink_i(choice_i.shrink), .id_o(walk_id), .seen_i(seen),
    .valid_o(logit_valid), .allowed_o(allowed), .logit_o(logit));

  always_ff @(posedge clk_i) noise_id_q <= begins_q ? '0 : noise_id_q + 1'b1;
  choice_noise #(.IdW(IdW), .Folder(Folder)) u_noise (
    .clk_i, .seed_i, .position_i(32'(position_i) - 32'd1), .id_i(noise_id_q), .noise_o(noise));

  // Over the temperature.
  assign factor = greedy ? 18'(1 << LogitShift) : {1'b0, inverse_i};
  always_ff @(posedge clk_i) product_q <= $signed(logit) * factor;
  requant #(.InW(LogitW + 18), .OutW(PostW), .Stages(2)) u_scale (
    .clk_i, .x_i(product_q), .shift_i(6'(LogitShift)), .max_i('1), .bias_i('0), .y_o(scaled));

  delay_reset #(.Cycles(ScaleLate)) u_valid (
    .clk_i, .rst_i, .d_i(logit_valid && state_q == Walk), .d_o(scaled_valid));
  delay #(.Width(1), .Cycles(ScaleLate)) u_allowed (.clk_i, .d_i(allowed), .d_o(entry_allowed));
  delay #(.Width(LogitW), .Cycles(ScaleLate)) u_logit (.clk_i, .d_i(logit), .d_o(entry.logit));
  always_ff @(posedge clk_i) scaled_id <= !scaled_valid ? '0 : scaled_id + 1'b1;
  assign entry.id     = scaled_id;
  assign entry.scaled = scaled;
  assign entry.noise  = greedy ? '0 : noise;
  assign entry_valid  = scaled_valid && entry_allowed;
  assign last         = scaled_valid && scaled_id == IdW'(Vocab - 1);

  choice_best u_best (
    .clk_i, .clear_i(begins_q && state_q == Walk), .valid_i(entry_valid), .best_i(entry), .count_o(count), .best_o);

  // Weights of the second walk's logits, or of the best.
  assign sums_valid = logit_valid && state_q == Sum;
  always_ff @(posedge clk_i) begin
    distance <= state_q == Sum ? PostW'($signed(best_o[0].logit) - $signed(logit)) : pick_distance;
    summed_q <= {summed_q[WeightLate-1:0], sums_valid && allowed};
    if (rst_i) summed_q <= '0;
  end
  choice_weight #(.Width(PostW), .Fraction(LogitFraction), .Folder(Folder)) u_weight (
    .clk_i, .fine_i(state_q == Pick), .distance_i(distance), .weight_o(weight));

  delay_reset #(.Cycles(WeightLate + 1)) u_end (
    .clk_i, .rst_i, .d_i(sums_valid && sums_id_q == IdW'(Vocab - 1)), .d_o(sums_end));
  always_ff @(posedge clk_i) sums_id_q <= !sums_valid ? '0 : sums_id_q + 1'b1;

  assign kept = count < choice_i.top_k ? count : choice_i.top_k;
  choice_pick u_pick (
    .clk_i, .rst_i, .start_i(begins_q && state_q == Pick), .whole_i(whole), .top_p_i(choice_i.top_p), .kept_i(kept),
    .best_i(best_o), .distance_o(pick_distance), .weight_i(weight), .done_o(pick_done), .id_o(pick_id),
    .logit_o(pick_logit));

  assign value  = (PostW + 1)'($signed(entry.scaled)) + (PostW + 1)'($signed(entry.noise));
  assign done_o = state_q == Done;
  assign drawn_o.count = count;

  logic unused;
  assign unused = ^{choice_i.active, place_i};

  always_comb begin
    follows = penal ? Clear : Done;  // behind the last of what is asked for
    if (choice_i.top_k != '0 && !drawn_o.none && state_q != Pick) follows = Pick;
    if (choice_i.sums && !drawn_o.none && state_q == Walk) follows = Sum;
  end

  always_ff @(posedge clk_i) begin
    begins_q <= 1'b0;
    if (begins_q && state_q == Walk) begin
      drawn_o.none  <= 1'b1;
      drawn_o.total <= '0;
    end
    if (entry_valid && (drawn_o.none || value > value_q)) begin
      drawn_o.none  <= 1'b0;
      drawn_o.id    <= entry.id;
      drawn_o.logit <= entry.logit;
      value_q       <= value;
    end
    if (summed_q[WeightLate]) drawn_o.total <= drawn_o.total + TotalW'(weight);
    if (pick_done) begin
      drawn_o.id    <= pick_id;
      drawn_o.logit <= pick_logit;
    end
    end_q <= last && !rst_i;
    unique case (state_q)
      Idle: if (start_i) begin
        state_q  <= penal ? Mark : Walk;
        begins_q <= 1'b1;
      end
      Mark: if (!marks_busy && !begins_q) begin
        state_q  <= Walk;
        begins_q <= 1'b1;
      end
      Walk: if (end_q) begin
        state_q  <= follows;
        begins_q <= 1'b1;
      end
      Sum: if (sums_end) begin
        state_q  <= follows;
        begins_q <= 1'b1;
      end
      Pick: if (pick_done) begin
        state_q  <= follows;
        begins_q <= 1'b1;
      end
      Clear: if (!marks_busy && !begins_q) state_q <= Done;
      default: state_q <= Idle;
    endcase
    if (rst_i) begin
      state_q  <= Idle;
      begins_q <= 1'b0;
    end
  end

endmodule
