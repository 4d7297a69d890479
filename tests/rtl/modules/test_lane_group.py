# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""lane_group: rows by themselves, in fabric, or in pairs of one number; the same sums of both."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, digit_offset, equal

pytestmark = pytest.mark.tools

# rows, terms, activation bits, weight bits, accumulator bits, stages
CASES = [(4, 2, 9, 4, 20, 2), (2, 3, 6, 5, 14, 1), (2, 4, 6, 4, 16, 3)]


@pytest.mark.parametrize("packed", [0, 1])
@pytest.mark.parametrize(("rows", "terms", "act", "weight", "acc", "stages"), CASES)
def test_a_step_a_cycle(
    draw: np.random.Generator, rows: int, terms: int, act: int, weight: int, acc: int, stages: int, packed: int
) -> None:
    count = 1500
    a = draw.integers(-(1 << act - 1), 1 << act - 1, (count, terms))
    w = draw.integers(-(1 << weight - 1), 1 << weight - 1, (count, rows, terms))
    a[0] = 0
    bench = Bench(
        "lane_group", Packed=packed, Rows=rows, Terms=terms, ActW=act, WeightW=weight, AccW=acc, Stages=stages
    )
    bench.reset(3)
    wave = bench.run(a_i=a, w_i=w)
    used = np.roll(w, 1, axis=0)
    sums = np.cumsum((a[:, None] * used).sum(2), axis=0)
    if packed:
        pairs = wave.unsigned("sum_o", rows // 2).reshape(count, rows // 2)
        equal(pairs, ((sums[:, 1::2] << acc) + sums[:, ::2]) % (1 << 2 * acc), late=stages)
    else:
        lack = digit_offset(weight) * np.cumsum(a.sum(1))
        equal(wave.unsigned("sum_o", rows), (sums - lack[:, None]) % (1 << acc), late=stages)
