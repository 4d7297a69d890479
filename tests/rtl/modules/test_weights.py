# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""weights: every depth's words in playing order, each depth at its own pace; from ROMs, and from URAM when loaded."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Literal
from bench_streams import PAUSES, active

from hardwire.emit.rtl.roms import hex_lines
from hardwire.targets.blocks import tail_words

pytestmark = pytest.mark.tools

# columns, rows, weight bits, words of each depth, depths in URAM
CASES = [
    (4, 2, 4, (5, 3, 1), 0),
    (2, 2, 5, (4, 6, 2, 1, 3), 4),
    (1, 3, 8, (2, 2), 2),
    (1, 2, 4, (514, 513, 528, 529, 512), 0),
]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("columns", "rows", "bits", "words", "uram"), CASES)
def test_words_in_order(
    draw: np.random.Generator, columns: int, rows: int, bits: int, words: tuple[int, ...], uram: int, idle: str
) -> None:
    lanes, depth, count = columns * rows, len(words), max(600, 4 * max(words))
    table = [draw.integers(-(1 << bits - 1), 1 << bits - 1, (n, lanes)) for n in words]
    lines = [hex_lines((t, bits)) for t in table]
    tail = [tail_words(n) if e >= uram else 0 for e, n in enumerate(words)]
    roms = {f"weight{e:02}.hex": x[: len(x) - n] for e, (x, n) in enumerate(zip(lines, tail, strict=True))}
    roms |= {f"tail{e:02}.hex": x[len(x) - n :] for e, (x, n) in enumerate(zip(lines, tail, strict=True)) if n}
    bench = Bench(
        "weights",
        Columns=columns,
        Rows=rows,
        Depth=depth,
        WeightW=bits,
        Uram=uram,
        Split=1,
        Words=Literal.of(words, 16),
        roms=roms,
    )
    bench.reset()
    if uram:  # other contents than those that simulation begins with
        table = [draw.integers(-(1 << bits - 1), 1 << bits - 1, t.shape) for t in table[:uram]] + table[uram:]
        numbers = [int(line, 16) for t in table[:uram] for line in hex_lines((t, bits))]
        parts = -(-lanes * bits // 32)
        stream = np.array([word >> 32 * p & 0xFFFFFFFF for word in numbers for p in range(parts)])
        at = np.r_[active(idle, 30 * len(stream), 7), False, False]
        at[np.flatnonzero(at)[len(stream) :]] = False
        data = draw.integers(0, 1 << 32, len(at))
        data[at] = stream
        bench.run(load_valid_i=at.astype(int), load_data_i=data)
        bench.set(load_valid_i=0)
    step = np.stack([active(idle, count, 10 + e) for e in range(depth)], 1)
    restart, base = np.zeros((count, depth), np.int64), np.zeros((count, depth), np.int64)
    restart[0] = 1
    place = np.zeros((count, depth), np.int64)
    for n in range(1, count):  # a restart where no word is left, and sometimes earlier, at the first word or another
        place[n] = np.where(restart[n - 1], base[n - 1], place[n - 1] + step[n - 1])
        step[n] &= place[n] < words
        restart[n] = (place[n] + step[n] == words) | (draw.random(depth) < (0.02 if max(words) < 100 else 0.0003))
        base[n] = draw.integers(0, words) * draw.integers(0, 2, depth)
        step[n] |= (restart[n] == 1) & (draw.random(depth) < 0.5)  # a restart overrules it
    bits_of = 1 << np.arange(depth)
    given = {"restart_i": restart @ bits_of, "base_i": base, "step_i": step @ bits_of}
    got = bench.run(**given).signed("weight_o", depth * lanes).reshape(count, depth, lanes)
    for n in range(1, count - 1):
        for e in range(depth):
            if place[n, e] < words[e]:
                assert (got[n + 1, e] == table[e][place[n, e]]).all(), f"cycle {n}, depth {e}, word {place[n, e]}"
