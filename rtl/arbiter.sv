// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Who plays what streams share: lanes and read-out go to one run or fetch at a time, attention to one layer. Of those
// that could go on in a cycle the oldest token does; a token's age begins with its fetch. plan/replay.py is the same.
module arbiter
  import plan_pkg::program_t, plan_pkg::TakenW;
#(
  parameter int Streams = 2,
  parameter int Embeds  = 8   // reads of a fetch
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic [Streams-1:0]     fetch_i,        // a token could be fetched
  output logic [Streams-1:0]     fetch_o,        // it is: at most one of all fetches and runs
  input  logic [Streams-1:0]     lanes_i,        // a run is due
  input  program_t [Streams-1:0] word_i,         // its word, from two cycles before on; behind one of its own, from the next
  output logic [Streams-1:0]     lanes_o,        // it is played
  input  logic [Streams-1:0]     attend_i,       // attention is due
  input  logic [Streams-1:0]     attend_ready_i, // and could begin
  output logic [Streams-1:0]     attend_o        // it does: at most one
);

  localparam int EmbedRead = 2;  // a fetch's cycle to its first read
  localparam int LeftW     = (TakenW > $clog2(Embeds + EmbedRead) ? TakenW : $clog2(Embeds + EmbedRead)) + 1;

  logic [Streams-1:0][Streams-1:0] older_q;  // [a][b]: a's token is older than b's
  logic [LeftW-1:0]                lanes_q, reads_q, lanes_d, reads_d;  // cycles until they are free
  logic [Streams-1:0]              fetch, lanes, attend;  // that could go on
  // What the counters say of the next cycle stands in registers, so that they are not in front of what is granted.
  logic                            free_q, free_d, fetches_q, fetches_d;  // the lanes; the read-out, for a fetch
  logic [Streams-1:0]              reads_free_q, reads_free_d;            // the read-out, for each one's word

  for (genvar s = 0; s < Streams; s++) begin : gen_could
    assign fetch[s]  = fetch_i[s] && fetches_q;
    assign lanes[s]  = lanes_i[s] && free_q && reads_free_q[s];
    assign attend[s] = attend_i[s] && attend_ready_i[s];
  end

  // None that is older could.
  always_comb begin
    fetch_o  = fetch;
    lanes_o  = lanes;
    attend_o = attend;
    for (int s = 0; s < Streams; s++)
      for (int o = 0; o < Streams; o++)
        if (older_q[o][s]) begin
          if (fetch[o] || lanes[o]) begin
            fetch_o[s] = 1'b0;
            lanes_o[s] = 1'b0;
          end
          if (attend[o]) attend_o[s] = 1'b0;
        end
  end

  // A stream by itself never waits: behind a fetch or run of its own, its next word finds the read-out free.
  always_comb begin
    lanes_d   = lanes_q == '0 ? '0 : lanes_q - 1'b1;
    reads_d   = reads_q == '0 ? '0 : reads_q - 1'b1;
    free_d    = lanes_q <= LeftW'(1);
    fetches_d = reads_q <= LeftW'(EmbedRead + 1);
    for (int s = 0; s < Streams; s++) reads_free_d[s] = reads_q <= LeftW'(word_i[s].reads_from) + 1'b1;
    for (int o = 0; o < Streams; o++) begin
      if (fetch_o[o]) begin
        reads_d   = LeftW'(EmbedRead + Embeds - 1);
        fetches_d = Embeds <= 1;
        for (int s = 0; s < Streams; s++)
          reads_free_d[s] = s == o || EmbedRead + Embeds - 1 <= 32'(word_i[s].reads_from);
      end
      if (lanes_o[o]) begin
        lanes_d   = LeftW'(word_i[o].taken);
        reads_d   = LeftW'(word_i[o].reads_until);
        free_d    = word_i[o].taken == '0;
        fetches_d = 32'(word_i[o].reads_until) <= EmbedRead;
        for (int s = 0; s < Streams; s++) reads_free_d[s] = s == o || word_i[o].reads_until <= word_i[s].reads_from;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    lanes_q      <= lanes_d;
    reads_q      <= reads_d;
    free_q       <= free_d;
    fetches_q    <= fetches_d;
    reads_free_q <= reads_free_d;
    for (int s = 0; s < Streams; s++)
      if (fetch_o[s]) begin
        older_q[s] <= '0;
        for (int o = 0; o < Streams; o++) if (o != s) older_q[o][s] <= 1'b1;
      end
    if (rst_i) begin
      lanes_q      <= '0;
      reads_q      <= '0;
      free_q       <= 1'b1;
      fetches_q    <= 1'b1;
      reads_free_q <= '1;
      for (int s = 0; s < Streams; s++)
        for (int o = 0; o < Streams; o++) older_q[s][o] <= s < o;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i)
    if (!rst_i && (!$onehot0({fetch_o, lanes_o}) || !$onehot0(attend_o))) $fatal(1, "%m: two at once");
`endif

endmodule
