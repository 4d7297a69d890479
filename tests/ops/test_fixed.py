# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Rounding and saturation against exact rational arithmetic, exhaustively at small widths."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hardwire.ops import fixed


@pytest.mark.parametrize("shift", range(7))
def test_round_shift_is_nearest_with_ties_toward_plus_infinity(shift: int) -> None:
    x = np.arange(-300, 301)
    expected = [int((Fraction(int(v), 1 << shift) + Fraction(1, 2)) // 1) for v in x]
    assert fixed.round_shift(x, shift).tolist() == expected


@pytest.mark.parametrize("bits", [2, 5, 8])
def test_requantize_scales_rounds_and_saturates(bits: int) -> None:
    x = np.arange(-128, 128)
    low, high = fixed.limits(bits)
    for multiplier in (0, 1, 3, 17):
        for shift in (0, 1, 4):
            want = [min(max((int(v) * multiplier + ((1 << shift) >> 1)) >> shift, low), high) for v in x]
            assert fixed.requantize(x, multiplier, shift, bits).tolist() == want


def test_bit_lengths_are_pythons() -> None:
    x = np.unique([max((1 << n) + d, 0) for n in range(63) for d in (-2, -1, 0, 1)] + [2**63 - 1, 2**62 + 2**61 - 1])
    assert fixed.bit_length(x).tolist() == [int(v).bit_length() for v in x]
    signed = np.array([0, -1, 1, -2, 127, -128, 128, -129, -(2**15)])
    assert fixed.magnitude_bits(signed).tolist() == [0, 0, 1, 1, 7, 7, 8, 8, 15]


@pytest.mark.parametrize("largest", [2**3, 2**11, 2**14])
def test_exact_product_is_the_integer_product(largest: int, draw: np.random.Generator) -> None:
    a, b = (draw.integers(-largest, largest + 1, s) for s in ((5, 300), (300, 7)))
    assert np.array_equal(fixed.exact_product(a, b, 300 * largest**2), a @ b)


def test_exact_product_refuses_what_a_float_cannot_hold() -> None:
    with pytest.raises(OverflowError, match="more than a float64 holds"):
        fixed.exact_product(np.ones((1, 1), np.int64), np.ones((1, 1)), 1 << 53)


def test_scale_pairs_are_within_half_a_unit_of_the_multiplier() -> None:
    scales = np.array([1.0, 0.37, 0.01, 1e-5]) * 0.0123
    multiplier, shift = fixed.scale_pair(scales)
    assert multiplier.max() < 1 << fixed.MULTIPLIER_BITS and multiplier.max() >= 1 << (fixed.MULTIPLIER_BITS - 1)
    assert np.abs(multiplier - scales * 2.0**shift).max() <= 0.5


@pytest.mark.parametrize("scale", [0.0, 1e6, float("nan")])
def test_scales_without_a_pair_are_refused(scale: float) -> None:
    with pytest.raises(OverflowError, match="no \\(multiplier, shift\\) form"):
        fixed.scale_pair(np.array([scale]))
