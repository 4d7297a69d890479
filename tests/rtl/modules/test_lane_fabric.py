# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""lane_fabric: a running sum that is never cleared, short of a multiple of the activations' sum."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, digit_offset, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools

# terms, activation bits, weight bits, accumulator bits, stages, minus
CASES = [
    (4, 9, 4, 20, 2, 0),
    (1, 5, 3, 12, 1, 1),
    (6, 8, 8, 14, 2, 1),
    (3, 9, 2, 24, 1, 0),
    (4, 9, 4, 20, 3, 1),
    (2, 6, 5, 18, 3, 0),
]


@pytest.mark.parametrize("form", ["digits", "products"])
@pytest.mark.parametrize("idle", PAUSES[::2])
@pytest.mark.parametrize(("terms", "act", "weight", "acc", "stages", "minus"), CASES)
def test_a_step_a_cycle(
    draw: np.random.Generator,
    terms: int,
    act: int,
    weight: int,
    acc: int,
    stages: int,
    minus: int,
    idle: str,
    form: str,
) -> None:
    count = 2500
    a, w = (draw.integers(-(1 << bits - 1), 1 << bits - 1, (count, terms)) for bits in (act, weight))
    a[:60], w[:60] = -(1 << act - 1), -(1 << weight - 1)  # wraps
    a *= active(idle, count, 3)[:, None]
    bench = Bench(
        "lane_fabric",
        Terms=terms,
        ActW=act,
        WeightW=weight,
        AccW=acc,
        Stages=stages,
        Minus=minus,
        defines=["HW_DIGITS"] if form == "digits" else [],
    )
    bench.reset(3)
    got = bench.run(a_i=a if terms > 1 else a[:, 0], w_i=w if terms > 1 else w[:, 0])["sum_o"]
    wanted = np.cumsum((a * (w - digit_offset(weight))).sum(1))
    equal(got, wanted % (1 << acc), late=stages)


def test_a_reset_clears_the_sum(draw: np.random.Generator) -> None:
    bench = Bench("lane_fabric", Stages=2)
    bench.reset(2)
    bench.run(a_i=draw.integers(1, 255, (9, 4)), w_i=draw.integers(1, 7, (9, 4)))
    bench.set(a_i=0)
    bench.reset(1)
    assert not bench.run(4)["sum_o"].any()
