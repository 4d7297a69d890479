// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Frames to the host: answers to commands first; when there are none, tokens as they come, and the end of a request.
// Words are read from the registers while the frame goes out. Of several streams each has its turn; the address in a
// frame names whose it is, and its status is that stream's.
module serial_sender
  import host_pkg::*;
#(
  parameter int Streams = 1,
  parameter int BusW    = AddrW  // of an address on the register bus
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             command_valid_i,
  output logic             command_ready_o,
  input  logic [7:0]       command_op_i,
  input  logic [7:0]       command_tag_i,
  input  logic [BusW-1:0]  command_addr_i,
  input  logic [4:0]       command_count_i,
  input  logic [Streams-1:0][4:0]      push_count_i,  // tokens to push, from push_addr_i on
  input  logic [Streams-1:0][BusW-1:0] push_addr_i,
  output logic [Streams-1:0]           push_o,        // they are being pushed
  input  logic [Streams-1:0]           done_i,        // a request ended
  input  logic [Streams-1:0][7:0]      status_i,
  output logic             read_o,          // the register bus
  input  logic             grant_i,         // it was free for read_o
  output logic [BusW-1:0]  addr_o,
  input  logic             rvalid_i,
  input  logic [31:0]      rdata_i,
  output logic             valid_o,         // bytes of frames, and the marks around them
  input  logic             ready_i,
  output logic             mark_o,
  output logic [7:0]       data_o
);

  localparam int NumberW = Streams > 1 ? $clog2(Streams) : 1;

  typedef enum logic [2:0] {Idle, Open, Header, Fetch, Word, Tail, Close} state_e;
  state_e           state_q;
  logic             answer, push, finish, next, asked_q, due_q;  // due_q: the byte before is not in the checksum yet
  logic [2:0]       byte_q;       // of the header, of a word, of the tail
  logic [4:0]       left_q;       // words
  logic [7:0]       op_q, tag_q, sent_q, crc_q, crc_d, status_q;
  logic [23:0]      shown_addr;
  logic [BusW-1:0]  first_q;
  logic [31:0]      word_q;

  // Whose tokens, or end, are next: of those that have some, a cycle ago, the one behind the last. What it has stays.
  logic [Streams-1:0] end_q, pushes, ends;
  logic [NumberW-1:0] next_q, whose_d, whose;
  logic [7:0]         status;

  always_comb begin
    whose_d = '0;
    for (int s = 0; s < Streams; s++) begin
      pushes[s] = push_count_i[s] != 0;
      ends[s]   = push_count_i[s] == 0 && end_q[s] && status_i[s][StatusStream];
    end
    for (int s = Streams - 1; s >= 0; s--) if (pushes[s] || ends[s]) whose_d = NumberW'(s);
    for (int s = Streams - 1; s >= 0; s--) if ((pushes[s] || ends[s]) && s >= 32'(next_q)) whose_d = NumberW'(s);
  end
  if (Streams > 1) begin : gen_turn
    always_ff @(posedge clk_i) begin
      if (push || finish) next_q <= whose + 1'b1;  // beyond the last of three: the first
      whose <= whose_d;
      if (rst_i) {next_q, whose} <= '0;
    end
    always_comb begin
      status = status_i[0];
      for (int s = 1; s < Streams; s++) if (32'(first_q[BusW-1:AddrW]) == s) status = status_i[s];
    end
  end else begin : gen_alone
    assign {next_q, whose} = '0;
    logic unused_whose;
    assign unused_whose = ^whose_d;
    assign status = status_i[0];
  end

  crc8 u_crc (.crc_i(crc_q), .data_i(sent_q), .crc_o(crc_d));

  assign answer          = state_q == Idle && command_valid_i;
  assign push            = state_q == Idle && !command_valid_i && pushes[whose];
  assign finish          = state_q == Idle && !command_valid_i && ends[whose];
  assign command_ready_o = answer;
  assign push_o          = Streams'(push) << whose;
  assign shown_addr      = 24'(first_q);
  assign read_o          = state_q == Fetch && !asked_q;
  assign valid_o         = state_q != Idle && state_q != Fetch && !due_q;
  assign mark_o          = state_q == Open || state_q == Close;
  assign next            = valid_o && ready_i;

  always_comb begin
    unique case (state_q)
      Header: begin
        unique case (byte_q)
          3'd0:    data_o = op_q;
          3'd1:    data_o = tag_q;
          3'd2:    data_o = shown_addr[7:0];
          3'd3:    data_o = shown_addr[15:8];
          default: data_o = shown_addr[23:16];
        endcase
      end
      Word:    data_o = word_q[7:0];
      Tail:    data_o = byte_q == 0 ? status_q : ~crc_q;
      default: data_o = '0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (state_q != Tail) status_q <= status;
    for (int s = 0; s < Streams; s++) if (!status_i[s][StatusStream]) end_q[s] <= 1'b0;
    if (read_o && grant_i) asked_q <= 1'b1;
    if (next) byte_q <= byte_q + 1'b1;
    sent_q <= data_o;
    due_q  <= next && !mark_o;
    if (due_q) crc_q <= crc_d;
    unique case (state_q)
      Idle: begin
        byte_q  <= '0;
        crc_q   <= 8'hff;
        asked_q <= 1'b0;
        tag_q   <= 8'h0;
        if (answer) begin
          {op_q, tag_q}     <= {command_op_i, command_tag_i};
          {first_q, addr_o} <= {2{command_addr_i}};
          left_q            <= command_count_i;
        end else if (push) begin
          op_q              <= OpTokens;
          {first_q, addr_o} <= {2{push_addr_i[whose]}};
          left_q            <= push_count_i[whose];
        end else begin
          op_q              <= OpEnd;
          {first_q, addr_o} <= {2{BusW'(RegStatus) | BusW'(whose) << AddrW}};
          left_q            <= 5'd2;  // and write_index behind it
        end
        if (answer || push || finish) state_q <= Open;
        if (finish) end_q[whose] <= 1'b0;
      end
      Open: if (next) begin
        state_q <= Header;
        byte_q  <= '0;
      end
      Header: if (next && byte_q == 3'(Head - 1)) begin
        byte_q  <= '0;
        state_q <= left_q != 0 ? Fetch : Tail;
      end
      Fetch: if (rvalid_i) begin
        asked_q <= 1'b0;
        word_q  <= rdata_i;
        left_q  <= left_q - 1'b1;
        addr_o  <= addr_o + BusW'(4);
        state_q <= Word;
      end
      Word: if (next) begin
        word_q <= word_q >> 8;
        if (byte_q == 3'd3) begin
          byte_q  <= '0;
          state_q <= left_q != 0 ? Fetch : Tail;
        end
      end
      Tail: if (next && byte_q == 3'd1) state_q <= Close;
      default: if (next) state_q <= Idle;  // Close
    endcase
    for (int s = 0; s < Streams; s++) if (done_i[s]) end_q[s] <= 1'b1;
    if (rst_i) begin
      state_q <= Idle;
      end_q   <= '0;
      due_q   <= 1'b0;
    end
  end

endmodule
