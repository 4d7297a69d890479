// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Layers of several streams behind one another in attention: whose turn each of its parts is at, where that layer lies in
// the cache, and when the next may begin. Its scores come while the last's exponentials and quotients still do.
// Streams are told apart by the passes that their tokens are in; a token's owner has the part of the cache.
module attention_jobs #(
  parameter int Streams = 2,
  parameter int Blocks  = 43,
  parameter int Layers  = 5,
  parameter int Walks   = 8,
  parameter int Words   = 4,   // of the cache, per position and layer
  parameter int Steps   = 4,   // cycles of a walk's quotients
  parameter int AddrW   = 10,
  parameter int IndexW  = 6,   // of a walk of all layers
  localparam int StreamW = Streams > 1 ? $clog2(Streams) : 1,
  localparam int BlockW  = $clog2(Blocks + 1)
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic [Streams-1:0]             restart_i,      // the stream's next layer is its first,
  input  logic [Streams-1:0][StreamW-1:0] owner_i,       // in the part of the cache that this one has
  input  logic [Streams-1:0][BlockW-1:0] blocks_i,       // that hold positions
  output logic [Streams-1:0]             ready_o,        // a layer of the stream may begin; blocks_i held for two cycles
  input  logic                           start_i,        // one does
  input  logic [StreamW-1:0]             stream_i,       // whose
  output logic [AddrW-1:0]               base_o,         // with start_i: the layer's place in the cache
  input  logic                           walk_first_i,   // t0: a walk's first block
  input  logic                           walk_free_i,    // a first block may be on the cycle after the next
  output logic [StreamW-1:0]             walk_stream_o,  // t0
  input  logic                           exp_start_i,    // t4: a head's scores are complete
  input  logic                           exp_last_i,     // a head's last exponentials
  output logic [StreamW-1:0]             exp_stream_o,   // from t5 on
  output logic                           exp_load_o,     // with exp_start_i: a layer's first head, with what follows
  output logic [AddrW-1:0]               exp_base_o,
  output logic [IndexW-1:0]              exp_index_o,    // of its walk among those of all layers
  input  logic                           mixed_last_i,   // a layer's last quotients
  output logic [StreamW-1:0]             mixed_stream_o
);

  localparam int WalkW   = Walks > 1 ? $clog2(Walks) : 1;
  localparam int BehindW = $clog2(2 * Blocks + Steps + 1) + 1;

  // A stream has one layer here at most.
  logic [Streams-1:0][StreamW-1:0] job_q;
  logic [StreamW-1:0]              put_q, exp_q, exp_d, mixed_q, opened;
  logic [WalkW-1:0]                head_q, head_d;
  logic [Streams-1:0][AddrW-1:0]   base_q;
  logic [Streams-1:0][IndexW-1:0]  index_q;
  logic [BehindW-1:0]              behind_q;  // cycles until exponentials and quotients of the last walk are done

  function automatic logic [StreamW-1:0] after(input logic [StreamW-1:0] place);
    return place == StreamW'(Streams - 1) ? '0 : place + 1'b1;
  endfunction

  // Whether a stream's layer may begin is known a cycle ahead, and what depends on its blocks alone long before.
  logic [Streams-1:0][BehindW-1:0] load_q, limit_q;  // what a walk of it leaves behind; what a layer of it bears, and one
  logic [Streams-1:0][Streams-1:0] bears_q;          // [a][b]: a layer of a, right behind a first block of b
  logic [Streams-1:0]              ready_d;

  for (genvar s = 0; s < Streams; s++) begin : gen_ready
    always_ff @(posedge clk_i) begin
      load_q[s]  <= BehindW'(2 * 32'(blocks_i[s]) + Steps - 2);
      limit_q[s] <= BehindW'(32'(blocks_i[s]) + (32'(blocks_i[s]) < Steps ? 32'(blocks_i[s]) : Steps) + 1);
      for (int o = 0; o < Streams; o++) bears_q[s][o] <= load_q[o] < limit_q[s];
    end
    assign ready_d[s] = walk_free_i && (walk_first_i ? bears_q[s][walk_stream_o] : behind_q <= limit_q[s]);
  end

  assign head_d         = !exp_last_i ? head_q : head_q == WalkW'(Walks - 1) ? '0 : head_q + 1'b1;
  assign exp_d          = exp_last_i && head_d == '0 ? after(exp_q) : exp_q;
  assign opened         = job_q[exp_d];
  assign exp_stream_o   = job_q[exp_q];
  assign exp_load_o     = exp_start_i && head_d == '0;
  assign exp_base_o     = base_q[opened];
  assign exp_index_o    = index_q[opened];
  assign base_o         = base_q[stream_i];
  assign mixed_stream_o = job_q[mixed_q];

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      walk_stream_o <= stream_i;
      job_q[put_q]  <= stream_i;
      put_q         <= after(put_q);
    end
    head_q <= head_d;
    exp_q  <= exp_d;
    if (mixed_last_i) mixed_q <= after(mixed_q);
    ready_o <= ready_d;
    if (walk_first_i) behind_q <= load_q[walk_stream_o];
    else if (behind_q != '0) behind_q <= behind_q - 1'b1;
    for (int s = 0; s < Streams; s++)
      if (restart_i[s]) begin
        base_q[s]  <= AddrW'(32'(owner_i[s]) * (Layers * Words * Blocks));
        index_q[s] <= '0;
      end else if (exp_load_o && opened == StreamW'(s)) begin
        base_q[s]  <= base_q[s] + AddrW'(Words * Blocks);
        index_q[s] <= index_q[s] + IndexW'(Walks);
      end
    if (rst_i) begin
      put_q    <= '0;
      exp_q    <= '0;
      mixed_q  <= '0;
      head_q   <= '0;
      behind_q <= '0;
      ready_o  <= '0;
    end
  end

endmodule
