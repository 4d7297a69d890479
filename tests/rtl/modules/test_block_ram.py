# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""block_ram: every depth that it splits and those that it does not; reads a cycle later, writes at random."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, contents, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("depth", [1, 2, 5, 16, 512, 513, 528, 529, 1024, 1030])
@pytest.mark.parametrize("stages", [1, 2])
def test_reads_and_writes(draw: np.random.Generator, depth: int, stages: int) -> None:
    count, width = 2500, 33
    bench = Bench("block_ram", Width=width, Depth=depth, Stages=stages)
    data = draw.integers(0, 1 << width, depth)
    bench.run(we_i=np.ones(depth, int), waddr_i=np.arange(depth), wdata_i=data)
    wave = bench.run(we_i=0, raddr_i=np.arange(depth))
    equal(wave["rdata_o"][stages:], data[:-stages]) if depth > stages else None
    we = active("at random", count, 1).astype(int)
    near = (depth - 1 - draw.geometric(0.2, count)) % depth  # often where the depth is split
    write, read = (
        np.where(draw.random(count) < 0.5, near, draw.integers(0, depth, count)),
        draw.integers(0, depth, count),
    )
    words = draw.integers(0, 1 << width, count)
    wave = bench.run(we_i=we, waddr_i=write, wdata_i=words, raddr_i=read)
    held, known = contents(we, write, words, depth)
    wanted = np.where(known[np.arange(count), read], held[np.arange(count), read], data[read])
    equal(wave["rdata_o"], wanted, late=stages, where=~((we == 1) & (write == read)))


@pytest.mark.parametrize("idle", PAUSES)
def test_a_word_is_kept_while_nothing_is_written(draw: np.random.Generator, idle: str) -> None:
    """In a ring: each word is read just before its place is written again."""
    depth, count = 520, 2200
    we = active(idle, count, 2).astype(int)
    write = (np.cumsum(we) - we) % depth
    words = draw.integers(0, 256, count)
    wave = Bench("block_ram", Width=8, Depth=depth).run(
        we_i=we, waddr_i=write, wdata_i=words, raddr_i=(write + 1) % depth
    )
    held, known = contents(we, write, words, depth)
    n, read = np.arange(count), (write + 1) % depth
    if known[n, read].any():
        equal(wave["rdata_o"], held[n, read], late=1, where=known[n, read])
    else:
        assert we.sum() < depth
