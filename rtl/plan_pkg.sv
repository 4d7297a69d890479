// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// What a build decides. Generated from toolkit/hardwire/plan/parameters.py and words.py,
// with the defaults, which every build replaces.
/* verilator lint_off UNUSEDPARAM */  // a design need not read every name
package plan_pkg;

  import engine_pkg::*;

  // The decoder's shape.
  localparam int Vocab = 512;       // token ids are below it
  localparam int Context = 512;     // positions
  localparam int Words = 8;         // reads of Rows entries that make the residual
  localparam int HiddenWords = 22;  // the same of the hidden values
  localparam int Layers = 5;        // of attention and MLP
  localparam int Heads = 8;         // of queries
  localparam int KvHeads = 4;       // of keys and values
  localparam int HeadDim = 8;       // channels of a head
  localparam int Positions = 0;     // rows of the position embedding; 0: there is none
  localparam int RopeSets = 1;      // of angles: layers may differ

  // Parts that not every decoder has.
  localparam bit Gated = 1'b1;      // the MLP has a gate
  localparam bit Turns = 1'b1;      // queries and keys are rotated
  localparam bit FinalNorm = 1'b1;  // there is a norm in front of the head
  localparam bit Windowed = 1'b0;   // some layers see a window of positions only
  localparam bit Renorms = 1'b0;    // heads of queries and keys have norms
  localparam bit Branches = 1'b0;   // what a branch adds has a norm
  localparam bit ScoreCap = 1'b0;   // scores have a soft cap
  localparam bit LogitCap = 1'b0;   // logits have a soft cap

  // Bits of values, all signed.
  localparam int ResidualW = 16;      // an entry of the residual
  localparam int NormW = 9;           // the same as the lanes take it
  localparam int QueryW = 9;          // a query
  localparam int CacheW = 8;          // a key or a value
  localparam int AttentionW = 8;      // a mixed value
  localparam int GateW = 11;          // an index of the activation table
  localparam int UpW = 16;            // a row of the up projection
  localparam int HiddenW = 8;         // a hidden value
  localparam int LogitW = 16;         // a logit
  localparam int LogitFraction = 10;  // its unit is 2**-this
  localparam int EmbeddingW = 8;      // an entry of the embedding
  localparam int BiasW = 0;           // a bias; 0: there is none
  localparam int WeightW = 4;         // a weight
  localparam int AccW = 20;           // a sum of the lanes

  // Norms, and those inside a layer: of heads (Renorm) and of branches (Branch). Soft caps, ALiBi.
  localparam int Eps = 1;             // in units of the sum of squares
  localparam int EnergyW = 40;        // bits of that sum, eps included
  localparam int RenormWords = 2;     // reads of a token that the norms of heads take
  localparam int RenormEpsW = 1;      // bits of their eps
  localparam int RenormEnergyW = 36;  // bits of their sums
  localparam int BranchWords = 2;     // reads of a token that the norms of branches take
  localparam int BranchEpsW = 1;      // bits of their eps
  localparam int BranchEnergyW = 36;  // bits of their sums
  localparam int ScoreSlopeW = 9;     // bits of what a line of the scores' cap rises by
  localparam int LogitSlopeW = 9;     // the same of the logits'
  localparam int AlibiW = 0;          // bits of a score with the bias of its position; 0: there is none
  localparam int AlibiSlopeW = 17;    // bits of that bias per position

  // The lanes: Rows * Depth * Columns of them.
  localparam int Columns = 8;          // of a matrix per step; a multiple of Rows
  localparam int Rows = 8;             // of a matrix per read
  localparam int Depth = 8;            // reads of a pass
  localparam int Terms = 4;            // columns that a lane sums per step
  localparam int PackedGroups = 0;     // of Columns / Terms: two rows to a multiplier; the others are in LUTs
  localparam int LaneStages = 2;       // 1: products and accumulator in one cycle; 3: products in two; 4: read-outs too
  localparam int FactorStages = 1;     // 2: a register in front of the multipliers of rows
  localparam int RoundStages = 2;      // 1: shift and rounding in one cycle; 3: the clamp in one of its own
  localparam bit Minus = 1'b0;         // carry chains in the form that AMD parts share with multiplexers
  localparam int Uram = 0;             // depths whose weights are in URAM
  localparam bit SplitWeights = 1'b0;  // the few words by which a depth's weights pass a power of two are in LUTs
  localparam logic [Depth-1:0][15:0] WeightWords = {Depth{16'd256}};  // weights of each depth, in steps

  // Attention.
  localparam int Banks = 12;                    // positions of the cache per cycle
  localparam int Shared = 1;                    // heads of one walk of the cache
  localparam int Divides = 2;                   // quotients of a head per cycle
  localparam int Spacing = 4;                   // least cycles from walk to walk
  localparam int ReadStages = 1;                // 2: a register behind the block RAMs of cache, exponentials, reciprocals, roots
  localparam int SumStages = 1;                 // 2: products, sums, maxima, a norm's squares in one more; 3: sums in two
  localparam int Slack = 0;                     // cycles of attention that pass beside other work of the lanes
  localparam style_e ScoreStyle = StylePacked;  // of the scores' products
  localparam style_e MixStyle = StylePacked;    // of the mixed values' products
  localparam int ScoreFabric = 0;               // banks whose scores are in LUTs whatever the style
  localparam int MixFabric = 0;                 // channels whose mixed values are

  // Words of the ROMs: how many, and bits of fields whose size the plan decides.
  localparam int EmissionWords = 512;  // reads of a token
  localparam int ProgramWords = 32;    // of the control program
  localparam int DestW = 8;            // a read's destination
  localparam int WaitW = 12;           // a wait
  localparam int SpanW = 12;           // what a layer's attention adds to it
  localparam int StepW = 8;            // column steps of a pass
  localparam int EmitW = 8;            // reads of a matrix
  localparam int TakenW = 0;           // the time for which a run has lanes and read-out; 0: nobody else asks
  localparam int InnerWait = 12;       // cycles from where the last attention would begin to an inner token's end, less one

  // Requests.
  localparam int Streams = 1;    // contexts in flight, which requests name
  localparam bit Lends = 1'b0;   // an idle stream lends its pass through the decoder to the prompts of others
  localparam int Stops = 8;      // stop tokens of a request
  localparam int Drafts = 0;     // trigrams of the table that guesses the next token; 0: none is guessed
  localparam int Bigrams = 512;  // words of its other memory: token ids below it have one
  localparam int DropWait = 0;   // cycles from where a dropped draft would go on to its end, less one

  // The trace for a host that looks for the first wrong stage.
  localparam bit Trace = 1'b0;   // there is one
  localparam int Segments = 12;  // of a token: from one norm to the next

  // What follows from them.
  localparam int IdW = 9;          // bits of a token's id
  localparam int PositionW = 10;   // bits of a count of positions
  localparam int StreamW = 1;      // bits of a stream's number
  localparam int LogitRows = 64;   // rows of logits
  localparam int LogitA = 6;       // bits of a row's number
  localparam int EmissionW = 170;  // bits of an emission word
  localparam int ProgramW = 34;    // bits of a program word
  localparam int YLate = 5;        // cycles from E0 to EY: the requantised rows
  localparam int ZLate = 3;        // cycles from EY to EZ: what post makes of them
  localparam int Slices = 1;       // reads of a column step
  localparam int Padded = 8;       // channels of a head, with its padding to whole reads
  localparam int Parts = 1;        // reads of a head's channels
  localparam int PartW = 1;        // bits of a part's number
  localparam int PartB = 1;        // bits of a destination that name the part and the angles
  localparam int Walks = 8;        // of the cache, per layer
  localparam int WalkW = 3;        // bits of a walk's number
  localparam int KvWords = 4;      // words of the cache that a position takes in a layer
  localparam int Blocks = 43;      // of a stream's cache, Banks positions each
  localparam int BankW = 4;        // bits of a bank's number
  localparam int BlockW = 6;       // bits of a count of blocks
  localparam int CacheN = 860;     // words of a bank, every stream's
  localparam int CacheA = 10;      // bits of such a word's address
  localparam int WordsP = 8;       // Words, in whole column steps
  localparam int MixedP = 8;       // reads of the mixed values, in whole column steps
  localparam int HiddenP = 22;     // HiddenWords, in whole column steps
  localparam int WordsA = 3;       // bits of an address of the residual
  localparam int StepsA = 3;       // bits of a column step's number
  localparam int HiddenA = 5;      // bits of an address of the hidden values
  localparam int MixedA = 5;       // bits of an address of the mixed values
  localparam int SideW = 8;        // bits of a mixed or hidden value
  localparam int ActW = 9;         // bits of an activation of any source
  localparam int RowW = 16;        // bits of a requantised row of any kind
  localparam int TableW = 16;      // bits of an entry of the activation table
  localparam int LogitShift = 12;  // of a logit's product with 1 / temperature
  localparam int PostW = 23;       // bits of what post makes

  // A request; it is held until it ends.
  typedef struct packed {
    logic [StreamW-1:0] stream;       // whose context it continues
    logic clear;                      // from an empty context
    logic drafts;                     // what is guessed may be computed; low: a draft that is there is dropped
    logic follows;                    // with `drafts`: a request like this one goes on behind its last token
    logic [31:0] budget;              // tokens to produce at most
    logic [63:0] seed;                // of the sampling noise
    logic [16:0] inverse;             // 1 / temperature in units of 2**-12; 0 is greedy
    logic [Stops-1:0] stop_valid;     // stop tokens that are used
    logic [Stops-1:0][IdW-1:0] stop;  // tokens that end the request and are not produced
  } request_t;

  // How far a request is.
  typedef struct packed {
    logic busy;                      // it runs
    status_e status;                 // why the last one ended
    logic [PositionW-1:0] position;  // tokens in the context
  } progress_t;

  // A token of the prompt.
  typedef struct packed {
    logic [IdW-1:0] id;  // the token
    logic last;          // of its request
  } prompt_t;

  // A token that was produced.
  typedef struct packed {
    logic [IdW-1:0] id;  // the token
  } token_t;

  // A row of logits.
  typedef struct packed {
    logic [StreamW-1:0] stream;          // whose they are
    logic [LogitA-1:0] row;              // of ids Rows * row ..
    logic [Rows-1:0][LogitW-1:0] value;  // of every id, in units of 2**-LogitFraction, signed
  } logits_t;

  // What becomes of a read of the lanes: a word of emission.hex, in playing order.
  typedef struct packed {
    logic [Rows-1:0][0:0] bias;         // of every row, signed; this build has none
    logic [Rows-1:0][16:0] multiplier;  // of every row's requantisation; zero where the embedding brings its own
    logic [DestW-1:0] dest;             // address in whatever `kind` writes
    logic [5:0] post;                   // shift of the product behind the requantisation
    logic [5:0] shift;                  // of the requantisation
    logic [Rows-1:0] mask;              // rows that exist
    logic fold;                         // the norm's root joins the multiplier
    logic first;                        // first of a new residual vector, or of the logits
    logic set;                          // of the residual: replace instead of add
    kind_e kind;                        // what becomes of the rows
  } emission_t;

  // What begins, and how long until the next word: a word of program.hex.
  typedef struct packed {
    logic [0:0] taken;              // cycles until the lanes are free for another run, less one; this build has none
    logic [0:0] reads_from;         // cycles until the read-out is taken; this build has none
    logic [0:0] reads_until;        // cycles until it is free again, less one; this build has none
    logic [WaitW-1:0] wait_cycles;  // until the next word is played, less one
    logic with_span;                // the wait grows by what a layer's attention takes
    logic ends;                     // the token ends; with `attend` only an inner token of a prompt, and after InnerWait
    logic attend;                   // attention begins
    logic lanes;                    // the lanes begin, with what follows
    source_e source;                // of the activations
    logic [StepW-1:0] steps;        // column steps of a pass
    logic [EmitW-1:0] emits;        // reads of all passes together
  } program_t;

  // What of its word a row takes along, E0 to EY and on to EZ.
  typedef struct packed {
    logic [StreamW-1:0] stream;  // whose it is
    logic set;                   // of the residual: replace instead of add
    logic first;                 // first of a new residual vector, or of the logits
    logic branch;                // of the residual: a norm takes the row first
    kind_e kind;                 // what becomes of the rows
    logic [5:0] post;            // shift of the product behind the requantisation
    logic [Rows-1:0] mask;       // rows that exist
    logic [DestW-1:0] dest;      // address in whatever `kind` writes
  } tail_t;

endpackage
/* verilator lint_on UNUSEDPARAM */
