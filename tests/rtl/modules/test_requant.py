# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""requant: every input at small widths; wide ones at random, a new one each cycle."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.fixed import requantize

pytestmark = pytest.mark.tools


def grid(*ranges: np.ndarray) -> list[np.ndarray]:
    return [a.reshape(-1) for a in np.meshgrid(*ranges, indexing="ij")]


@pytest.mark.parametrize("stages", [1, 2])
def test_every_input(stages: int) -> None:
    x, shift = grid(np.arange(-(1 << 10), 1 << 10), np.arange(16))
    bench = Bench("requant", InW=11, OutW=8, ShiftW=4, Stages=stages)
    wave = bench.run(x_i=x, shift_i=shift, max_i=31)
    np.testing.assert_array_equal(wave.signed("y_o")[stages:], requantize(x, 1, shift, 6)[:-stages])
