# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""matvec: tokens of matrices through the lanes, passes without a gap between them, against an exact product."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Literal

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools

# columns, rows, depth, terms, packed groups, weight bits, stages
CASES = [
    (4, 2, 3, 4, 0, 4, 2),
    (8, 4, 2, 2, 1, 5, 2),
    (4, 2, 1, 1, 4, 8, 1),
    (6, 2, 14, 3, 1, 4, 2),
    (8, 4, 2, 4, 1, 4, 3),
    (4, 2, 3, 2, 1, 4, 4),
]
ACT, ACC = 6, 20


@pytest.mark.parametrize(("columns", "rows", "depth", "terms", "packed", "bits", "stages"), CASES)
def test_tokens(
    draw: np.random.Generator, columns: int, rows: int, depth: int, terms: int, packed: int, bits: int, stages: int
) -> None:
    lane, late = min(stages, 3), int(stages > 3)  # of a lane, and of a read
    # A pass: its steps, and its reads (depths). The last pass of a matrix may have fewer reads.
    passes = [(int(draw.integers(1, 7)), int(draw.integers(1, depth + 1))) for _ in range(9)]
    weight = [draw.integers(-(1 << bits - 1), 1 << bits - 1, (reads, rows, steps, columns)) for steps, reads in passes]
    words = [
        np.concatenate([np.zeros((0, rows, columns), int), *(w[e].swapaxes(0, 1) for w in weight if e < len(w))])
        for e in range(depth)
    ]
    words = [w if len(w) else np.zeros((1, rows, columns), int) for w in words]
    roms = {f"weight{e:02}.hex": hex_lines((w.reshape(len(w), -1), bits)) for e, w in enumerate(words)}
    bench = Bench(
        "matvec",
        Columns=columns,
        Rows=rows,
        Depth=depth,
        Terms=terms,
        Packed=packed,
        ActW=ACT,
        WeightW=bits,
        AccW=ACC,
        Stages=stages,
        Words=Literal.of([len(w) for w in words], 16),
        roms=roms,
    )
    bench.run(1, restart_i=0)
    bench.reset(16)
    for token in range(8):
        if token == 4:
            bench.reset(16)
        act = [draw.integers(-(1 << ACT - 1), 1 << ACT - 1, (steps, columns)) for steps, _ in passes]
        begins, free, begin = [], 0, 1
        for steps, reads in passes:
            begin = max(begin, free - (steps + 1 + lane))  # a read at a time
            begins.append(begin)
            free = begin + steps + 1 + lane + reads
            begin += max(steps, reads) + int(draw.integers(3)) * (token % 2)
        count = free + 3 + late
        step, first, used, read, sel = (np.zeros(count, np.int64) for _ in range(5))
        used[:] = draw.integers(0, depth + 1, count)
        given = np.zeros((count, columns), np.int64)
        for at, (steps, reads), a in zip(begins, passes, act, strict=True):
            step[at : at + steps], first[at], used[at : at + steps] = 1, 1, reads
            given[at + 2 : at + 2 + steps] = a
            out = at + steps + 1 + lane
            read[out : out + reads], sel[out : out + reads] = 1, np.arange(reads)
        first |= draw.integers(0, 2, count) * (step == 0)  # without a step it means nothing
        bench.run(1, restart_i=1, step_i=0, read_i=0)
        wave = bench.run(restart_i=0, step_i=step, first_i=first, count_i=used, act_i=given, read_i=read, sel_i=sel)
        sums = wave.signed("sum_o", rows).reshape(count, rows)
        for number, (at, (steps, reads)) in enumerate(zip(begins, passes, strict=True)):
            out = at + steps + 2 + lane + late
            wanted = np.einsum("ersc,sc->er", weight[number], act[number])
            np.testing.assert_array_equal(sums[out : out + reads], wanted, f"token {token}, pass {number}")
