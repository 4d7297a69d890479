# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""weighted_pair: every unsigned weight times every two values at small widths; the limits of wide ones."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal, grid

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("packed", [0, 1])
@pytest.mark.parametrize(("weight_bits", "value_bits"), [(5, 4), (4, 5), (2, 2), (1, 3)])
def test_every_input(packed: int, weight_bits: int, value_bits: int) -> None:
    value = range(-(1 << value_bits - 1), 1 << value_bits - 1)
    weight, low, high = grid(range(1 << weight_bits), value, value)
    bench = Bench("weighted_pair", Packed=packed, WeightW=weight_bits, ValueW=value_bits)
    wave = bench.run(weight_i=weight, low_i=low, high_i=high)
    equal(wave.signed("low_o"), weight * low, late=1)
    equal(wave.signed("high_o"), weight * high, late=1)


@pytest.mark.parametrize("packed", [0, 1])
def test_wide_ones(draw: np.random.Generator, packed: int) -> None:
    low, high = (draw.integers(-128, 128, 20_000) for _ in range(2))
    weight = draw.integers(0, 1024, 20_000)
    edges = grid((0, 1, 512, 1023), (-128, -1, 0, 1, 127), (-128, -1, 0, 1, 127))
    weight, low, high = (np.concatenate(pair) for pair in zip(edges, (weight, low, high), strict=True))
    wave = Bench("weighted_pair", Packed=packed).run(weight_i=weight, low_i=low, high_i=high)
    equal(wave.signed("low_o"), weight * low, late=1)
    equal(wave.signed("high_o"), weight * high, late=1)
