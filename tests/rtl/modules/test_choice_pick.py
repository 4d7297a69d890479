# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_pick: the winner of the best, by scaled logit and noise, and by the part that top_p keeps."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_choice import BEST, BEST_BITS, MOST, packed

from hardwire.ops.choice import ALL, weight, weight_table

pytestmark = pytest.mark.tools

LATE = 5  # of a weight


def pick(bench: Bench, kept: int, top_p: int, scaled: np.ndarray) -> tuple[int, int, int]:
    """Id, logit and cycles of a draw; weights come as choice_weight gives them."""
    bench.run(1, start_i=1, kept_i=kept, top_p_i=top_p & 0x1FFFF, whole_i=top_p >> 16)
    bench.set(start_i=0)
    table, due = weight_table(), [0] * LATE
    for cycle in range(1, 200):
        bench.set(weight_i=due[-1])
        bench.settle()
        if bench.get("done_o"):
            found = bench.get("id_o"), bench.get("logit_o"), cycle
            bench.run(1)
            return found
        distance = bench.get("distance_o")
        due = [int(weight(np.array([distance]), 10, table)[0]), *due[:-1]]
        bench.run(1)
    raise AssertionError("it does not end")


def test_winners(draw: np.random.Generator) -> None:
    bench = Bench("choice_pick")
    bench.reset()
    for case in range(60):
        count = int(draw.integers(1, MOST + 1))
        scaled = -np.sort(-(draw.integers(-3000, 3000, count) if case % 3 else draw.integers(-2, 3, count)))
        noise = draw.integers(-2500, 6000, count) if case % 2 else draw.integers(-1, 2, count)
        ids = draw.permutation(512)[:count]
        whole = 0
        for place in range(count):
            entry = packed(
                BEST, id=int(ids[place]), logit=int(scaled[place]), scaled=int(scaled[place]), noise=int(noise[place])
            )
            whole |= entry << place * BEST_BITS
        bench.set(best_i=whole)
        top_p = int(draw.choice([ALL, 1, 20000, 50000, 65535]))
        part = weight(scaled[0] - scaled, 10, weight_table())
        stays = (
            np.arange(count) if top_p == ALL else np.flatnonzero((np.cumsum(part) - part) * ALL < top_p * part.sum())
        )
        value = (scaled + noise)[stays]
        wanted = int(ids[stays][value == value.max()].min())
        token, logit, cycles = pick(bench, count, top_p, scaled)
        assert token == wanted, case
        assert logit == int(scaled[np.flatnonzero(ids == wanted)[0]]) & 0xFFFF
        assert cycles == (1 if top_p == ALL else 2) * (count + LATE + 1) + 1
