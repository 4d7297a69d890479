# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""score_cap: scores of a token's heads, each with its shift, capped; heads of random lengths with pauses."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import PAUSES, active

from hardwire.emit.rtl.roms import hex_lines, part_lines
from hardwire.ops import softcap
from hardwire.ops.fixed import requantize
from hardwire.parts.softcap import cap_lines, slope_bits

pytestmark = pytest.mark.tools

LATE = 5  # engine_pkg::ScoreCapLate
BANKS, SCORE = 3, 21


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize("heads", [1, 5])
def test_heads(draw: np.random.Generator, heads: int, idle: str) -> None:
    table, count = softcap.cap_table(30.0, 2e-3, 2**-10), 2000
    shifts = draw.integers(0, 12, heads)
    roms = {"cap00.hex": hex_lines((shifts[:, None], 5)), "score_cap.hex": part_lines(cap_lines(table))}
    bench = Bench(
        "score_cap", Banks=BANKS, ScoreW=SCORE, Heads=heads, SlopeW=slope_bits(table), Shifts="cap00.hex", roms=roms
    )
    score = draw.integers(-(1 << SCORE - 1), 1 << SCORE - 1, (count, BANKS)) >> draw.integers(0, 16, (count, 1))
    last, restart, head = (np.zeros(count, np.int64) for _ in range(3))
    valid = active(idle, count, 2)  # at t0; scores are those of t3
    at, pause = 0, 0
    restart[0] = 1
    for n in range(1, count):
        head[n] = at
        if pause:
            valid[n] = False
            pause -= 1
            restart[n] = pause == 0
        elif valid[n] and draw.random() < 0.4:
            last[n] = 1
            at = (at + 1) % heads
            pause = 6 if at == 0 else 0  # the next token's heads begin well behind
    t3 = np.arange(3, count)
    bench.reset()
    wave = bench.run(restart_i=restart, last_i=last, score_i=score)
    wanted = np.zeros((count, BANKS), np.int64)
    wanted[t3] = softcap.soft_cap(requantize(score[t3], 1, shifts[head[t3 - 3]][:, None], 16), table)
    where = np.zeros(count, bool)
    where[t3] = valid[t3 - 3] & (t3 > 4)
    equal(wave.signed("score_o", BANKS), wanted, late=LATE, where=where)
