# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""adder_tree_late: sums of any number of values, at their limits too, at once or a cycle later."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize(("n", "width"), [(1, 5), (2, 9), (3, 1), (5, 9), (8, 4), (13, 9), (25, 7)])
def test_a_sum(draw: np.random.Generator, n: int, width: int, late: int) -> None:
    x = draw.integers(-(1 << width - 1), 1 << width - 1, (2000, n))
    x[0], x[1] = -(1 << width - 1), (1 << width - 1) - 1
    wave = Bench("adder_tree_late", N=n, Width=width, Late=late).run(value_i=x if n > 1 else x[:, 0])
    equal(wave.signed("sum_o"), x.sum(1), late=late)
