// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// A stream of 32-bit words to every memory that it is for: section after section, address after address. The first are
// those of URAM, which the engine's own loader collects.
module contents_bus
  import contents_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_i,         // the next word is the first
  input  logic        valid_i,
  input  logic [31:0] data_i,
  output logic        uram_valid_o,  // it is one of URAM's
  output contents_t   contents_o     // a word of a memory, a cycle after its last 32 bits
);

  localparam int UramA = $clog2(UramWords + 2);

  logic [UramA-1:0]    uram_q;  // words of URAM that are left
  logic [SectionW-1:0] section_q;
  logic [AddrW-1:0]    addr_q;
  logic [PartW-1:0]    part_q;
  logic                take, whole;

  assign uram_valid_o = valid_i && uram_q != 0;
  assign take         = valid_i && uram_q == 0;
  assign whole        = part_q == LastPart[section_q];

  always_ff @(posedge clk_i) begin
    contents_o.valid <= 1'b0;
    if (uram_valid_o) uram_q <= uram_q - 1'b1;
    if (take) begin
      for (int p = 0; p < Wide / 32; p++) if (part_q == PartW'(p)) contents_o.data[32*p +: 32] <= data_i;
      part_q <= part_q + 1'b1;
      if (whole) begin
        contents_o.valid   <= 1'b1;
        contents_o.section <= section_q;
        contents_o.addr    <= addr_q;
        part_q             <= '0;
        addr_q             <= addr_q + 1'b1;
        if (addr_q == Last[section_q]) begin
          addr_q    <= '0;
          section_q <= section_q + 1'b1;
        end
      end
    end
    if (rst_i) begin
      uram_q           <= UramA'(UramWords);
      section_q        <= '0;
      addr_q           <= '0;
      part_q           <= '0;
      contents_o.valid <= 1'b0;
    end
  end

endmodule
