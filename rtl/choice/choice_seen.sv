// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// Which tokens are among the last of the context. Its tokens are kept by position; a walk marks those of the window, an
// id a cycle, and another behind the draw takes the marks away, so that between draws there are none.
module choice_seen #(
  parameter int Vocab   = 512,
  parameter int Context = 512,
  localparam int IdW       = $clog2(Vocab),
  localparam int PositionW = $clog2(Context + 1),
  localparam int PlaceW    = Context > 1 ? $clog2(Context) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 we_i,       // a token is fed, or will be
  input  logic [PlaceW-1:0]    place_i,    // at this position
  input  logic [IdW-1:0]       id_i,
  input  logic                 start_i,    // a walk; only while busy_o is low
  input  logic                 mark_i,     // with it: marks are made, else taken away
  input  logic [PositionW-1:0] count_i,    // with it: tokens in the context, at least one
  input  logic [PositionW-1:0] window_i,   // held; 0: all of them
  output logic                 busy_o,     // behind a reset too
  input  logic [IdW-1:0]       rid_i,
  output logic                 seen_o      // a cycle later
);

  typedef enum logic [1:0] {Idle, Clear, Walk, Last} state_e;
  state_e               state_q;
  logic                 mark_q, write_q, bit_we, bit_d;
  logic [PositionW-1:0] left_q, window;
  logic [PlaceW-1:0]    place_q;
  logic [IdW-1:0]       clear_q, id, bit_addr;

  assign busy_o = state_q != Idle;
  assign window = window_i == '0 || window_i > count_i ? count_i : window_i;

  block_ram #(.Width(IdW), .Depth(Context)) u_history (
    .clk_i, .we_i, .waddr_i(place_i), .wdata_i(id_i), .raddr_i(place_q), .rdata_o(id));
  block_ram #(.Width(1), .Depth(Vocab)) u_marks (
    .clk_i, .we_i(bit_we), .waddr_i(bit_addr), .wdata_i(bit_d), .raddr_i(rid_i), .rdata_o(seen_o));

  assign bit_we   = write_q || state_q == Clear;
  assign bit_addr = state_q == Clear ? clear_q : id;
  assign bit_d    = state_q != Clear && mark_q;

  always_ff @(posedge clk_i) begin
    write_q <= state_q == Walk;
    unique case (state_q)
      Idle: if (start_i) begin
        state_q <= Walk;
        mark_q  <= mark_i;
        left_q  <= window;
        place_q <= PlaceW'(count_i - 1'b1);
      end
      Walk: begin
        place_q <= place_q - 1'b1;
        left_q  <= left_q - 1'b1;
        if (left_q == 1) state_q <= Last;
      end
      Clear: begin
        clear_q <= clear_q + 1'b1;
        if (clear_q == IdW'(Vocab - 1)) state_q <= Idle;
      end
      default: state_q <= Idle;  // Last: the last mark is written
    endcase
    if (rst_i) begin
      state_q <= Clear;
      clear_q <= '0;
      write_q <= 1'b0;
    end
  end

endmodule
