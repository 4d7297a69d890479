// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// How many positions requests may use: the context that was built, until an image says fewer.
module written_positions
  import contents_pkg::contents_t, contents_pkg::section_of, contents_pkg::FileW, plan_pkg::Context, plan_pkg::PositionW;
(
  input  contents_t            contents_i,
  input  logic                 clk_i,
  output logic [PositionW-1:0] positions_o
);

  localparam int Own = section_of(FileW'("/positions"));

  initial positions_o = PositionW'(Context);

  always_ff @(posedge clk_i) begin
    if (contents_i.valid && 32'(contents_i.section) == Own) positions_o <= PositionW'(contents_i.data);
  end

  logic unused;
  assign unused = ^{contents_i.addr, contents_i.data};

`ifndef SYNTHESIS
  initial if (Own < 0) $fatal(1, "%m: no section of the contents is of the positions");
`endif

endmodule
