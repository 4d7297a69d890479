// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The decoder: prompt tokens in, tokens out, everything between on the chip. Every parameter comes from the plan:
// plan_pkg has them by subject, each with its meaning, what follows from them, and the structs of words and ports.
//
// Time is counted in two ways, both in cycles. A0, A1, A2: a column step of the lanes, its operands, its activations.
// E0, E1, ..: a read of the lanes and what becomes of it; EY: its rows, YLate behind E0; EZ: what post makes of them.
module engine
  import engine_pkg::*, plan_pkg::*;
#(
  parameter Folder = ""  // of the ROMs' contents, with a slash behind it
) (
  input  logic        clk_i,
  input  logic        rst_i,           // for LeastReset cycles or more
  input  logic [Streams-1:0]      request_valid_i, // begin; only while the stream's progress_o.busy is low
  input  request_t [Streams-1:0]  request_i,       // held until it ends
  output progress_t [Streams-1:0] progress_o,
  output logic [Streams-1:0]      fetch_o,         // first cycle of a token
  input  logic        load_valid_i,    // weights of URAM, 32 bits at a time, before the first request
  input  logic [31:0] load_data_i,
  input  logic [Streams-1:0]      prompt_valid_i,
  output logic [Streams-1:0]      prompt_ready_o,
  input  prompt_t [Streams-1:0]   prompt_i,
  output logic [Streams-1:0]      token_valid_o,
  input  logic [Streams-1:0]      token_ready_i,
  output token_t [Streams-1:0]    token_o,
  output logic        logits_valid_o,  // debug stream: it cannot be stalled
  output logits_t     logits_o,
  input  logic [12:0] trace_addr_i,    // a word of the trace window
  output logic [31:0] trace_data_o     // a cycle later; 0 without Trace
);

  localparam int SelW   = Depth > 1 ? $clog2(Depth) : 1;
  localparam int CountW = $clog2(Depth + 1);
  localparam int BitsW  = $clog2(ResidualW);
  localparam int EmbedP = Positions > 1 ? $clog2(Positions) : 1;
  localparam int RunW   = ProgramWords > 1 ? $clog2(ProgramWords) : 1;
  localparam int Embeds = Positions > 0 ? 2 * Words : Words;

  // Of every stream its token loop, and as many passes through the decoder: each has a control program. Of several
  // streams those that are idle lend theirs (rtl/passes.sv). What the passes start below names a pass, not a stream.
  logic [Streams-1:0]             clear, want, noisy, start, next, done, flying, idle;
  logic [Streams-1:0]             begins, brief, ends, restart;
  logic [Streams-1:0][StreamW-1:0] owner, owner_next;  // whose token a pass has; with begins: whose it will
  logic [Streams-1:0]             lanes_want, lanes_play, attend_want, attend_play, attend_ready;
  logic [Streams-1:0]             granted, lanes_hold, attend_hold;
  logic [Streams-1:0][SpanW-1:0]  span;
  logic [Streams-1:0][CacheA-1:0] block;
  logic [Streams-1:0][IdW-1:0]    ids;
  logic [IdW-1:0]                 sampled;
  logic [Streams-1:0][BankW-1:0]  bank;
  logic [Streams-1:0][BlockW-1:0] blocks;
  program_t [Streams-1:0]         words;
  logic [Streams-1:0][RunW-1:0]   places;
  logic [Streams-1:0][63:0]       seed;
  logic [Streams-1:0][31:0]       positions;

  // Of a stream's next token, of one stream the one that is computed.
  logic [Streams-1:0]             short_token;
  logic [Streams-1:0][BankW-1:0]  next_bank;
  logic [Streams-1:0][BlockW-1:0] next_blocks;
  logic [Streams-1:0][SpanW-1:0]  next_span;

  // Drafts: of streams, and of passes.
  localparam bit Guesses = Streams > 1 && Drafts > 0;
  logic [Streams-1:0]             may_draft, wanted, guess, live, kept, left;
  logic [Streams-1:0]             keep_in, drop_in, live_in, dropped;
  logic [Streams-1:0][IdW-1:0]    newer, older;
  logic [IdW-1:0]                 guess_id, draft_id;
  logic                           draft;  // what begins is one

  for (genvar s = 0; s < Streams; s++) begin : gen_stream
    logic loop_clear;

    token_loop #(.Stream(s), .Ahead(Streams > 1), .Guesses(Guesses)) u_loop (
      .clk_i, .rst_i, .request_valid_i(request_valid_i[s]), .request_i(request_i[s]), .progress_o(progress_o[s]),
      .prompt_valid_i(prompt_valid_i[s]), .prompt_ready_o(prompt_ready_o[s]), .prompt_i(prompt_i[s]),
      .token_valid_o(token_valid_o[s]), .token_ready_i(token_ready_i[s]), .token_o(token_o[s]),
      .clear_o(loop_clear), .want_o(want[s]), .noisy_o(noisy[s]), .start_i(granted[s]), .start_o(start[s]),
      .drafts_o(may_draft[s]), .wanted_o(wanted[s]), .guess_i(guess_id), .live_i(live[s]), .draft_i(draft_id),
      .keep_o(kept[s]), .leave_o(left[s]), .newer_o(newer[s]), .older_o(older[s]),
      .next_o(next[s]), .id_o(ids[s]), .short_o(short_token[s]), .flying_i(flying[s]), .done_i(done[s]),
      .sampled_i(sampled));
    assign clear[s]     = loop_clear || rst_i;
    assign idle[s]      = !progress_o[s].busy;
    assign seed[s]      = request_i[s].seed;
    assign positions[s] = 32'(progress_o[s].position);

    position #(.Banks(Banks), .Blocks(Blocks), .Walks(Walks), .Spacing(Spacing), .Slack(Streams > 1 ? 0 : Slack),
               .SpanW(SpanW)) u_position (
      .clk_i, .clear_i(clear[s]), .next_i(next[s]), .bank_o(next_bank[s]), .blocks_o(next_blocks[s]),
      .span_o(next_span[s]));

    sequencer #(.Words(ProgramWords), .Guesses(Guesses), .Folder(Folder)) u_sequencer (
      .clk_i, .rst_i, .start_i(begins[s]), .short_i(brief[s]), .span_i(span[s]), .live_i(live_in[s]),
      .dropped_i(dropped[s]), .lanes_want_o(lanes_want[s]),
      .lanes_hold_i(lanes_hold[s]), .attend_want_o(attend_want[s]), .attend_hold_i(attend_hold[s]),
      .program_o(words[s]), .place_o(places[s]), .lanes_o(lanes_play[s]), .attend_o(attend_play[s]), .done_o(ends[s]));
  end
  assign fetch_o = start;

  // Which of them plays.
  logic noise_free;
  if (Streams > 1) begin : gen_passes
    logic [Streams-1:0] fetch_want, fetch_grant, lanes_grant, attend_turn, attend_grant;
    passes #(.Streams(Streams), .Lends(Lends), .Guesses(Guesses), .BankW(BankW), .BlockW(BlockW), .SpanW(SpanW), .Slack(Slack),
             .CacheA(CacheA), .CacheN(CacheN)) u_passes (
      .clk_i, .rst_i, .idle_i(idle), .want_i(want), .noisy_i(noisy), .guess_i(guess & may_draft),
      .noise_free_i(noise_free), .start_o(granted), .draft_o(draft), .live_i(live), .flying_o(flying), .done_o(done), .bank_i(next_bank), .blocks_i(next_blocks), .span_i(next_span),
      .fetch_o(fetch_want), .fetch_i(fetch_grant), .to_o(owner_next), .owner_o(owner), .keep_i(keep_in),
      .short_o(brief), .bank_o(bank), .blocks_o(blocks), .span_o(span), .block_o(block), .done_i(ends),
      .attend_i(attend_want), .attend_o(attend_turn));
    arbiter #(.Streams(Streams), .Embeds(Embeds)) u_arbiter (
      .clk_i, .rst_i, .fetch_i(fetch_want), .fetch_o(fetch_grant),
      .lanes_i(lanes_want), .word_i(words), .lanes_o(lanes_grant), .attend_i(attend_turn),
      .attend_ready_i(attend_ready), .attend_o(attend_grant));
    assign begins      = fetch_grant;
    assign restart     = begins;  // a layer of several finds its place in the cache with the token
    assign lanes_hold  = ~lanes_grant;
    assign attend_hold = ~attend_grant;
    if (Guesses) begin : gen_drafts
      logic [Streams-1:0] first;
      for (genvar s = 0; s < Streams; s++) begin : gen_first
        assign first[s] = positions[s] == '0;
      end
      drafts #(.Streams(Streams), .Vocab(Vocab), .Entries(Drafts), .Bigrams(Bigrams), .Folder(Folder)) u_drafts (
        .clk_i, .rst_i, .idle_i(idle), .wanted_i(wanted), .start_i(start & noisy), .newer_i(newer), .older_i(older),
        .first_i(first), .keep_i(kept), .leave_i(left), .guess_o(guess), .guess_id_o(guess_id), .live_o(live),
        .id_o(draft_id), .fetch_i(draft ? fetch_grant : '0), .done_i(ends), .keep_o(keep_in), .drop_o(drop_in),
        .live_in_o(live_in), .dropped_o(dropped));
    end else begin : gen_no_drafts
      assign {guess, guess_id, live, draft_id, keep_in, drop_in, live_in, dropped} = '0;
      logic unused_drafts;
      assign unused_drafts = ^{wanted, kept, left, newer, older};
    end
    logic unused_short;
    assign unused_short = ^short_token;
  end else begin : gen_alone
    assign {granted, lanes_hold, attend_hold, flying, owner, owner_next} = '0;
    assign {draft, guess, guess_id, live, draft_id, keep_in, drop_in, live_in, dropped} = '0;
    assign begins  = start;
    assign brief   = short_token;
    assign done    = ends;
    assign restart = ends | {Streams{rst_i}};  // program, weights and cache begin anew with the next token
    assign bank    = next_bank;
    assign blocks  = next_blocks;
    assign span    = next_span;
    assign block   = CacheA'(next_blocks[0] - 1'b1);
    logic unused_arbiter;
    assign unused_arbiter = ^{want, idle, noise_free, lanes_want, attend_want, attend_ready, may_draft, wanted, guess, kept,
                              left, newer, older, keep_in};
  end

  logic               lanes_start, attend;
  logic [StreamW-1:0] fetched, fetched_q, embed_stream, lanes_stream, attend_stream;
  logic [StreamW-1:0] fetcher, fetcher_q;  // the stream whose token is fetched
  logic [EmbedP-1:0]  embed_position;      // and its position
  logic               embeds, drafted_q;   // a token is fetched; the last one was a draft
  program_t           played;
  logic [RunW-1:0]    place;

  always_comb begin
    {fetched, fetcher, lanes_stream, attend_stream} = '0;
    for (int s = 1; s < Streams; s++) begin
      if (begins[s]) fetched = StreamW'(s);
      if (!Guesses && start[s]) fetcher = StreamW'(s);
      if (lanes_play[s]) lanes_stream = StreamW'(s);
      if (attend_play[s]) attend_stream = StreamW'(s);
    end
    if (Guesses) fetcher = owner_next[fetched];
  end
  // A draft is fetched before its stream starts it, and none is when it does.
  assign embeds = Guesses ? begins != '0 : start != '0;
  always_ff @(posedge clk_i)
    if (embeds) begin
      fetched_q <= fetched;
      fetcher_q <= fetcher;
      drafted_q <= draft;
    end
  if (Streams > 1) begin : gen_fetched
    always_ff @(posedge clk_i) if (embeds) embed_position <= EmbedP'(positions[fetcher]) + EmbedP'(draft);
  end else begin : gen_current
    assign embed_position = EmbedP'(positions[0]);
  end
  assign embed_stream = embeds ? fetched : fetched_q;
  assign lanes_start  = lanes_play != '0;
  assign attend       = attend_play != '0;
  assign played       = words[lanes_stream];
  assign place        = places[lanes_stream];

  // The lanes.
  source_e           source;
  logic               step, first, tag, opens;
  logic [StreamW-1:0] stream_a0;
  logic [RunW-1:0]    run;
  logic [StepW-1:0]  index;
  logic [CountW-1:0] count;

  streamer #(.Depth(Depth), .StepW(StepW), .EmitW(EmitW), .StreamW(StreamW), .RunW(RunW)) u_streamer (
    .clk_i, .rst_i, .start_i(lanes_start), .stream_i(lanes_stream), .run_i(place), .source_i(played.source),
    .steps_i(played.steps), .emits_i(played.emits), .stream_o(stream_a0), .run_o(run), .source_o(source),
    .step_o(step), .first_o(first), .index_o(index), .tag_o(tag), .opens_o(opens), .count_o(count));

  logic            embed_read, valid_e0, embed_e0, branch_e0, read;
  logic [SelW-1:0] sel_e0, sel;
  emission_t       word_e0;
  logic [StreamW-1:0] stream_e0, stream_p2;

  emission #(.Depth(Depth), .Words(EmissionWords), .Stages(LaneStages), .Streams(Streams), .Runs(ProgramWords),
             .Folder(Folder)) u_emission (
    .clk_i, .rst_i, .restart_i(restart[0]), .tag_i(tag), .count_i(count), .opens_i(opens), .run_i(run),
    .stream_i(stream_a0), .embed_i(embed_read), .embed_first_i(embeds), .embed_stream_i(embed_stream),
    .stream_o(stream_e0), .valid_o(valid_e0), .sel_o(sel_e0), .embed_o(embed_e0), .word_o(word_e0));

  assign branch_e0 = Branches && word_e0.kind == KindResidual && !word_e0.set && !embed_e0;

  localparam int ReadLate = LaneStages > 3 ? 0 : 1;
  delay #(.Width(SelW), .Cycles(ReadLate)) u_sel (.clk_i, .d_i(sel_e0), .d_o(sel));
  delay #(.Width(1), .Cycles(ReadLate)) u_read (.clk_i, .d_i(valid_e0 && !embed_e0 && !rst_i), .d_o(read));

  // What every requantised row takes along: E0 to EY, and on to EZ.
  tail_t tail_e0, tail_y, tail_p, tail_z;  // p: what post takes, EY unless heads have norms
  logic  valid_y, valid_p, valid_z;

  assign tail_e0 = '{stream: stream_e0, set: word_e0.set, first: word_e0.first, branch: branch_e0, kind: word_e0.kind, post: word_e0.post,
                     mask: word_e0.mask, dest: word_e0.dest};
  delay #(.Width($bits(tail_t)), .Cycles(YLate)) u_tail_y (.clk_i, .d_i(tail_e0), .d_o(tail_y));
  delay #(.Width($bits(tail_t)), .Cycles(ZLate)) u_tail_z (.clk_i, .d_i(tail_p), .d_o(tail_z));
  delay_reset #(.Cycles(YLate)) u_valid_y (.clk_i, .rst_i, .d_i(valid_e0), .d_o(valid_y));
  delay_reset #(.Cycles(ZLate)) u_valid_z (.clk_i, .rst_i, .d_i(valid_p), .d_o(valid_z));

  // Activations: the residual or another vector.
  logic [Columns-1:0][ResidualW-1:0] x_a0;
  logic [Columns-1:0][SideW-1:0]     side_a0;
  logic [Columns-1:0][ActW-1:0]      act_a2;
  logic [Streams-1:0][BitsW-1:0]     bits;
  logic [Rows-1:0][ResidualW-1:0]    written;
  logic                              written_valid, written_first;
  logic [StreamW-1:0]                written_stream;
  logic [Streams-1:0][16:0]          norm_root;
  logic [16:0]                       root;

  activations #(.Columns(Columns), .ResidualW(ResidualW), .NormW(NormW), .SideW(SideW), .ActW(ActW)) u_activations (
    .clk_i, .step_i(step), .source_i(source), .bits_i(bits[stream_a0]), .x_i(x_a0), .side_i(side_a0), .act_o(act_a2));

  norm_root #(.Rows(Rows), .ResidualW(ResidualW), .EnergyW(EnergyW), .Stages(ReadStages), .SumStages(SumStages),
              .RoundStages(RoundStages), .Streams(Streams), .Folder(Folder)) u_root (
    .clk_i, .first_i(written_first), .valid_i(written_valid), .stream_i(written_stream), .eps_i(EnergyW'(Eps)), .x_i(written),
    .bits_i(bits), .root_o(norm_root));
  if (FinalNorm) begin : gen_root
    assign root = norm_root[stream_e0];
  end else begin : gen_plain
    // The head reads the residual as it is: what the shift to its largest entry took is given back.
    logic [Streams-1:0][16:0] plain_q;
    always_ff @(posedge clk_i)
      for (int s = 0; s < Streams; s++) plain_q[s] <= 17'(64'd1 << 24 << bits[s] >> (ResidualW + 7));
    assign root = word_e0.kind == KindLogit ? plain_q[stream_e0] : norm_root[stream_e0];
  end

  // Sums and rows.
  logic [Rows-1:0][AccW-1:0]       sum_e2;
  logic [Rows-1:0][EmbeddingW-1:0] row_e1;
  logic [16:0]                     row_factor_e1;
  logic [Rows-1:0][RowW-1:0]       y;

  embedding #(.Rows(Rows), .Bits(EmbeddingW), .Vocab(Vocab), .Words(Words), .Positions(Positions), .Folder(Folder))
    u_embedding (
    .clk_i, .rst_i, .start_i(embeds), .id_i(Guesses && drafted_q ? draft_id : ids[fetcher_q]), .position_i(embed_position), .read_o(embed_read),
    .row_o(row_e1), .multiplier_o(row_factor_e1));

  matvec #(.Columns(Columns), .Rows(Rows), .Depth(Depth), .Terms(Terms), .Packed(PackedGroups), .ActW(ActW),
           .WeightW(WeightW), .AccW(AccW), .Stages(LaneStages), .Minus(Minus), .Uram(Uram), .Split(SplitWeights),
           .Words(WeightWords), .Streams(Streams), .Runs(ProgramWords), .Folder(Folder)) u_matvec (
    .clk_i, .rst_i, .restart_i(restart[0]), .start_i(lanes_start), .run_i(place), .step_i(step), .first_i(first),
    .count_i(count), .act_i(act_a2), .load_valid_i, .load_data_i, .read_i(read), .sel_i(sel), .sum_o(sum_e2));

  rows #(.Rows(Rows), .AccW(AccW), .RowW(RowW), .BiasW(BiasW), .ResidualW(ResidualW), .CacheW(CacheW), .GateW(GateW),
         .UpW(UpW), .LogitW(LogitW), .EmbeddingW(EmbeddingW), .FactorStages(FactorStages),
         .Stages(RoundStages)) u_rows (
    .clk_i, .kind_i(word_e0.kind), .raw_i(branch_e0), .fold_i(word_e0.fold), .shift_i(word_e0.shift),
    .multiplier_i(word_e0.multiplier), .bias_i(word_e0.bias), .embed_i(embed_e0), .root_i(root),
    .row_factor_i(row_factor_e1), .row_i(row_e1), .sum_i(sum_e2), .y_o(y));

  // EY, and SoftCapLate behind it for logits that are capped: what goes on to post.
  tail_t                     tail_c;
  logic                      valid_c;
  logic [Rows-1:0][RowW-1:0] y_c;
  logit_cap #(.Folder(Folder)) u_logit_cap (
    .clk_i, .rst_i, .valid_i(valid_y), .tail_i(tail_y), .y_i(y), .valid_o(valid_c), .tail_o(tail_c), .y_o(y_c));
  for (genvar r = 0; r < Rows; r++) begin : gen_logit
    assign logits_o.value[r] = y_c[r][LogitW-1:0];
  end
  assign logits_valid_o = valid_c && tail_c.kind == KindLogit;
  assign logits_o.stream = owner[tail_c.stream];
  assign logits_o.row   = LogitA'(tail_c.dest);

  // EY, or from the norm behind a branch: what goes into the residual.
  logic                           x_valid, x_set, x_first;
  logic [WordsA-1:0]              x_dest;
  logic [Rows-1:0][ResidualW-1:0] x;
  branch_norm #(.Folder(Folder)) u_branch_norm (
    .clk_i, .rst_i, .restart_i(restart[0]), .valid_i(valid_y), .tail_i(tail_y), .y_i(y), .valid_o(x_valid),
    .set_o(x_set), .first_o(x_first), .dest_o(x_dest), .x_o(x));
  residual #(.Rows(Rows), .Columns(Columns), .Width(ResidualW), .Words(WordsP), .Real(Words), .Streams(Streams))
    u_residual (
    .clk_i, .we_i(x_valid), .set_i(x_set), .first_i(x_first), .wstream_i(tail_y.stream), .waddr_i(x_dest), .y_i(x),
    .re_i(step && source == SourceNorm), .rstream_i(stream_a0), .raddr_i(StepsA'(index)), .x_o(x_a0), .bits_o(bits),
    .next_o(written), .we_o(written_valid), .stream_o(written_stream), .first_o(written_first));

  // EY to EZ: two products per row.
  logic [Rows/2-1:0][15:0]     cosine, sine;
  logic [Rows-1:0][GateW-1:0]  gate_y;
  logic [Rows-1:0][TableW-1:0] entry;
  logic [Rows-1:0][15:0]       activation;
  logic [PostW-2:0]            most_y;
  logic [17:0]                 inverse;
  logic [Rows-1:0][PostW-1:0]  z;
  logic [PartB-1:0]            part_p2;  // two cycles before they are turned
  logic [Rows-1:0][RowW-1:0]   y_p;

  head_norm #(.Folder(Folder)) u_head_norm (
    .clk_i, .rst_i, .restart_i(restart[0]), .part_i(word_e0.dest[PartB-1:0]), .head_valid_i(valid_y),
    .head_tail_i(tail_y), .head_y_i(y), .valid_i(valid_c), .tail_i(tail_c), .y_i(y_c), .valid_o(valid_p),
    .tail_o(tail_p), .y_o(y_p), .part_o(part_p2));
  delay #(.Width(StreamW), .Cycles(YLate - 2)) u_stream_p2 (.clk_i, .d_i(stream_e0), .d_o(stream_p2));
  rope #(.Rows(Rows), .Context(Context), .Parts(Parts), .Sets(RopeSets), .Turns(Turns), .Streams(Streams),
         .Folder(Folder)) u_rope (
    .clk_i, .clear_i(clear), .next_i(next), .start_i(begins), .owner_i(owner_next), .stream_i(stream_p2), .part_i(part_p2), .cos_o(cosine), .sin_o(sine));
  gate #(.Rows(Rows), .GateW(GateW), .Width(TableW), .Folder(Folder)) u_gate (
    .clk_i, .en_i(valid_y && (tail_y.kind == KindGate || tail_y.kind == KindPlain)), .gate_i(gate_y), .value_o(entry));
  for (genvar r = 0; r < Rows; r++) begin : gen_activation
    assign gate_y[r]     = y[r][GateW-1:0];
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
  // A request is held long before its first logits: of its temperature a register is enough.
  logic [Streams-1:0]       drawn_q;
  logic [Streams-1:0][17:0] inverse_q;
  for (genvar s = 0; s < Streams; s++) begin : gen_inverse
    always_ff @(posedge clk_i) begin
      drawn_q[s]   <= request_i[owner[s]].inverse != 0;
      inverse_q[s] <= request_i[owner[s]].inverse == 0 ? 18'(1 << LogitShift) : 18'(request_i[owner[s]].inverse);
    end
  end
  assign inverse = inverse_q[tail_p.stream];

  post #(.Rows(Rows), .RowW(RowW), .OutW(PostW), .Turns(Turns), .FactorStages(FactorStages), .Stages(RoundStages))
    u_post (
    .clk_i, .kind_i(tail_p.kind), .shift_i(tail_p.post), .max_i(most_y), .y_i(y_p), .cos_i(cosine), .sin_i(sine),
    .gate_i(activation), .inverse_i(inverse), .z_o(z));

  // The hidden values of the MLP.
  logic [Rows-1:0][SideW-1:0] hidden;
  logic                       hidden_we;
  logic [StreamW-1:0]         hidden_stream;
  logic [HiddenA-1:0]         hidden_addr;
  if (Gated) begin : gen_gated
    assign hidden_we   = valid_z && tail_z.kind == KindUp;
    assign hidden_addr = HiddenA'(tail_z.dest);
    assign hidden_stream = tail_z.stream;
    for (genvar r = 0; r < Rows; r++) begin : gen_hidden
      assign hidden[r] = z[r][SideW-1:0];
    end
  end else begin : gen_ungated
    // The table's entry is the hidden value; it is there a cycle after the row.
    logic [HiddenA-1:0] addr_q;
    logic [StreamW-1:0] stream_q;
    delay_reset #(.Cycles(1)) u_we (.clk_i, .rst_i, .d_i(valid_y && tail_y.kind == KindPlain), .d_o(hidden_we));
    always_ff @(posedge clk_i) begin
      addr_q   <= HiddenA'(tail_y.dest);
      stream_q <= tail_y.stream;
    end
    assign hidden_addr   = addr_q;
    assign hidden_stream = stream_q;
    for (genvar r = 0; r < Rows; r++) begin : gen_hidden
      assign hidden[r] = SideW'($signed(entry[r]));
    end
  end

  // Attention.
  logic                                           mixed_we;
  logic [StreamW-1:0]                             mixed_stream;
  logic [Streams-1:0]                             norm_start;
  logic [MixedA-1:0]                              mixed_addr;
  logic [Shared-1:0][Divides-1:0][AttentionW-1:0] mixed;
  logic [Shared-1:0][Divides-1:0][SideW-1:0]      mixed_side;

  assign norm_start = played.source == SourceNorm ? lanes_play : '0;
  cached_attention #(.Folder(Folder)) u_attention (
    .clk_i, .rst_i, .restart_i(restart), .owner_i(owner_next), .stale_i(norm_start), .clear_i(clear),
    .dropped_i(dropped), .ready_o(attend_ready), .start_i(attend), .stream_i(attend_stream), .bank_i(bank), .blocks_i(blocks), .block_i(block),
    .y_valid_i(valid_y), .y_tail_i(tail_y), .y_i(y), .z_valid_i(valid_z), .z_tail_i(tail_z), .z_i(z),
    .we_o(mixed_we), .stream_o(mixed_stream), .addr_o(mixed_addr), .mixed_o(mixed));
  for (genvar h = 0; h < Shared; h++) begin : gen_mixed
    for (genvar d = 0; d < Divides; d++) begin : gen_divide
      assign mixed_side[h][d] = SideW'($signed(mixed[h][d]));
    end
  end
  vectors #(.Rows(Rows), .Columns(Columns), .Width(SideW), .MixedWords(MixedP), .MixedReal(Walks * Parts),
            .HiddenWords(HiddenP), .HiddenReal(HiddenWords), .Heads(Shared), .Divides(Divides), .StepW(StepW),
            .Streams(Streams)) u_vectors (
    .clk_i, .mixed_clear_i(attend_play), .mixed_we_i(mixed_we), .mixed_stream_i(mixed_stream), .mixed_addr_i(mixed_addr), .mixed_i(mixed_side),
    .hidden_clear_i(norm_start), .hidden_we_i(hidden_we), .hidden_stream_i(hidden_stream), .hidden_addr_i(hidden_addr), .hidden_i(hidden), .re_i(step),
    .stream_i(stream_a0), .source_i(source), .index_i(index), .data_o(side_a0));

  // Sampling.
  logic [Rows-1:0][15:0] gumbel;
  noise #(.Rows(Rows), .Vocab(Vocab), .Streams(Streams), .Guesses(Guesses), .Folder(Folder)) u_noise (
    .clk_i, .rst_i, .start_i(((Guesses ? granted : start) & noisy) != '0 || (Guesses && draft && begins != '0)),
    .stream_i(fetched), .owner_i(fetcher), .draft_i(draft), .drop_i(drop_in), .free_o(noise_free), .seed_i(seed),
    .position_i(positions), .re_i(valid_z && tail_z.kind == KindLogit), .rstream_i(tail_z.stream), .addr_i(LogitA'(tail_z.dest)), .noise_o(gumbel));
  sampler #(.Rows(Rows), .Vocab(Vocab), .Width(PostW)) u_sampler (
    .clk_i, .valid_i(valid_z && tail_z.kind == KindLogit), .first_i(tail_z.first), .addr_i(LogitA'(tail_z.dest)),
    .mask_i(tail_z.mask), .value_i(z), .noisy_i(drawn_q[tail_z.stream]), .noise_i(gumbel), .id_o(sampled));

  if (Trace) begin : gen_trace
    logic [WordsA-1:0] x_dest_q;
    always_ff @(posedge clk_i) x_dest_q <= x_dest;
    trace #(.Rows(Rows), .RowW(RowW), .PostW(PostW), .ResidualW(ResidualW), .MixedW(AttentionW), .DestW(DestW),
            .Heads(Shared), .Divides(Divides), .MixedA(MixedA), .Segments(Segments)) u_trace (
      .clk_i, .rst_i, .start_i(start[0]), .next_i(norm_start[0]), .done_i(done[0]), .y_valid_i(valid_c), .y_kind_i(tail_c.kind),
      .y_dest_i(tail_c.dest), .y_i(y_c), .z_valid_i(valid_z), .z_kind_i(tail_z.kind), .z_dest_i(tail_z.dest), .z_i(z),
      .x_valid_i(written_valid), .x_dest_i(DestW'(x_dest_q)), .x_i(written), .mixed_valid_i(mixed_we),
      .mixed_addr_i(mixed_addr), .mixed_i(mixed), .addr_i(trace_addr_i), .data_o(trace_data_o));
  end else begin : gen_no_trace
    logic unused_trace;
    assign trace_data_o = '0;
    assign unused_trace = ^trace_addr_i;
  end

  logic unused;
  assign unused = ^{tail_z.set, tail_z.branch, tail_z.post, tail_y.mask, played};

`ifndef SYNTHESIS
  bit ran_q;  // there may be something in the pipelines; both begin at zero
  int held_q;
  // Of a pass that is given away nothing may still be on its way: not of a draft, whose end is nobody's, above all.
  if (Guesses) begin : gen_watch
    logic [Streams-1:0] taken_q;
    always_ff @(posedge clk_i) begin
      taken_q <= rst_i ? '0 : begins | (taken_q & ~ends);
      if (!rst_i && ((valid_y && tail_y.kind inside {KindResidual, KindValue, KindGate, KindPlain}
                      && !taken_q[tail_y.stream])
                     || (valid_z && tail_z.kind inside {KindQuery, KindKey, KindUp} && !taken_q[tail_z.stream])
                     || (mixed_we && !taken_q[mixed_stream])))
        $fatal(1, "%m: a key, a value or what else a pass holds, when its token was through");
    end
  end
  always_ff @(posedge clk_i) begin
    held_q <= rst_i ? held_q + 1 : 0;
    if (fetch_o != '0) ran_q <= 1'b1;
    if (!rst_i && ran_q && held_q != 0 && held_q < LeastReset)
      $fatal(1, "%m: a reset of %0d cycles, fewer than %0d", held_q, LeastReset);
  end
`endif

endmodule
