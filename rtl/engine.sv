// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The decoder: prompt tokens in, tokens out, everything between on the chip. Every parameter comes from the plan.
//
// Time is counted in two ways, both in cycles. A0, A1, A2: a column step of the lanes, its operands, its activations.
// E0, E1, ..: a read of the lanes and what becomes of it; EY = E3 + RoundStages: its rows; EZ: what post makes of them.
module engine
  import engine_pkg::*;
#(
  parameter int Vocab = 512, Words = 8, Layers = 5, Heads = 8, KvHeads = 4, HeadDim = 8, Context = 512,
  parameter int HiddenWords = 22, Positions = 0, Segments = 12,
  parameter bit Gated = 1'b1, Turns = 1'b1, FinalNorm = 1'b1, Windowed = 1'b0, Renorms = 1'b0,
  parameter bit Branches = 1'b0, ScoreCap = 1'b0, LogitCap = 1'b0,  // norms behind them, soft caps
  parameter int ResidualW = 16, NormW = 9, QueryW = 9, CacheW = 8, AttentionW = 8, HiddenW = 8, GateW = 11,
  parameter int UpW = 16, LogitW = 16, LogitFraction = 10, EmbeddingW = 8, BiasW = 0, Eps = 1, EnergyW = 40,
  parameter int RenormWords = 2, RenormEpsW = 1, RenormEnergyW = 36,
  parameter int BranchWords = 2, BranchEpsW = 1, BranchEnergyW = 36, ScoreSlopeW = 9, LogitSlopeW = 9,
  parameter int AlibiW = 0, AlibiSlopeW = 17,  // bits of a score with the bias of its position, and of that bias
  parameter int Columns = 8, Rows = 8, Depth = 8, Terms = 4, PackedGroups = 0, LaneStages = 2, RoundStages = 2,
  parameter int WeightW = 4, AccW = 20, Uram = 0,
  parameter logic [Depth-1:0][15:0] WeightWords = '0,
  parameter int EmissionWords = 512, DestW = 8,
  parameter int Banks = 12, Shared = 1, Divides = 2, Spacing = 4, Slack = 0, RopeSets = 1,
  parameter style_e ScoreStyle = StylePacked, MixStyle = StylePacked,
  parameter int ScoreFabric = 0, MixFabric = 0,
  parameter bit Minus = 1'b0,
  parameter int ProgramWords = 32, WaitW = 12, SpanW = 12, StepW = 8, EmitW = 8,
  parameter int Stops = 8,
  parameter bit Trace = 1'b0,
  parameter     Folder = "",
  localparam int IdW       = $clog2(Vocab),
  localparam int PositionW = $clog2(Context + 1),
  localparam int RowWords  = (Vocab + Rows - 1) / Rows,
  localparam int LogitA    = RowWords > 1 ? $clog2(RowWords) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_i,          // for LeastReset cycles or more
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
  input  logic                          load_valid_i,   // weights of URAM, 32 bits at a time, before the first request
  input  logic [31:0]                   load_data_i,
  input  logic                          prompt_valid_i,
  output logic                          prompt_ready_o,
  input  logic [IdW-1:0]                prompt_id_i,
  input  logic                          prompt_last_i,
  output logic                          token_valid_o,
  input  logic                          token_ready_i,
  output logic [IdW-1:0]                token_id_o,
  output logic                          logit_valid_o,  // debug stream: it cannot be stalled
  output logic [LogitA-1:0]             logit_addr_o,   // ids Rows * logit_addr_o ..
  output logic [Rows-1:0][LogitW-1:0]   logit_o,
  input  logic [12:0]                   trace_addr_i,   // a word of the trace window
  output logic [31:0]                   trace_data_o    // a cycle later; 0 without Trace
);

  localparam int Padded  = Shared > 1 ? HeadDim : (HeadDim + Rows - 1) / Rows * Rows;
  localparam int Parts   = Shared > 1 ? 1 : Padded / Rows;  // words of a head
  localparam int PartW   = Parts > 1 ? $clog2(Parts) : 1;
  localparam int Walks   = Heads / Shared;
  localparam int KvWords = KvHeads / Shared;
  localparam int SelW    = Depth > 1 ? $clog2(Depth) : 1;
  localparam int CountW  = $clog2(Depth + 1);
  localparam int Blocks  = (Context + Banks - 1) / Banks;
  localparam int BankW   = Banks > 1 ? $clog2(Banks) : 1;
  localparam int BlockW  = $clog2(Blocks + 1);
  localparam int CacheN  = Layers * KvWords * Blocks;
  localparam int CacheA  = CacheN > 1 ? $clog2(CacheN) : 1;
  localparam int SideW   = AttentionW > HiddenW ? AttentionW : HiddenW;
  localparam int ActW    = NormW > SideW ? NormW : SideW;
  localparam int RowW    = ResidualW > 16 ? ResidualW : 16;  // of a requantised row of any kind
  localparam int WeightP = 10;  // bits of an exponential
  localparam int BiasP   = BiasW > 0 ? BiasW : 1;
  localparam int TableW  = Gated ? 16 : HiddenW;             // of the activation table
  localparam int Slices  = Columns / Rows;
  localparam int WordsP  = (Words + Slices - 1) / Slices * Slices;  // whole steps of the lanes
  localparam int MixedP  = (Walks * Parts + Slices - 1) / Slices * Slices;
  localparam int HiddenP = (HiddenWords + Slices - 1) / Slices * Slices;
  localparam int WordsA  = WordsP > 1 ? $clog2(WordsP) : 1;
  localparam int StepsA  = WordsP / Slices > 1 ? $clog2(WordsP / Slices) : 1;
  localparam int HiddenA = HiddenP > 1 ? $clog2(HiddenP) : 1;
  localparam int MixedA  = Walks * Padded / Divides > 1 ? $clog2(Walks * Padded / Divides) : 1;
  localparam int BitsW   = $clog2(ResidualW);
  localparam int WalkW   = Walks > 1 ? $clog2(Walks) : 1;
  localparam int PartB   = PartW + $clog2(RopeSets);  // bits of a destination that name the part and the angles
  localparam int PlaceW  = Words > 1 ? $clog2(Words) : 1;
  localparam int EmbedP  = Positions > 1 ? $clog2(Positions) : 1;
  localparam int LogitShift = LogitFraction + 2;
  localparam int PostW   = LogitW + 19 - LogitShift > 16 ? LogitW + 19 - LogitShift : 16;

  // The token loop and the control program.
  logic              loop_clear, clear, start, next, short_token, done, restart;
  logic [IdW-1:0]    id, sampled;
  logic [SpanW-1:0]  span;
  logic [BankW-1:0]  bank;
  logic [BlockW-1:0] blocks;
  logic              lanes_start, attend;
  source_e           lanes_source;
  logic [StepW-1:0]  lanes_steps;
  logic [EmitW-1:0]  lanes_emits;

  token_loop #(.Vocab(Vocab), .Context(Context), .Stops(Stops)) u_loop (
    .clk_i, .rst_i, .request_i, .clear_i, .budget_i, .stop_valid_i, .stop_i, .busy_o, .status_o, .prompt_valid_i,
    .prompt_ready_o, .prompt_id_i, .prompt_last_i, .token_valid_o, .token_ready_i, .token_id_o, .clear_o(loop_clear),
    .start_o(start), .next_o(next), .id_o(id), .short_o(short_token), .position_o, .done_i(done),
    .sampled_i(sampled));
  assign clear   = loop_clear || rst_i;
  assign fetch_o = start;
  assign restart = done || rst_i;  // programs, weights and cache begin anew with the next token

  position #(.Banks(Banks), .Blocks(Blocks), .Walks(Walks), .Spacing(Spacing), .Slack(Slack), .SpanW(SpanW))
    u_position (
    .clk_i, .clear_i(clear), .next_i(next), .bank_o(bank), .blocks_o(blocks), .span_o(span));

  sequencer #(.Words(ProgramWords), .WaitW(WaitW), .SpanW(SpanW), .StepW(StepW), .EmitW(EmitW), .Folder(Folder))
    u_sequencer (
    .clk_i, .rst_i, .start_i(start), .short_i(short_token), .span_i(span), .lanes_o(lanes_start),
    .source_o(lanes_source), .steps_o(lanes_steps), .emits_o(lanes_emits), .attend_o(attend), .done_o(done));

  // The lanes.
  source_e           source;
  logic              step, first, tag;
  logic [StepW-1:0]  index;
  logic [CountW-1:0] count;

  streamer #(.Depth(Depth), .StepW(StepW), .EmitW(EmitW)) u_streamer (
    .clk_i, .rst_i, .start_i(lanes_start), .source_i(lanes_source), .steps_i(lanes_steps), .emits_i(lanes_emits),
    .source_o(source), .step_o(step), .first_o(first), .index_o(index), .tag_o(tag), .count_o(count));

  logic                        embed_read, valid_e0, embed_e0, set_e0, first_e0, fold_e0, branch_e0;
  kind_e                       kind_e0;
  logic [SelW-1:0]             sel_e0, sel_e1;
  logic                        lanes_e1;
  logic [Rows-1:0]             mask_e0;
  logic [5:0]                  shift_e0, post_e0;
  logic [DestW-1:0]            dest_e0;
  logic [Rows-1:0][16:0]       multiplier_e0;
  logic [Rows-1:0][BiasP-1:0]  bias_e0;

  emission #(.Rows(Rows), .Depth(Depth), .DestW(DestW), .BiasW(BiasW), .Words(EmissionWords), .Stages(LaneStages),
             .Folder(Folder)) u_emission (
    .clk_i, .rst_i, .restart_i(restart), .tag_i(tag), .count_i(count), .embed_i(embed_read), .valid_o(valid_e0),
    .sel_o(sel_e0), .embed_o(embed_e0), .kind_o(kind_e0), .set_o(set_e0), .first_o(first_e0), .fold_o(fold_e0),
    .mask_o(mask_e0), .shift_o(shift_e0), .post_o(post_e0), .dest_o(dest_e0), .multiplier_o(multiplier_e0),
    .bias_o(bias_e0));

  assign branch_e0 = Branches && kind_e0 == KindResidual && !set_e0 && !embed_e0;

  always_ff @(posedge clk_i) begin
    sel_e1   <= sel_e0;
    lanes_e1 <= valid_e0 && !embed_e0 && !rst_i;
  end

  // What every requantised row takes along: E0 to EY, and on to EZ.
  localparam int YLate = 3 + RoundStages;
  localparam int ZLate = 1 + RoundStages;
  typedef struct packed {
    logic             valid, set, first, branch;
    kind_e            kind;
    logic [5:0]       post;
    logic [Rows-1:0]  mask;
    logic [DestW-1:0] dest;
  } tail_t;
  tail_t tail_e0, tail_y, tail_p, tail_z;  // p: what post takes, EY unless heads have norms
  logic  valid_y, valid_p, valid_z;

  assign tail_e0 = '{valid: 1'b0, set: set_e0, first: first_e0, branch: branch_e0, kind: kind_e0, post: post_e0,
                     mask: mask_e0, dest: dest_e0};
  delay #(.Width($bits(tail_t)), .Cycles(YLate)) u_tail_y (.clk_i, .d_i(tail_e0), .d_o(tail_y));
  delay #(.Width($bits(tail_t)), .Cycles(ZLate)) u_tail_z (.clk_i, .d_i(tail_p), .d_o(tail_z));
  delay_reset #(.Cycles(YLate)) u_valid_y (.clk_i, .rst_i, .d_i(valid_e0), .d_o(valid_y));
  delay_reset #(.Cycles(ZLate)) u_valid_z (.clk_i, .rst_i, .d_i(valid_p), .d_o(valid_z));

  // Activations: the residual or another vector.
  logic [Columns-1:0][ResidualW-1:0] x_a0;
  logic [Columns-1:0][SideW-1:0]     side_a0;
  logic [Columns-1:0][ActW-1:0]      act_a2;
  logic [BitsW-1:0]                  bits;
  logic [Rows-1:0][ResidualW-1:0]    written;
  logic                              written_valid, written_first;
  logic [16:0]                       root, norm_root;

  activations #(.Columns(Columns), .ResidualW(ResidualW), .NormW(NormW), .SideW(SideW), .ActW(ActW)) u_activations (
    .clk_i, .step_i(step), .source_i(source), .bits_i(bits), .x_i(x_a0), .side_i(side_a0), .act_o(act_a2));

  norm_root #(.Rows(Rows), .ResidualW(ResidualW), .EnergyW(EnergyW), .Folder(Folder)) u_root (
    .clk_i, .first_i(written_first), .valid_i(written_valid), .eps_i(EnergyW'(Eps)), .x_i(written),
    .bits_i(bits), .root_o(norm_root));
  if (FinalNorm) begin : gen_root
    assign root = norm_root;
  end else begin : gen_plain
    // The head reads the residual as it is: what the shift to its largest entry took is given back.
    logic [16:0] plain_q;
    always_ff @(posedge clk_i) plain_q <= 17'(64'd1 << 24 << bits >> (ResidualW + 7));
    assign root = kind_e0 == KindLogit ? plain_q : norm_root;
  end

  // Sums and rows.
  logic [Rows-1:0][AccW-1:0]       sum_e2;
  logic [Rows-1:0][EmbeddingW-1:0] row_e1;
  logic [16:0]                     row_factor_e1;
  logic [Rows-1:0][RowW-1:0]       y;

  embedding #(.Rows(Rows), .Bits(EmbeddingW), .Vocab(Vocab), .Words(Words), .Positions(Positions), .Folder(Folder))
    u_embedding (
    .clk_i, .rst_i, .start_i(start), .id_i(id), .position_i(EmbedP'(position_o)), .read_o(embed_read), .row_o(row_e1),
    .multiplier_o(row_factor_e1));

  matvec #(.Columns(Columns), .Rows(Rows), .Depth(Depth), .Terms(Terms), .Packed(PackedGroups), .ActW(ActW),
           .WeightW(WeightW), .AccW(AccW), .Stages(LaneStages), .Minus(Minus), .Uram(Uram), .Words(WeightWords),
           .Folder(Folder)) u_matvec (
    .clk_i, .rst_i, .restart_i(restart), .step_i(step), .first_i(first), .count_i(count), .act_i(act_a2),
    .load_valid_i, .load_data_i, .read_i(lanes_e1), .sel_i(sel_e1), .sum_o(sum_e2));

  rows #(.Rows(Rows), .AccW(AccW), .RowW(RowW), .BiasW(BiasW), .ResidualW(ResidualW), .CacheW(CacheW), .GateW(GateW),
         .UpW(UpW), .LogitW(LogitW), .EmbeddingW(EmbeddingW), .Stages(RoundStages)) u_rows (
    .clk_i, .kind_i(kind_e0), .raw_i(branch_e0), .fold_i(fold_e0), .shift_i(shift_e0), .multiplier_i(multiplier_e0),
    .bias_i(bias_e0), .embed_i(embed_e0), .root_i(root), .row_factor_i(row_factor_e1), .row_i(row_e1), .sum_i(sum_e2), .y_o(y));

  // EY: what takes the rows as they are.
  logic [Rows-1:0][ResidualW-1:0] residual_y;
  logic [Rows-1:0][CacheW-1:0]    value_y;
  logic [Rows-1:0][GateW-1:0]     gate_y;
  for (genvar r = 0; r < Rows; r++) begin : gen_narrow
    assign residual_y[r] = y[r][ResidualW-1:0];
    assign value_y[r]    = y[r][CacheW-1:0];
    assign gate_y[r]     = y[r][GateW-1:0];
  end

  // EY, and SoftCapLate behind it for logits that are capped: what goes on to post.
  tail_t                     tail_c;
  logic                      valid_c;
  logic [Rows-1:0][RowW-1:0] y_c;
  if (LogitCap) begin : gen_logit_cap
    tail_t                 tail_capped;
    logic                  logits, capped;
    logic [Rows-1:0][15:0] raw, cap;
    assign logits  = valid_y && tail_y.kind == KindLogit;
    assign valid_c = capped || (valid_y && !logits);
    assign tail_c  = capped ? tail_capped : tail_y;
    delay #(.Width($bits(tail_t)), .Cycles(SoftCapLate)) u_tail (.clk_i, .d_i(tail_y), .d_o(tail_capped));
    delay_reset #(.Cycles(SoftCapLate)) u_valid (.clk_i, .rst_i, .d_i(logits), .d_o(capped));
    soft_cap #(.Lanes(Rows), .SlopeW(LogitSlopeW), .File({Folder, "logit_cap.hex"})) u_cap (
      .clk_i, .x_i(raw), .y_o(cap));
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      assign raw[r] = y[r][15:0];
      assign y_c[r] = capped ? RowW'($signed(cap[r])) : y[r];
    end
