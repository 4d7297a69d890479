# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""uart_tx: the wire in every cycle, for bytes that follow each other and bytes that do not."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import Source, active, cycles, idle

pytestmark = pytest.mark.tools

BITS = 10


@idle
@pytest.mark.parametrize("divisor", [8, 13, 50])
def test_bytes(draw: np.random.Generator, divisor: int, idle: str) -> None:
    sent = [0x00, 0xFF, 0x55, *draw.integers(0, 256, 6).tolist()]
    bench = Bench("uart_tx", Divisor=divisor)
    wire, taken = [], []

    class Line:
        def before(self, bench: Bench) -> None:
            pass

        def after(self, bench: Bench) -> None:
            wire.append(bench.get("txd_o"))
            if bench.get("ready_o") and bench.get("valid_i"):
                taken.append(len(wire))

    bench.reset()
    source = Source([{"data_i": byte} for byte in sent], "valid_i", "ready_o", active(idle, 400, 5))
    ended = [0]

    def done() -> bool:
        ended[0] += source.done
        return ended[0] > (BITS + 3) * divisor

    cycles(bench, [source, Line()], done, 400 * BITS * divisor)
    wanted = np.ones(len(wire), np.int64)
    for begin, byte in zip(taken, sent, strict=True):
        bits = [0, *(byte >> n & 1 for n in range(8)), 1]
        wanted[begin : begin + BITS * divisor] = np.repeat(bits, divisor)
    assert wire == wanted.tolist()
    assert (np.diff(taken) >= BITS * divisor).all()  # the stop bit is whole
    if idle == "never":
        assert (np.diff(taken) <= BITS * divisor + 1).all()


def test_the_wire_is_high_from_the_first_moment_on_and_in_a_reset() -> None:
    bench = Bench("uart_tx", Divisor=8, seed=3)
    assert bench.get("txd_o") == 1
    bench.reset()
    bench.run(5, valid_i=1, data_i=0)
    assert bench.run(1, valid_i=0)["txd_o"].tolist() == [0]
    bench.reset()
    assert bench.run(200)["txd_o"].all()
