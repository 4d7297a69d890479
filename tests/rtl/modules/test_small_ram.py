# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""small_ram: read in the same cycle, the old word while it is written."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, contents, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize("depth", [1, 2, 13])
def test_reads_and_writes(draw: np.random.Generator, depth: int, idle: str) -> None:
    count = 2000
    we = active(idle, count, 1).astype(int)
    write, read = draw.integers(0, depth, (2, count))
    words = draw.integers(0, 1 << 37, count)
    wave = Bench("small_ram", Width=37, Depth=depth).run(we_i=we, waddr_i=write, wdata_i=words, raddr_i=read)
    held, known = contents(we, write, words, depth)
    n = np.arange(count)
    equal(wave["rdata_o"], held[n, read], where=known[n, read])