`ifndef SYNTHESIS
    always_ff @(posedge clk_i)
      if (!rst_i && capped && valid_y && !logits) $fatal(1, "%m: a row beside capped logits");
`endif
  end else begin : gen_no_logit_cap
    assign {valid_c, tail_c, y_c} = {valid_y, tail_y, y};
  end
  for (genvar r = 0; r < Rows; r++) begin : gen_logit
    assign logit_o[r] = y_c[r][LogitW-1:0];
  end
  assign logit_valid_o = valid_c && tail_c.kind == KindLogit;
  assign logit_addr_o  = LogitA'(tail_c.dest);

  // EY, or from the norm behind a branch: what goes into the residual.
  logic                           x_valid, x_set, x_first;
  logic [WordsA-1:0]              x_dest;
  logic [Rows-1:0][ResidualW-1:0] x;
  if (Branches) begin : gen_branch
    logic                           normed;
    logic [WordsA-1:0]              dest, early;
    logic [Rows-1:0][15:0]          raw;
    logic [Rows-1:0][ResidualW-1:0] made;
    renorm #(.Rows(Rows), .Parts(Words), .OutW(ResidualW), .SideW(WordsA), .EnergyW(BranchEnergyW), .EpsW(BranchEpsW),
             .Words(BranchWords), .Stages(RoundStages), .Folder(Folder), .Name("branch")) u_renorm (
      .clk_i, .rst_i, .restart_i(restart), .valid_i(valid_y && tail_y.branch), .part_i(PlaceW'(tail_y.dest)),
      .side_i(WordsA'(tail_y.dest)), .x_i(raw), .valid_o(normed), .side_o(dest), .early_o(early), .y_o(made));
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      assign raw[r] = y[r][15:0];
    end
    assign x_valid = normed || (valid_y && tail_y.kind == KindResidual && !tail_y.branch);
    assign x_set   = !normed && tail_y.set;
    assign x_first = normed ? dest == '0 : tail_y.first;
    assign x_dest  = normed ? dest : WordsA'(tail_y.dest);
    assign x       = normed ? made : residual_y;
    logic unused_early;
    assign unused_early = ^early;
`ifndef SYNTHESIS
    always_ff @(posedge clk_i)
      if (!rst_i && normed && valid_y && tail_y.kind == KindResidual && !tail_y.branch)
        $fatal(1, "%m: two rows at once in front of the residual");
`endif
  end else begin : gen_no_branch
    assign x_valid = valid_y && tail_y.kind == KindResidual;
    assign x_set   = tail_y.set;
    assign x_first = tail_y.first;
    assign x_dest  = WordsA'(tail_y.dest);
    assign x       = residual_y;
  end

  residual #(.Rows(Rows), .Columns(Columns), .Width(ResidualW), .Words(WordsP), .Real(Words)) u_residual (
    .clk_i, .we_i(x_valid), .set_i(x_set), .first_i(x_first), .waddr_i(x_dest), .y_i(x),
    .re_i(step && source == SourceNorm), .raddr_i(StepsA'(index)),
    .x_o(x_a0), .bits_o(bits), .next_o(written), .we_o(written_valid), .first_o(written_first));

  // EY to EZ: two products per row.
  logic [Rows/2-1:0][15:0]       cosine, sine;
  logic [Rows-1:0][TableW-1:0]   entry;
  logic [Rows-1:0][15:0]         activation;
  logic [PostW-2:0]              most_y;
  logic [17:0]                   inverse;
  logic [Rows-1:0][PostW-1:0]    z;
  logic [PartB-1:0]              part_p2;  // two cycles before they are turned
  logic [Rows-1:0][RowW-1:0]     y_p;

  if (Renorms) begin : gen_renorm
    localparam int AlongW = 9 + DestW;
    logic                  heads, normed;
    logic [AlongW-1:0]     along, early;
    logic [Rows-1:0][15:0] head_y, head_p;
    assign heads = tail_y.kind == KindQuery || tail_y.kind == KindKey;
    renorm #(.Rows(Rows), .Parts(Parts), .Heads(Shared), .SideW(AlongW), .EnergyW(RenormEnergyW), .EpsW(RenormEpsW),
             .Words(RenormWords), .Stages(RoundStages), .Folder(Folder)) u_renorm (
      .clk_i, .rst_i, .restart_i(restart), .valid_i(valid_y && heads), .part_i(PartW'(tail_y.dest)),
      .side_i({tail_y.kind, tail_y.post, tail_y.dest}), .x_i(head_y), .valid_o(normed), .side_o(along),
      .early_o(early), .y_o(head_p));
    assign valid_p = normed || (valid_c && !heads);
    assign part_p2 = early[PartB-1:0];
    always_comb begin
      tail_p = tail_c;
      if (normed) begin
        tail_p.kind = kind_e'(along[DestW+6 +: 3]);
        tail_p.post = along[DestW +: 6];
        tail_p.dest = along[DestW-1:0];
      end
    end
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      assign head_y[r] = y[r][15:0];
      assign y_p[r]    = normed ? RowW'($signed(head_p[r])) : y_c[r];
    end
    logic unused_early;
    assign unused_early = ^early;
`ifndef SYNTHESIS
    always_ff @(posedge clk_i)
      if (!rst_i && normed && valid_y && (tail_y.kind == KindUp || tail_y.kind == KindLogit))
        $fatal(1, "%m: two rows at once in front of post");
`endif
  end else begin : gen_no_renorm
    assign tail_p  = tail_c;
    assign valid_p = valid_c;
    assign y_p     = y_c;
    delay #(.Width(PartB), .Cycles(YLate - 2)) u_part (.clk_i, .d_i(dest_e0[PartB-1:0]), .d_o(part_p2));
  end
  rope #(.Rows(Rows), .Context(Context), .Parts(Parts), .Sets(RopeSets), .Turns(Turns), .Folder(Folder)) u_rope (
    .clk_i, .clear_i(clear), .next_i(next), .part_i(part_p2), .cos_o(cosine), .sin_o(sine));
  gate #(.Rows(Rows), .GateW(GateW), .Width(TableW), .Folder(Folder)) u_gate (
    .clk_i, .en_i(valid_y && (tail_y.kind == KindGate || tail_y.kind == KindPlain)), .gate_i(gate_y), .value_o(entry));
  for (genvar r = 0; r < Rows; r++) begin : gen_activation
    assign activation[r] = 16'($signed(entry[r]));
  end

  always_comb begin
    unique case (tail_p.kind)
      KindQuery: most_y = (PostW - 1)'({(QueryW - 1){1'b1}});
      KindKey:   most_y = (PostW - 1)'({(CacheW - 1){1'b1}});
      KindUp:    most_y = (PostW - 1)'({(HiddenW - 1){1'b1}});
      default:   most_y = '1;
    endcase
  end
  assign inverse = inverse_i == 0 ? 18'(1 << LogitShift) : 18'(inverse_i);

  post #(.Rows(Rows), .RowW(RowW), .OutW(PostW), .Turns(Turns), .Stages(RoundStages)) u_post (
    .clk_i, .kind_i(tail_p.kind), .shift_i(tail_p.post), .max_i(most_y), .y_i(y_p), .cos_i(cosine), .sin_i(sine),
    .gate_i(activation), .inverse_i(inverse), .z_o(z));

  logic [Rows-1:0][QueryW-1:0] query_z;
  logic [Rows-1:0][CacheW-1:0] key_z;
  logic [Rows-1:0][SideW-1:0]  hidden;
  logic                        hidden_we;
  logic [HiddenA-1:0]          hidden_addr;
  for (genvar r = 0; r < Rows; r++) begin : gen_result
    assign query_z[r] = z[r][QueryW-1:0];
    assign key_z[r]   = z[r][CacheW-1:0];
  end
  if (Gated) begin : gen_gated
    assign hidden_we   = valid_z && tail_z.kind == KindUp;
    assign hidden_addr = HiddenA'(tail_z.dest);
    for (genvar r = 0; r < Rows; r++) begin : gen_hidden
      assign hidden[r] = z[r][SideW-1:0];
    end
  end else begin : gen_ungated
    // The table's entry is the hidden value; it is there a cycle after the row.
    logic [HiddenA-1:0] addr_q;
    delay_reset #(.Cycles(1)) u_we (.clk_i, .rst_i, .d_i(valid_y && tail_y.kind == KindPlain), .d_o(hidden_we));
    always_ff @(posedge clk_i) addr_q <= HiddenA'(tail_y.dest);
    assign hidden_addr = addr_q;
    for (genvar r = 0; r < Rows; r++) begin : gen_hidden
      assign hidden[r] = SideW'($signed(entry[r]));
    end
  end

  // Attention.
  logic [WalkW-1:0]                                      walk;
  logic                                                  walk_valid, walk_last, value_last;
  logic [Shared-1:0][HeadDim-1:0][QueryW-1:0]            query;
  logic [CacheA-1:0]                                     key_addr, value_addr, key_waddr, value_waddr;
  logic [Banks-1:0][Shared-1:0][HeadDim-1:0][CacheW-1:0] keys, values;
  logic                                                  mixed_we;
  logic [MixedA-1:0]                                     mixed_addr;
  logic [Shared-1:0][Divides-1:0][AttentionW-1:0]        mixed;
  logic [Shared-1:0][Divides-1:0][SideW-1:0]             mixed_side;
  logic                                                  query_we, key_we, value_we, norm_start;

  assign query_we    = valid_z && tail_z.kind == KindQuery;
  assign key_we      = valid_z && tail_z.kind == KindKey;
  assign value_we    = valid_y && tail_y.kind == KindValue;
  assign key_waddr   = CacheA'(tail_z.dest >> PartB) + CacheA'(blocks - 1'b1);
  assign value_waddr = CacheA'(tail_y.dest >> PartB) + CacheA'(blocks - 1'b1);
  assign norm_start  = lanes_start && lanes_source == SourceNorm;

  queries #(.Words(Walks), .Channels(Shared * HeadDim), .Width(QueryW), .Rows(Rows)) u_queries (
    .clk_i, .we_i(query_we), .clear_i(norm_start), .waddr_i(WalkW'(tail_z.dest >> PartB)), .part_i(PartW'(tail_z.dest)),
    .data_i(query_z), .re_i(walk_valid), .raddr_i(walk), .query_o(query));
  kv_cache #(.Banks(Banks), .Depth(CacheN), .Channels(Shared * HeadDim), .Width(CacheW), .Rows(Rows)) u_keys (
    .clk_i, .we_i(key_we), .bank_i(bank), .waddr_i(key_waddr), .part_i(PartW'(tail_z.dest)), .data_i(key_z),
    .raddr_i(key_addr), .data_o(keys));
  kv_cache #(.Banks(Banks), .Depth(CacheN), .Channels(Shared * HeadDim), .Width(CacheW), .Rows(Rows)) u_values (
    .clk_i, .we_i(value_we), .bank_i(bank), .waddr_i(value_waddr), .part_i(PartW'(tail_y.dest)), .data_i(value_y),
    .raddr_i(value_addr), .data_o(values));

  attention #(.Banks(Banks), .Blocks(Blocks), .Layers(Layers), .Heads(Heads), .KvHeads(KvHeads), .HeadDim(HeadDim),
              .Shared(Shared), .QueryW(QueryW), .CacheW(CacheW), .WeightW(WeightP), .OutW(AttentionW), .Padded(Padded),
              .Divides(Divides), .Spacing(Spacing), .ScoreStyle(ScoreStyle), .ScoreFabric(ScoreFabric),
              .MixStyle(MixStyle), .MixFabric(MixFabric), .Minus(Minus), .Windowed(Windowed), .Capped(ScoreCap),
              .SlopeW(ScoreSlopeW), .AlibiW(AlibiW), .AlibiSlopeW(AlibiSlopeW), .Folder(Folder))
    u_attention (
    .clk_i, .rst_i, .restart_i(restart), .start_i(attend), .blocks_i(blocks), .bank_i(bank), .walk_valid_o(walk_valid),
    .walk_last_o(walk_last), .walk_o(walk), .query_i(query), .key_addr_o(key_addr), .keys_i(keys),
    .value_last_o(value_last), .value_addr_o(value_addr), .values_i(values), .we_o(mixed_we), .addr_o(mixed_addr),
    .mixed_o(mixed));

  for (genvar h = 0; h < Shared; h++) begin : gen_mixed
    for (genvar d = 0; d < Divides; d++) begin : gen_divide
      assign mixed_side[h][d] = SideW'($signed(mixed[h][d]));
    end
  end
  vectors #(.Rows(Rows), .Columns(Columns), .Width(SideW), .MixedWords(MixedP), .MixedReal(Walks * Parts),
            .HiddenWords(HiddenP), .HiddenReal(HiddenWords), .Heads(Shared), .Divides(Divides), .StepW(StepW)) u_vectors (
    .clk_i, .mixed_clear_i(attend), .mixed_we_i(mixed_we), .mixed_addr_i(mixed_addr), .mixed_i(mixed_side),
    .hidden_clear_i(norm_start), .hidden_we_i(hidden_we), .hidden_addr_i(hidden_addr), .hidden_i(hidden), .re_i(step),
    .source_i(source), .index_i(index), .data_o(side_a0));

  // Sampling.
  logic [Rows-1:0][15:0] gumbel;
  noise #(.Rows(Rows), .Vocab(Vocab), .Folder(Folder)) u_noise (
    .clk_i, .rst_i, .start_i(start), .seed_i, .position_i(32'(position_o)), .re_i(valid_z && tail_z.kind == KindLogit),
    .addr_i(LogitA'(tail_z.dest)), .noise_o(gumbel));
  sampler #(.Rows(Rows), .Vocab(Vocab), .Width(PostW)) u_sampler (
    .clk_i, .valid_i(valid_z && tail_z.kind == KindLogit), .first_i(tail_z.first), .addr_i(LogitA'(tail_z.dest)),
    .mask_i(tail_z.mask), .value_i(z), .noisy_i(inverse_i != 0), .noise_i(gumbel), .id_o(sampled));

  if (Trace) begin : gen_trace
    logic [WordsA-1:0] x_dest_q;
    always_ff @(posedge clk_i) x_dest_q <= x_dest;
    trace #(.Rows(Rows), .RowW(RowW), .PostW(PostW), .ResidualW(ResidualW), .MixedW(AttentionW), .DestW(DestW),
            .Heads(Shared), .Divides(Divides), .MixedA(MixedA), .Segments(Segments)) u_trace (
      .clk_i, .rst_i, .start_i(start), .next_i(norm_start), .done_i(done), .y_valid_i(valid_c), .y_kind_i(tail_c.kind),
      .y_dest_i(tail_c.dest), .y_i(y_c), .z_valid_i(valid_z), .z_kind_i(tail_z.kind), .z_dest_i(tail_z.dest), .z_i(z),
      .x_valid_i(written_valid), .x_dest_i(DestW'(x_dest_q)), .x_i(written), .mixed_valid_i(mixed_we),
      .mixed_addr_i(mixed_addr), .mixed_i(mixed), .addr_i(trace_addr_i), .data_o(trace_data_o));
  end else begin : gen_no_trace
    logic unused_trace;
    assign trace_data_o = '0;
    assign unused_trace = ^trace_addr_i;
  end

`ifndef SYNTHESIS
  // The schedule promises that this token's keys and values are written before they are read.
  localparam int KvA = KvWords > 1 ? $clog2(KvWords) : 1;
  logic [KvA-1:0] key_word, value_word;
  assign key_word   = KvA'(32'(key_addr) / Blocks % KvWords);
  assign value_word = KvA'(32'(value_addr) / Blocks % KvWords);
  freshness #(.Depth(KvWords)) u_key_fresh (
    .clk_i, .clear_i(norm_start), .we_i(key_we && PartW'(tail_z.dest) == PartW'(Parts - 1)),
    .waddr_i(KvA'(32'(key_waddr) / Blocks % KvWords)), .re_i(walk_last), .raddr_i(key_word));
  freshness #(.Depth(KvWords)) u_value_fresh (
    .clk_i, .clear_i(norm_start), .we_i(value_we && PartW'(tail_y.dest) == PartW'(Parts - 1)),
    .waddr_i(KvA'(32'(value_waddr) / Blocks % KvWords)), .re_i(value_last), .raddr_i(value_word));
`else
  logic unused_check;
  assign unused_check = ^{walk_last, value_last};
`endif
  logic unused;
  assign unused = ^{tail_y.valid, tail_z.valid, tail_z.set, tail_z.branch, tail_z.post, tail_y.mask};

`ifndef SYNTHESIS
  bit ran_q;  // there may be something in the pipelines; both begin at zero
  int held_q;
  always_ff @(posedge clk_i) begin
    held_q <= rst_i ? held_q + 1 : 0;
    if (fetch_o) ran_q <= 1'b1;
    if (!rst_i && ran_q && held_q != 0 && held_q < LeastReset)
      $fatal(1, "%m: a reset of %0d cycles, fewer than %0d", held_q, LeastReset);
  end
`endif

endmodule
