# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""readout: sums of passes that follow each other without a gap, out of lanes that are never cleared."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools

# rows, depth, lanes, packed, columns, stages, a cycle later
CASES = [
    (4, 4, 2, 0, 8, 2, 0),
    (2, 3, 3, 1, 6, 1, 0),
    (4, 1, 2, 2, 4, 2, 0),
    (2, 6, 4, 2, 4, 2, 0),
    (2, 6, 4, 2, 4, 3, 1),
    (4, 1, 2, 1, 4, 3, 1),
]
ACT, ACC, OFFSET = 6, 15, 5


@pytest.mark.parametrize(("rows", "depth", "lanes", "packed", "columns", "stages", "late"), CASES)
def test_passes(
    draw: np.random.Generator, rows: int, depth: int, lanes: int, packed: int, columns: int, stages: int, late: int
) -> None:
    count = 2500
    act = draw.integers(-(1 << ACT - 1), 1 << ACT - 1, (count, columns))
    lane = draw.integers(0, 1 << ACC, (count, lanes, rows))
    first, read, sel, total = (np.zeros(count, np.int64) for _ in range(4))
    sel[:] = draw.integers(0, depth, count)
    begin, free = 1, 0  # the next pass, and the first cycle without a read
    while begin < count - 60:
        length, reads = int(draw.integers(1, 9)), int(draw.integers(1, depth + 1))
        length += max(0, free - (begin + length + 1 + stages))
        at = begin + length + 1 + stages
        first[begin] = 1
        following = begin + max(length, reads) + int(draw.integers(3))
        act[begin + 2 + length : following + 2] = 0
        read[at : at + reads], sel[at : at + reads] = 1, np.arange(reads)
        total[at : at + reads] = OFFSET * act[begin + 2 : begin + 2 + length, columns // lanes * packed :].sum()
        begin, free = following, at + reads
    act[:3] = 0
    bench = Bench(
        "readout",
        Rows=rows,
        Depth=depth,
        Lanes=lanes,
        Packed=packed,
        Columns=columns,
        ActW=ACT,
        AccW=ACC,
        Offset=OFFSET,
        Stages=stages,
        Late=late,
    )
    bench.reset(4)
    wave = bench.run(first_i=first, act_i=act, read_i=read, sel_i=sel, lane_i=lane)
    fabric = lane[:, packed:].sum(1)
    pairs = (lane[:, :packed, ::2] + (lane[:, :packed, 1::2] << ACC)).sum(1)
    wanted = np.zeros((count, rows), np.int64)
    last = np.full(depth, -1)
    for n in np.flatnonzero(read):
        before = last[sel[n]]
        wanted[n] = fabric[n] + total[n] - (fabric[before] if before >= 0 else 0)
        change = pairs[n] - (pairs[before] if before >= 0 else 0)
        low = (change + (1 << ACC - 1)) % (1 << ACC) - (1 << ACC - 1)
        wanted[n] += np.stack([low, (change - low) >> ACC], 1).reshape(-1) if packed else 0
        last[sel[n]] = n
    equal(wave.unsigned("sum_o", rows), wanted % (1 << ACC), late=1 + late, where=read == 1)
