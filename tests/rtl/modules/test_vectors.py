# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""vectors: mixed values of one head or several, and hidden values, written in parts and read as the lanes take them."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped, contents, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools

MIXED, HIDDEN = 1, 2  # engine_pkg::source_e
# rows, columns, mixed words, hidden words, heads, divides
CASES = [(8, 8, 3, 5, 1, 2), (4, 8, 4, 6, 1, 4), (4, 4, 2, 1, 2, 1), (8, 16, 2, 4, 4, 2), (2, 6, 3, 3, 1, 1)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("rows", "columns", "mixed", "hidden", "heads", "divides"), CASES)
def test_writes_and_reads(
    draw: np.random.Generator, rows: int, columns: int, mixed: int, hidden: int, heads: int, divides: int, idle: str
) -> None:
    width, slices, parts, count = 7, columns // rows, rows // (heads * divides), 1200
    we = [active(idle, count, seed).astype(int) for seed in (1, 2)]
    at = [draw.integers(0, n, count) for n in (mixed * parts, hidden)]
    data = [draw.integers(0, 1 << width, (count, n)) for n in (heads * divides, rows)]
    source, steps = draw.integers(MIXED, HIDDEN + 1, count), np.array([0, mixed // slices, hidden // slices])
    index = draw.integers(0, 1 << 20, count) % steps[source]
    bench = Bench(
        "vectors",
        Rows=rows,
        Columns=columns,
        Width=width,
        MixedWords=mixed,
        HiddenWords=hidden,
        Heads=heads,
        Divides=divides,
    )
    wave = bench.run(
        mixed_we_i=we[0],
        mixed_addr_i=at[0],
        mixed_i=data[0] if heads * divides > 1 else data[0][:, 0],
        hidden_we_i=we[1],
        hidden_addr_i=at[1],
        hidden_i=data[1],
        source_i=source,
        index_i=index,
        re_i=0,
    )
    got, n = wave.unsigned("data_o", columns), np.arange(count)
    # A mixed word is [part][head][divide] as written, [head][part][divide] as read.
    held, known = contents(we[0], at[0], data[0], mixed * parts)
    held = held.reshape(count, mixed, parts, heads, divides).swapaxes(2, 3)
    known = np.broadcast_to(known.reshape(count, mixed, 1, parts, 1), held.shape)
    held, known = (a.reshape(count, -1, columns) for a in (held, known))
    of = np.where(source == MIXED, index, 0)
    for c in range(columns):
        equal(got[:, c], held[n, of, c], where=known[n, of, c] & (source == MIXED))
    held, known = contents(we[1], at[1], data[1], hidden)
    held, known = held.reshape(count, -1, columns), np.repeat(known, rows, 1).reshape(count, -1, columns)
    of = np.where(source == HIDDEN, index, 0)
    for c in range(columns):
        equal(got[:, c], held[n, of, c], where=known[n, of, c] & (source == HIDDEN))


@pytest.mark.parametrize("source", [MIXED, HIDDEN])
def test_a_stale_read_stops(source: int) -> None:
    bench = Bench("vectors", Rows=4, Columns=4, MixedWords=2, HiddenWords=2, Divides=2)
    bench.run(1, mixed_clear_i=1, hidden_clear_i=1)
    bench.run(1, mixed_clear_i=0, hidden_clear_i=0, mixed_we_i=1, mixed_addr_i=1, hidden_we_i=1, hidden_addr_i=0)
    bench.set(mixed_we_i=0, hidden_we_i=0, re_i=1, source_i=source, index_i=0)
    bench.run(1)  # the last part of word 0 is there
    with pytest.raises(Stopped, match="word 1 is read before it is written"):
        bench.run(1, index_i=1)
    bench = Bench("vectors", Rows=4, Columns=4, MixedWords=2, HiddenWords=2, Divides=2, MixedReal=1, HiddenReal=1)
    bench.run(1, mixed_clear_i=1, hidden_clear_i=1)
    bench.run(1, mixed_clear_i=0, hidden_clear_i=0, re_i=1, source_i=source, index_i=1)  # holds nothing
