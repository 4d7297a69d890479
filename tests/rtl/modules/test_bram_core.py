# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""bram_core: two ports of many widths and modes at random, on clocks of their own, against bytes in Python."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

pytestmark = pytest.mark.tools

BYTES = 64
# read widths, write widths, modes, old for the other, output registers, gated resets, resets that block writes
CONFIGS = {
    "true dual": ((18, 18), (18, 18), (0, 1), 0b00, 0b00, 0, 1),
    "old words": ((9, 18), (18, 9), (2, 2), 0b11, 0b01, 1, 0),
    "narrow": ((1, 4), (2, 1), (1, 0), 0b01, 0b10, 1, 1),
    "simple dual": ((0, 36), (36, 0), (0, 2), 0b00, 0b11, 0, 0),
    "wide": ((72, 0), (0, 72), (1, 1), 0b10, 0b00, 1, 0),
    "mixed": ((4, 36), (36, 2), (2, 1), 0b00, 0b11, 0, 1),
}
RESET = (0x0123456789ABCDEF01, 0x00FF00FF00FF00FF3C)


def wrapper(name: str) -> str:
    """Parameters that are arrays cannot be given from outside."""
    reads, writes, modes, old, registers, gated, blocks = CONFIGS[name]
    listed = ["'{" + ", ".join(map(str, pair)) + "}" for pair in (reads, writes, modes)]
    return f"""
module bram_core_bench (
  input  logic [1:0] clk_i, en_i,
  input  logic [1:0][7:0] we_i,
  input  logic [1:0] rst_i, reg_en_i, reg_rst_i,
  input  logic [1:0][8:0] addr_i,
  input  logic [1:0][71:0] data_i,
  output logic [1:0][71:0] data_o
);
  bram_core #(.Bytes({BYTES}), .ReadWidth({listed[0]}), .WriteWidth({listed[1]}), .Mode({listed[2]}),
    .OldForOther({old}), .OutReg({registers}), .ResetGated({gated}), .ResetBlocksWrite({blocks}),
    .ResetValue('{{72'h{RESET[0]:x}, 72'h{RESET[1]:x}}})) u_core (.*);
endmodule
"""


class Port:
    """What a port's pins say in a cycle."""

    def __init__(self, pins: dict[str, int], read: int, write: int) -> None:
        self.pins, self.read, self.write = pins, read, write

    def places(self, width: int) -> tuple[range, int]:
        """Bytes of an access, and where a narrow one begins in its byte."""
        span, at = max(width // 9, 1), self.pins["addr"]
        first = (at >> 3) // span * span
        return range(first, first + span), 0 if width >= 9 else at % 8 // width * width

    def written(self, may: bool) -> dict[int, tuple[int, int]]:
        """Byte to the bits that are written, and their values."""
        found = {}
        if may:
            places, offset = self.places(self.write)
            for n, at in enumerate(places):
                if self.pins["we"] >> n & 1:
                    mask = 0x1FF if self.write >= 9 else (1 << self.write) - 1 << offset
                    value = self.pins["data"] >> 9 * n & 0x1FF if self.write >= 9 else self.pins["data"] << offset
                    found[at] = (mask, value & mask)
        return found


@pytest.mark.parametrize("name", CONFIGS)
def test_random_accesses(draw: np.random.Generator, name: str) -> None:
    reads, writes, modes, old, registers, gated, blocks = CONFIGS[name]
    bench = Bench("bram_core", wrapper=wrapper(name))
    bench.clock = ""
    memory: list[int | None] = [None] * BYTES  # None: never written
    latch: list[int | None] = [None, None]
    held: list[int | None] = [None, None]
    compared = 0
    for cycle in range(2500):
        edges = int(draw.integers(1, 4))
        pins = [
            {
                "en": int(draw.random() < 0.8),
                "we": int(draw.integers(1, 256)) * int(draw.random() < 0.5),
                "rst": int(draw.random() < 0.1),
                "reg_en": int(draw.integers(2)),
                "reg_rst": int(draw.random() < 0.1),
                "addr": int(draw.integers(BYTES * 8)),
                "data": int.from_bytes(draw.bytes(9), "little"),
            }
            for _ in range(2)
        ]
        ports = [Port(each, reads[p], writes[p]) for p, each in enumerate(pins)]
        may = [
            bool(writes[p] and pins[p]["en"] and pins[p]["we"] and not (blocks and pins[p]["rst"])) for p in range(2)
        ]
        written = [port.written(may[p]) for p, port in enumerate(ports)]
        if all(may) and set(written[0]) & set(written[1]):
            continue  # no device says which of them wins
        given = {
            f"{key}_i": pins[0][key] | pins[1][key] << width
            for key, width in (
                ("en", 1),
                ("we", 8),
                ("rst", 1),
                ("reg_en", 1),
                ("reg_rst", 1),
                ("addr", 9),
                ("data", 72),
            )
        }
        bench.set(clk_i=0, **given)
        bench.settle()
        for p in range(2):
            if not edges >> p & 1 or not reads[p]:
                continue
            if pins[p]["reg_en"]:
                before = latch[p]
            else:
                before = held[p]
            held[p] = RESET[p] if pins[p]["reg_rst"] else before
            if pins[p]["en"] and not (modes[p] == 0 and may[p]):
                places, offset = ports[p].places(reads[p])
                seen: int | None = 0
                for n, at in enumerate(places):
                    value = memory[at]
                    mask, fresh = written[p].get(at, (0, 0))
                    if modes[p] == 1 and mask == 0x1FF:
                        value = fresh
                    elif modes[p] == 1 and mask and value is not None:
                        value = value & ~mask | fresh
                    if value is not None and not old >> (1 - p) & 1:
                        value ^= written[1 - p].get(at, (0, 0))[0]  # undefined: inverted
                    seen = None if value is None or seen is None else seen | value << 9 * n
                if seen is not None and reads[p] < 9:
                    seen = seen >> offset & (1 << reads[p]) - 1
                latch[p] = seen
            if pins[p]["rst"] and (pins[p]["en"] or not gated):
                latch[p] = RESET[p]
        for p in range(2):
            if edges >> p & 1:
                for at, (mask, value) in written[p].items():
                    if mask == 0x1FF:
                        memory[at] = value
                    elif memory[at] is not None:
                        memory[at] = memory[at] & ~mask | value
        bench.set(clk_i=edges)
        bench.settle()
        got = bench.get("data_o")
        for p in range(2):
            wanted = (held if registers >> p & 1 else latch)[p] if reads[p] else 0
            if wanted is not None:
                compared += bool(reads[p])
                found = got >> 72 * p & (1 << 72) - 1
                assert found == wanted, f"cycle {cycle}, port {p}: {found:x}, not {wanted:x}"
    assert compared > 800
