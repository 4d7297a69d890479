# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""lane_packed: two rows in one running number, a multiplier for each column."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools

# terms, activation bits, weight bits, accumulator bits, stages
CASES = [(1, 9, 4, 20, 2), (3, 5, 8, 14, 1), (4, 8, 5, 16, 2), (1, 9, 8, 24, 1), (2, 9, 4, 20, 3)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("terms", "act", "weight", "acc", "stages"), CASES)
def test_a_step_a_cycle(
    draw: np.random.Generator, terms: int, act: int, weight: int, acc: int, stages: int, idle: str
) -> None:
    count = 2500
    a = draw.integers(-(1 << act - 1), 1 << act - 1, (count, terms))
    w = draw.integers(-(1 << weight - 1), 1 << weight - 1, (count, 2, terms))
    a[:60], w[:60] = -(1 << act - 1), -(1 << weight - 1)
    a[0] = 0  # the weights before it are not ours
    a *= active(idle, count, 3)[:, None]
    bench = Bench("lane_packed", Terms=terms, ActW=act, WeightW=weight, AccW=acc, Stages=stages)
    bench.reset(3)
    got = bench.run(a_i=a if terms > 1 else a[:, 0], w_i=w)["sum_o"]
    used = np.roll(w, 1, axis=0)  # they come a cycle before
    low, high = np.cumsum((a[:, None] * used).sum(2), axis=0).T
    equal(got, ((high << acc) + low) % (1 << 2 * acc), late=stages)
