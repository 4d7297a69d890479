# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""logit_window: rows of logits kept, one of them read a cycle later, its sign extended."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, contents, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("rows", "width", "words"), [(8, 16, 9), (1, 22, 5), (3, 12, 1)])
def test_writes_and_reads(draw: np.random.Generator, rows: int, width: int, words: int, idle: str) -> None:
    count = 2500
    we, write, read = active(idle, count, 2).astype(int), *draw.integers(0, words, (2, count))
    logits, lane = draw.integers(-(1 << width - 1), 1 << width - 1, (count, rows)), draw.integers(0, rows, count)
    bench = Bench("logit_window", Rows=rows, LogitW=width, Words=words)
    given = logits if rows > 1 else logits[:, 0]
    wave = bench.run(we_i=we, row_i=write, logit_i=given, rrow_i=read, rlane_i=lane)
    held, known = contents(we, write, logits, words)
    n = np.arange(count)
    clean = known[n, read] & ~((we == 1) & (write == read))
    if clean[:-1].any():
        equal(wave.signed("rdata_o"), held[n, read, lane], late=1, where=clean)
    else:
        assert words == 1 and idle == "never"
