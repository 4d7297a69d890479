# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""sliced_ram: written a slice at a time, read a word at a time."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, contents, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("slices", "depth"), [(1, 8), (2, 5), (3, 4), (4, 1)])
def test_reads_and_writes(draw: np.random.Generator, slices: int, depth: int, idle: str) -> None:
    count = 1500
    we = active(idle, count, 1).astype(int)
    write, read = draw.integers(0, depth * slices, count), draw.integers(0, depth, count)
    words = draw.integers(0, 1 << 11, count)
    bench = Bench("sliced_ram", Narrow=11, Slices=slices, Depth=depth)
    wave = bench.run(we_i=we, waddr_i=write, wdata_i=words, raddr_i=read)
    held, known = (a.reshape(count, depth, slices) for a in contents(we, write, words, depth * slices))
    n = np.arange(count)
    got = wave.unsigned("rdata_o", slices).reshape(count, slices)
    for s in range(slices):
        equal(got[:, s], held[n, read, s], where=known[n, read, s])
