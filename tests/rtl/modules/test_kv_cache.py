# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""kv_cache: rows written part by part into a bank, blocks of all banks read a cycle later."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, contents, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools

# banks, depth, channels, width, rows, stages of a read
CASES = [(3, 20, 8, 8, 8, 1), (1, 1, 6, 5, 4, 1), (4, 9, 10, 3, 4, 2), (2, 520, 4, 4, 2, 2)]


@pytest.mark.parametrize("idle", PAUSES[:3])
@pytest.mark.parametrize(("banks", "depth", "channels", "width", "rows", "stages"), CASES)
def test_writes_and_reads(
    draw: np.random.Generator, banks: int, depth: int, channels: int, width: int, rows: int, stages: int, idle: str
) -> None:
    count, parts = 3000, -(-channels // rows)
    we, bank, part = active(idle, count, 1).astype(int), draw.integers(0, banks, count), draw.integers(0, parts, count)
    write, read = draw.integers(0, depth, count), draw.integers(0, depth, count)
    if depth > 100:  # often the same few, and those that are apart
        write, read = (draw.choice([0, 1, 511, 512, 519], count) for _ in range(2))
    data = draw.integers(0, 1 << width, (count, rows))
    bench = Bench("kv_cache", Banks=banks, Depth=depth, Channels=channels, Width=width, Rows=rows, Stages=stages)
    wave = bench.run(we_i=we, bank_i=bank, waddr_i=write, part_i=part, data_i=data, raddr_i=read)
    got = wave.unsigned("data_o", banks * channels).reshape(count, banks, channels)
    n = np.arange(count)
    for b in range(banks):
        for p in range(parts):
            size = min(rows, channels - p * rows)
            mine = we * (bank == b) * (part == p)
            places = np.unique(np.r_[write, read])
            at, seen = np.searchsorted(places, write), np.searchsorted(places, read)
            held, known = contents(mine, at, data[:, :size], len(places))
            clean = known[n, seen] & ~((mine == 1) & (write == read))
            equal(got[:, b, p * rows : p * rows + size], held[n, seen], late=stages, where=clean)
