# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""product_pair: every pair of products at small widths, in one multiplier and apart; the limits of wide ones."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal, grid

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("packed", [0, 1])
@pytest.mark.parametrize(("a_bits", "b_bits"), [(5, 4), (4, 5), (2, 2), (1, 3)])
def test_every_input(packed: int, a_bits: int, b_bits: int) -> None:
    b = range(-(1 << b_bits - 1), 1 << b_bits - 1)
    a, low, high = grid(range(-(1 << a_bits - 1), 1 << a_bits - 1), b, b)
    wave = Bench("product_pair", Packed=packed, AW=a_bits, BW=b_bits).run(a_i=a, low_i=low, high_i=high)
    equal(wave.signed("low_o"), a * low, late=1)
    equal(wave.signed("high_o"), a * high, late=1)


@pytest.mark.parametrize("packed", [0, 1])
def test_wide_ones(draw: np.random.Generator, packed: int) -> None:
    a, low, high = (draw.integers(-(1 << n - 1), 1 << n - 1, 20_000) for n in (9, 8, 8))
    edges = grid((-256, -1, 0, 1, 255), (-128, -1, 0, 1, 127), (-128, -1, 0, 1, 127))
    a, low, high = (np.concatenate(pair) for pair in zip(edges, (a, low, high), strict=True))
    wave = Bench("product_pair", Packed=packed, AW=9, BW=8).run(a_i=a, low_i=low, high_i=high)
    equal(wave.signed("low_o"), a * low, late=1)
    equal(wave.signed("high_o"), a * high, late=1)
