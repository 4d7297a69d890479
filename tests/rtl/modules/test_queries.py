# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""queries: parts of walks written, whole walks read; a walk that is not whole stops the simulation."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped, contents, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools

# walks, channels, rows
CASES = [(8, 8, 8), (3, 10, 4), (1, 6, 2), (2, 3, 8)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("words", "channels", "rows"), CASES)
def test_layers(draw: np.random.Generator, words: int, channels: int, rows: int, idle: str) -> None:
    """All walks of a layer are written, then read while nothing is, then the next layer's replace them."""
    parts, width = -(-channels // rows), 9
    bench = Bench("queries", Words=words, Channels=channels, Width=width, Rows=rows)
    bench.run(1, clear_i=1)
    bench.set(clear_i=0)
    for layer in range(4):
        at = active(idle, 40 * words * parts, layer)
        at[np.flatnonzero(at)[words * parts :]] = False
        order = np.arange(words * parts)
        value = draw.integers(-256, 256, (len(at), rows))
        word, part = (np.zeros(len(at), int) for _ in range(2))
        word[at], part[at] = order // parts, order % parts
        bench.run(we_i=at.astype(int), waddr_i=word, part_i=part, data_i=value)
        bench.set(we_i=0)
        written = value[at].reshape(words, parts * rows)[:, :channels]
        read = draw.integers(0, words, 100)
        wave = bench.run(re_i=1, raddr_i=read)
        equal(wave.signed("query_o", channels), written[read])
        bench.run(1, re_i=0, clear_i=int(layer % 2))
        bench.set(clear_i=0)


def test_reads_during_writes(draw: np.random.Generator) -> None:
    count, words = 2000, 4
    we, part, write = active("at random", count, 1).astype(int), *(draw.integers(0, n, count) for n in (2, words))
    data, read = draw.integers(0, 512, (count, 4)), draw.integers(0, words, count)
    bench = Bench("queries", Words=words, Channels=8, Width=9, Rows=4)
    wave = bench.run(we_i=we, waddr_i=write, part_i=part, data_i=data, raddr_i=read, re_i=0)
    got, n = wave.unsigned("query_o", 8).reshape(count, 2, 4), np.arange(count)
    for p in range(2):
        held, known = contents(we * (part == p), write, data, words)
        equal(got[:, p], held[n, read], where=known[n, read])


def test_a_walk_that_is_not_whole_stops() -> None:
    bench = Bench("queries", Words=4, Channels=8, Width=9, Rows=4)
    bench.run(1, clear_i=1)
    bench.run(1, clear_i=0, we_i=1, waddr_i=2, part_i=0)
    with pytest.raises(Stopped, match="word 2 is read before it is written"):
        bench.run(1, we_i=0, re_i=1, raddr_i=2)
