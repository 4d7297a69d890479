# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""score_alibi: scores of a token's heads, each with its slope; heads of one block and of many, with pauses."""

from __future__ import annotations

import numpy as np
import pytest
from bench import PAUSES, Bench, active, equal

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops.attention import ALIBI_FRACTION
from hardwire.ops.fixed import round_shift
from hardwire.parts.alibi import ALIBI_LATE

pytestmark = pytest.mark.tools

SCORE, OUT, SLOPE, BLOCKS = 21, 26, 20, 7


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("heads", "banks"), [(1, 3), (5, 3), (2, 1), (3, 12)])
def test_heads(draw: np.random.Generator, heads: int, banks: int, idle: str) -> None:
    count = 2000
    slopes = np.append(draw.integers(0, 1 << SLOPE, heads - 1), (1 << SLOPE) - 1)
    roms = {"alibi00.hex": hex_lines((slopes[:, None], SLOPE))}
    bench = Bench(
        "score_alibi", Banks=banks, Blocks=BLOCKS, ScoreW=SCORE, OutW=OUT, SlopeW=SLOPE, Heads=heads,
        Slopes="alibi00.hex", roms=roms,
    )  # fmt: skip
    score = draw.integers(-(1 << SCORE - 1), 1 << SCORE - 1, (count, banks))
    last, restart, head, block = (np.zeros(count, np.int64) for _ in range(4))
    valid = active(idle, count, 2)  # at t0; scores are those of t3
    at, where, pause = 0, 0, 0
    valid[0], restart[0] = False, 1
    for n in range(1, count):
        if pause:
            valid[n] = False
            pause -= 1
            restart[n] = pause == 0
        if valid[n]:
            head[n], block[n] = at, where
            last[n] = where == BLOCKS - 1 or draw.random() < 0.4
            where = 0 if last[n] else where + 1
            if last[n]:
                at = (at + 1) % heads
                pause = 6 if at == 0 else 0  # the next token's heads begin well behind
    t3 = np.arange(3, count)
    bench.reset()
    wave = bench.run(restart_i=restart, valid_i=valid, last_i=last, score_i=score)
    place = block[:, None] * banks + np.arange(banks)
    bias = round_shift(slopes[head][:, None] * place, ALIBI_FRACTION)
    wanted = np.zeros((count, banks), np.int64)
    wanted[t3] = score[t3] + bias[t3 - 3]
    looked = np.zeros(count, bool)
    looked[t3] = valid[t3 - 3]
    equal(wave.signed("score_o", banks).reshape(count, banks), wanted, late=ALIBI_LATE, where=looked)
