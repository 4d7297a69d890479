# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""uram_pair: two depths of one memory, each through its port; a load takes the first port's cycle."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, contents, equal
from bench_streams import active

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("width", "low", "high"), [(40, 6, 9), (16, 1, 1), (24, 8, 8), (9, 5, 1)])
def test_reads_and_loads(draw: np.random.Generator, width: int, low: int, high: int) -> None:
    count, begin = 1500, draw.integers(0, 1 << width, low + high)
    roms = {
        "low.hex": hex_lines((begin[:low, None], width)),
        "high.hex": hex_lines((begin[low:, None], width)),
    }
    bench = Bench(
        "uram_pair", Width=width, LowWords=low, HighWords=high, LowFile="low.hex", HighFile="high.hex", roms=roms
    )
    load, at = active("mostly", count, 2), draw.integers(0, low + high, count)
    data, low_at, high_at = (draw.integers(0, n, count) for n in (1 << width, low, high))
    wave = bench.run(load_i=load.astype(int), load_addr_i=at, load_data_i=data, low_addr_i=low_at, high_addr_i=high_at)
    held, known = contents(load.astype(int), at, data, low + high)
    held, n = np.where(known, held, begin), np.arange(count)
    last = np.maximum.accumulate(np.where(load, -1, n))  # of the first port's reads; it keeps while it loads
    equal(wave["low_o"], held[last, low_at[last]], late=1, where=last >= 0)
    equal(wave["high_o"], held[n, low + high_at], late=1, where=~(load & (at == low + high_at)))
