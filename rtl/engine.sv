// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The decoder: prompt tokens in, tokens out, everything between on the chip. Every parameter comes from the plan.
module engine
  import engine_pkg::*;
#(
  parameter int Vocab = 512, Words = 8, Layers = 5, Heads = 8, KvHeads = 4, HeadDim = 8, Context = 512,
  parameter int HiddenWords = 22,
  parameter int ResidualW = 16, NormW = 9, QueryW = 9, CacheW = 8, AttentionW = 8, HiddenW = 8, GateW = 11,
  parameter int UpW = 16, LogitW = 16, LogitFraction = 10, EmbeddingW = 8,
  parameter int Groups = 8, Depth = 9, WeightW = 4, AccW = 20, LaneW = 18, FabricColumns = 0, WeightWords = 512,
  parameter int EmissionWords = 512, DestW = 8, EnergyW = 32,
  parameter int Banks = 12, Divides = 2, Spacing = 4,
  parameter int ProgramWords = 32, WaitW = 12, SpanW = 12, StepW = 8, EmitW = 8, HoldW = 3,
  parameter bit PackedLanes = 1'b1, PackedScores = 1'b1,
  parameter int Stops = 8,
  parameter     Folder = "",
  localparam int IdW       = $clog2(Vocab),
  localparam int PositionW = $clog2(Context + 1),
  localparam int RowWords  = (Vocab + Groups - 1) / Groups,
  localparam int LogitA    = RowWords > 1 ? $clog2(RowWords) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic                          request_i,      // begin; only while busy_o is low
  input  logic                          clear_i,        // with request_i: from an empty context
  input  logic [31:0]                   budget_i,       // the request's, held until it ends, as all below
  input  logic [63:0]                   seed_i,
  input  logic [16:0]                   inverse_i,      // 1 / temperature in units of 2**-12; 0 is greedy
  input  logic [Stops-1:0]              stop_valid_i,
  input  logic [Stops-1:0][IdW-1:0]     stop_i,
  output logic                          busy_o,
  output status_e                       status_o,       // why the last request ended
  output logic [PositionW-1:0]          position_o,     // tokens in the context
  output logic                          fetch_o,        // first cycle of a token
  input  logic                          prompt_valid_i,
  output logic                          prompt_ready_o,
  input  logic [IdW-1:0]                prompt_id_i,
  input  logic                          prompt_last_i,
  output logic                          token_valid_o,
  input  logic                          token_ready_i,
  output logic [IdW-1:0]                token_id_o,
  output logic                          logit_valid_o,  // debug stream: it cannot be stalled
  output logic [LogitA-1:0]             logit_addr_o,   // ids Groups * logit_addr_o ..
  output logic [Groups-1:0][LogitW-1:0] logit_o
);

  localparam int Parts   = (HeadDim + Groups - 1) / Groups;
  localparam int PartW   = Parts > 1 ? $clog2(Parts) : 1;
  localparam int SelW    = Depth > 1 ? $clog2(Depth) : 1;
  localparam int CountW  = $clog2(Depth + 1);
  localparam int Blocks  = (Context + Banks - 1) / Banks;
  localparam int BankW   = Banks > 1 ? $clog2(Banks) : 1;
  localparam int BlockW  = $clog2(Blocks + 1);
  localparam int CacheN  = Layers * KvHeads * Blocks;
  localparam int CacheA  = CacheN > 1 ? $clog2(CacheN) : 1;
  localparam int HeadW   = Heads > 1 ? $clog2(Heads) : 1;
  localparam int WordsA  = Words > 1 ? $clog2(Words) : 1;
  localparam int HiddenA = HiddenWords > 1 ? $clog2(HiddenWords) : 1;
  localparam int SideW   = AttentionW > HiddenW ? AttentionW : HiddenW;
  localparam int ActW    = NormW > SideW ? NormW : SideW;
  localparam int RowW    = ResidualW > 16 ? ResidualW : 16;  // of a requantised row of any kind
  localparam int LogitShift = LogitFraction + 2;
  localparam int PostW   = LogitW + 19 - LogitShift > 16 ? LogitW + 19 - LogitShift : 16;
  localparam int MixedA  = Heads * Parts * Groups / Divides > 1 ? $clog2(Heads * Parts * Groups / Divides) : 1;

  // The token loop and the control program.
  logic             loop_clear, clear, start, start_q, next, short_token, done;
  logic [IdW-1:0]   id, sampled;
  logic [SpanW-1:0] span;
  logic [BankW-1:0] bank;
  logic [BlockW-1:0] blocks;
  logic             lanes_start, attend;
  source_e          lanes_source;
  logic [StepW-1:0] lanes_steps;
  logic [EmitW-1:0] lanes_emits;
  logic [HoldW-1:0] lanes_hold;

  token_loop #(.Vocab(Vocab), .Context(Context), .Stops(Stops)) u_loop (
    .clk_i, .rst_i, .request_i, .clear_i, .budget_i, .stop_valid_i, .stop_i, .busy_o, .status_o, .prompt_valid_i,
    .prompt_ready_o, .prompt_id_i, .prompt_last_i, .token_valid_o, .token_ready_i, .token_id_o, .clear_o(loop_clear),
    .start_o(start), .next_o(next), .id_o(id), .short_o(short_token), .position_o, .done_i(done),
    .sampled_i(sampled));
  assign clear   = loop_clear || rst_i;
  assign fetch_o = start;
  always_ff @(posedge clk_i) start_q <= start && !rst_i;

  position #(.Banks(Banks), .Blocks(Blocks), .Heads(Heads), .Spacing(Spacing), .SpanW(SpanW)) u_position (
    .clk_i, .clear_i(clear), .next_i(next), .bank_o(bank), .blocks_o(blocks), .span_o(span));

  sequencer #(.Words(ProgramWords), .WaitW(WaitW), .SpanW(SpanW), .StepW(StepW), .EmitW(EmitW), .HoldW(HoldW),
              .Folder(Folder)) u_sequencer (
    .clk_i, .rst_i, .start_i(start), .short_i(short_token), .span_i(span), .lanes_o(lanes_start),
    .source_o(lanes_source), .steps_o(lanes_steps), .emits_o(lanes_emits), .hold_o(lanes_hold), .attend_o(attend),
    .done_o(done));

  // A0: the step of the lanes; A1: its operands; A2: shifted; A3: activations.
  source_e          source, source_a1, source_a2, source_a3;
  logic             slot_clr, slot_step, slot_fresh, slot_tag, clr_a1, step_a1, step_a2;
  logic             fresh_a1, fresh_a2, fresh_a3, first_a1, first_a2, first_a3;
  logic [StepW-1:0] slot_index;
  logic [CountW-1:0] slot_count, count_a3;
  logic             tag_a1, tag_a2, tag_a3;

  streamer #(.Depth(Depth), .StepW(StepW), .EmitW(EmitW), .HoldW(HoldW)) u_streamer (
    .clk_i, .rst_i, .start_i(lanes_start), .source_i(lanes_source), .steps_i(lanes_steps), .emits_i(lanes_emits),
    .hold_i(lanes_hold), .source_o(source), .clr_o(slot_clr), .step_o(slot_step), .fresh_o(slot_fresh), .index_o(slot_index),
    .tag_o(slot_tag), .count_o(slot_count));
  delay #(.Width(CountW), .Cycles(3)) u_count (.clk_i, .d_i(slot_count), .d_o(count_a3));

  logic [Groups-1:0][ResidualW-1:0] x_a0, x_a1;
  logic [Groups-1:0][SideW-1:0]     side_a0, side_a1, side_a2;
  logic [Groups-1:0][NormW-1:0]     norm_a2, norm_a3;
  logic [Groups-1:0][ActW-1:0]      act_a3;
  logic [ResidualW-2:0]             bits;
  logic [16:0]                      root;

  always_ff @(posedge clk_i) begin
    {source_a3, source_a2, source_a1} <= {source_a2, source_a1, source};
    {tag_a3, tag_a2, tag_a1}          <= rst_i ? '0 : {tag_a2, tag_a1, slot_tag};
    {step_a2, step_a1}                <= {step_a1, slot_step};
    {fresh_a3, fresh_a2, fresh_a1}    <= {fresh_a2, fresh_a1, slot_fresh};
    {first_a3, first_a2, first_a1}    <= {first_a2, first_a1, slot_step && slot_index == 0};
    clr_a1  <= slot_clr;
    x_a1    <= x_a0;
    side_a1 <= side_a0;
    side_a2 <= side_a1;
  end

  for (genvar g = 0; g < Groups; g++) begin : gen_act
    always_ff @(posedge clk_i) begin
      if (!step_a2) act_a3[g] <= '0;
      else if (source_a2 == SourceNorm) act_a3[g] <= ActW'($signed(norm_a2[g]));
      else act_a3[g] <= ActW'($signed(side_a2[g]));
    end
    assign norm_a3[g] = act_a3[g][NormW-1:0];
  end

  norm #(.Groups(Groups), .ResidualW(ResidualW), .NormW(NormW), .EnergyW(EnergyW), .Folder(Folder)) u_norm (
    .clk_i, .bits_i(bits), .x_i(x_a1), .a_o(norm_a2), .first_i(first_a3),
    .step_i(fresh_a3 && source_a3 == SourceNorm), .act_i(norm_a3), .root_o(root));

  // E1: a read of the lanes and its word; E3: sums and multipliers; E6: rows; E9: what rope, gate and
  // temperature make of them.
  logic                        embed, valid_e1, first_e1, fold_e1;
  kind_e                       kind_e1;
  logic [SelW-1:0]             sel_e1;
  logic [Groups-1:0]           mask_e1;
  logic [5:0]                  shift_e1, post_e1;
  logic [DestW-1:0]            dest_e1;
  logic [Groups-1:0][16:0]     multiplier_e1, multiplier_e3;
  logic [Groups-1:0][AccW-1:0] sum_e3;
  logic [Groups-1:0][EmbeddingW-1:0] row_e1, row_e3;
  logic [16:0]                 row_multiplier;

  embedding #(.Groups(Groups), .Bits(EmbeddingW), .Vocab(Vocab), .Words(Words), .Folder(Folder)) u_embedding (
    .clk_i, .rst_i, .start_i(start_q), .id_i(id), .valid_o(embed), .row_o(row_e1), .multiplier_o(row_multiplier));
  delay #(.Width(Groups * EmbeddingW), .Cycles(2)) u_row (.clk_i, .d_i(row_e1), .d_o(row_e3));

  emission #(.Groups(Groups), .Depth(Depth), .DestW(DestW), .Words(EmissionWords), .Folder(Folder)) u_emission (
    .clk_i, .rst_i, .restart_i(start), .tag_i(tag_a3), .count_i(count_a3), .embed_i(embed), .sel_o(sel_e1),
    .valid_o(valid_e1), .kind_o(kind_e1), .first_o(first_e1), .fold_o(fold_e1), .mask_o(mask_e1),
    .shift_o(shift_e1), .post_o(post_e1), .dest_o(dest_e1), .multiplier_o(multiplier_e1));

  matvec #(.Groups(Groups), .Depth(Depth), .ActW(ActW), .WeightW(WeightW), .AccW(AccW), .LaneW(LaneW), .Words(WeightWords),
           .FabricColumns(FabricColumns), .Packed(PackedLanes), .Folder(Folder)) u_matvec (
    .clk_i, .restart_i(start), .step_i(step_a1), .clr_i(clr_a1), .act_i(act_a3), .sel_i(sel_e1), .sum_o(sum_e3));

  kind_e                   kind_e3, kind_e5, kind_e6, kind_e9;
  logic [5:0]              shift_e4, post_e6;
  logic [Groups-1:0]       mask_e9;
  logic                    first_e6, first_e9, valid_e6, valid_e9, valid_e1r;
  logic [DestW-1:0]        dest_e6, dest_e9;
  logic [PartW-1:0]        part_e5;
  logic [Groups-1:0][RowW-1:0]  y_e6;
  logic [RowW-2:0]         most_e5;
  logic [2:0]              kind_e3b, kind_e5b, kind_e6b, kind_e9b;

  assign valid_e1r = valid_e1 && !rst_i;
  delay #(.Width(3), .Cycles(2)) u_kind_e3 (.clk_i, .d_i(kind_e1), .d_o(kind_e3b));
  delay #(.Width(6), .Cycles(3)) u_shift (.clk_i, .d_i(shift_e1), .d_o(shift_e4));
  delay #(.Width(3 + PartW), .Cycles(4)) u_e5 (.clk_i, .d_i({kind_e1, dest_e1[PartW-1:0]}), .d_o({kind_e5b, part_e5}));
  delay #(.Width(11 + DestW), .Cycles(5)) u_e6 (
    .clk_i, .d_i({kind_e1, post_e1, first_e1, valid_e1r, dest_e1}),
    .d_o({kind_e6b, post_e6, first_e6, valid_e6, dest_e6}));
  delay #(.Width(5 + DestW), .Cycles(3)) u_e9 (
    .clk_i, .d_i({kind_e6, first_e6, valid_e6, dest_e6}), .d_o({kind_e9b, first_e9, valid_e9, dest_e9}));
  delay #(.Width(Groups), .Cycles(8)) u_mask (.clk_i, .d_i(mask_e1), .d_o(mask_e9));
  assign kind_e3 = kind_e'(kind_e3b);
  assign kind_e5 = kind_e'(kind_e5b);
  assign kind_e6 = kind_e'(kind_e6b);
  assign kind_e9 = kind_e'(kind_e9b);

  always_comb begin
    unique case (kind_e5)
      KindEmbed, KindResidual: most_e5 = {(ResidualW - 1){1'b1}};
      KindValue:               most_e5 = (RowW - 1)'({(CacheW - 1){1'b1}});
      KindGate:                most_e5 = (RowW - 1)'({(GateW - 1){1'b1}});
      KindUp:                  most_e5 = (RowW - 1)'({(UpW - 1){1'b1}});
      KindLogit:               most_e5 = (RowW - 1)'({(LogitW - 1){1'b1}});
      default:                 most_e5 = (RowW - 1)'({15{1'b1}});
    endcase
  end

  for (genvar g = 0; g < Groups; g++) begin : gen_row
    localparam int ProductW = AccW + 18;
    logic signed [AccW-1:0]     sum;
    logic signed [ProductW-1:0] product_q;
    fold_root u_fold (
      .clk_i, .multiplier_i(kind_e1 == KindEmbed ? row_multiplier : multiplier_e1[g]), .fold_i(fold_e1),
      .root_i(root), .multiplier_o(multiplier_e3[g]));
    assign sum = kind_e3 == KindEmbed ? AccW'($signed(row_e3[g])) : $signed(sum_e3[g]);
    always_ff @(posedge clk_i) product_q <= ProductW'(sum * $signed({1'b0, multiplier_e3[g]}));
    requant #(.InW(ProductW), .OutW(RowW), .ShiftW(6)) u_requant (
      .clk_i, .x_i(product_q), .shift_i(shift_e4), .max_i(most_e5), .y_o(y_e6[g]));
  end

  // E6: what takes the rows as they are.
  logic [Groups-1:0][ResidualW-1:0] residual_e6;
  logic [Groups-1:0][CacheW-1:0]    value_e6;
  logic [Groups-1:0][GateW-1:0]     gate_e6;
  for (genvar g = 0; g < Groups; g++) begin : gen_narrow
    assign residual_e6[g] = y_e6[g][ResidualW-1:0];
    assign value_e6[g]    = y_e6[g][CacheW-1:0];
    assign gate_e6[g]     = y_e6[g][GateW-1:0];
    assign logit_o[g]     = y_e6[g][LogitW-1:0];
  end
  assign logit_valid_o = valid_e6 && kind_e6 == KindLogit;
  assign logit_addr_o  = LogitA'(dest_e6);

  residual #(.Groups(Groups), .Width(ResidualW), .Words(Words)) u_residual (
    .clk_i, .we_i(valid_e6 && (kind_e6 == KindEmbed || kind_e6 == KindResidual)), .set_i(kind_e6 == KindEmbed),
    .first_i(first_e6), .waddr_i(WordsA'(dest_e6)), .y_i(residual_e6), .raddr_i(WordsA'(slot_index)), .x_o(x_a0),
    .bits_o(bits));

  // E6 to E9: two products per row.
  logic [Groups/2-1:0][15:0]      cosine, sine;
  logic [Groups-1:0][15:0]        activation;
  logic [PostW-2:0]               most_e6;
  logic [17:0]                    inverse;
  logic [Groups-1:0][PostW-1:0]   z_e9;

  rope #(.Groups(Groups), .Context(Context), .Parts(Parts), .Folder(Folder)) u_rope (
    .clk_i, .clear_i(clear), .next_i(next), .part_i(part_e5), .cos_o(cosine), .sin_o(sine));
  gate #(.Groups(Groups), .GateW(GateW), .Folder(Folder)) u_gate (
    .clk_i, .en_i(valid_e6 && kind_e6 == KindGate), .gate_i(gate_e6), .value_o(activation));

  always_comb begin
    unique case (kind_e6)
      KindQuery: most_e6 = (PostW - 1)'({(QueryW - 1){1'b1}});
      KindKey:   most_e6 = (PostW - 1)'({(CacheW - 1){1'b1}});
      KindUp:    most_e6 = (PostW - 1)'({(HiddenW - 1){1'b1}});
      default:   most_e6 = '1;
    endcase
  end
  assign inverse = inverse_i == 0 ? 18'(1 << LogitShift) : 18'(inverse_i);

  post #(.Groups(Groups), .RowW(RowW), .OutW(PostW)) u_post (
    .clk_i, .kind_i(kind_e6), .shift_i(post_e6), .max_i(most_e6), .y_i(y_e6), .cos_i(cosine), .sin_i(sine),
    .gate_i(activation), .inverse_i(inverse), .z_o(z_e9));

  logic [Groups-1:0][QueryW-1:0] query_e9;
  logic [Groups-1:0][CacheW-1:0] key_e9;
  logic [Groups-1:0][SideW-1:0]  hidden_e9;
  for (genvar g = 0; g < Groups; g++) begin : gen_result
    assign query_e9[g]  = z_e9[g][QueryW-1:0];
    assign key_e9[g]    = z_e9[g][CacheW-1:0];
    assign hidden_e9[g] = z_e9[g][SideW-1:0];
  end

  // Attention.
  logic [HeadW-1:0]                          head;
  logic [HeadDim-1:0][QueryW-1:0]            query;
  logic [CacheA-1:0]                         key_addr, value_addr;
  logic [Banks-1:0][HeadDim-1:0][CacheW-1:0] keys, values;
  logic                                      mixed_we;
  logic [MixedA-1:0]                         mixed_addr;
  logic [Divides-1:0][AttentionW-1:0]        mixed;
  logic [Divides-1:0][SideW-1:0]             mixed_side;

  queries #(.Heads(Heads), .HeadDim(HeadDim), .Width(QueryW), .Groups(Groups)) u_queries (
    .clk_i, .we_i(valid_e9 && kind_e9 == KindQuery), .whead_i(HeadW'(dest_e9 >> PartW)),
    .part_i(dest_e9[PartW-1:0]), .data_i(query_e9), .rhead_i(head), .query_o(query));
  kv_cache #(.Banks(Banks), .Depth(CacheN), .HeadDim(HeadDim), .Width(CacheW), .Groups(Groups)) u_keys (
    .clk_i, .we_i(valid_e9 && kind_e9 == KindKey), .bank_i(bank),
    .waddr_i(CacheA'(dest_e9 >> PartW) + CacheA'(blocks - 1'b1)), .part_i(dest_e9[PartW-1:0]), .data_i(key_e9),
    .raddr_i(key_addr), .data_o(keys));
  kv_cache #(.Banks(Banks), .Depth(CacheN), .HeadDim(HeadDim), .Width(CacheW), .Groups(Groups)) u_values (
    .clk_i, .we_i(valid_e6 && kind_e6 == KindValue), .bank_i(bank),
    .waddr_i(CacheA'(dest_e6 >> PartW) + CacheA'(blocks - 1'b1)), .part_i(dest_e6[PartW-1:0]), .data_i(value_e6),
    .raddr_i(value_addr), .data_o(values));

  attention #(.Banks(Banks), .Blocks(Blocks), .Layers(Layers), .Heads(Heads), .KvHeads(KvHeads), .HeadDim(HeadDim),
              .QueryW(QueryW), .CacheW(CacheW), .OutW(AttentionW), .Groups(Groups), .Divides(Divides),
              .Spacing(Spacing), .Packed(PackedScores), .Folder(Folder)) u_attention (
    .clk_i, .rst_i, .restart_i(start), .start_i(attend), .blocks_i(blocks), .bank_i(bank), .head_o(head),
    .query_i(query), .key_addr_o(key_addr), .keys_i(keys), .value_addr_o(value_addr), .values_i(values),
    .we_o(mixed_we), .addr_o(mixed_addr), .mixed_o(mixed));

  for (genvar d = 0; d < Divides; d++) begin : gen_mixed
    assign mixed_side[d] = SideW'($signed(mixed[d]));
  end
  vectors #(.Groups(Groups), .Width(SideW), .MixedWords(Heads * Parts), .HiddenWords(HiddenWords),
            .Divides(Divides), .StepW(StepW)) u_vectors (
    .clk_i, .mixed_we_i(mixed_we), .mixed_addr_i(mixed_addr), .mixed_i(mixed_side),
    .hidden_we_i(valid_e9 && kind_e9 == KindUp), .hidden_addr_i(HiddenA'(dest_e9)), .hidden_i(hidden_e9),
    .source_i(source), .index_i(slot_index), .data_o(side_a0));

  // Sampling.
  logic [Groups-1:0][15:0] gumbel;
  noise #(.Groups(Groups), .Vocab(Vocab), .Folder(Folder)) u_noise (
    .clk_i, .rst_i, .start_i(start), .seed_i, .position_i(32'(position_o)), .addr_i(LogitA'(dest_e9)),
    .noise_o(gumbel));
  sampler #(.Groups(Groups), .Vocab(Vocab), .Width(PostW)) u_sampler (
    .clk_i, .valid_i(valid_e9 && kind_e9 == KindLogit), .first_i(first_e9), .addr_i(LogitA'(dest_e9)),
    .mask_i(mask_e9), .value_i(z_e9), .noisy_i(inverse_i != 0), .noise_i(gumbel), .id_o(sampled));

endmodule
