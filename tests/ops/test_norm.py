# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from hardwire.ops import norm

BITS, RESIDUAL, DIM, UNIT, EPS = 9, 16, 64, 1e-3, 1e-5


def normalized(x: np.ndarray) -> np.ndarray:
    a, v = norm.shift_normalize(x, norm.eps_table(EPS, DIM, UNIT, RESIDUAL, BITS), BITS)
    assert np.abs(a).max() <= 256
    root = norm.reciprocal_root(v, norm.rsqrt_table(), BITS)
    assert root.max() < 1 << 17
    return a * root[..., None] * np.sqrt(DIM) / norm.root_scale(BITS)


@pytest.mark.parametrize("size", [3, 40, 1000, 32767])
def test_norm_matches_the_float_one(size: int, draw: np.random.Generator) -> None:
    x = np.rint(draw.standard_normal((200, DIM)) * size / 3).astype(np.int64).clip(-32768, 32767)
    real = x * UNIT
    want = real / np.sqrt(np.square(real).mean(-1, keepdims=True) + EPS)
    # Half a unit of the shifted vector's largest entry, and the table's 0.1 %.
    bound = np.abs(want).max(-1, keepdims=True) * (0.5 / 127 + 2e-3)
    assert (np.abs(normalized(x) - want) <= bound + 1e-12).all()


def test_zero_vector_stays_zero() -> None:
    assert not normalized(np.zeros((2, DIM), np.int64)).any()


def test_extreme_vectors_fill_the_bits_without_leaving_them() -> None:
    eps = norm.eps_table(EPS, DIM, UNIT, RESIDUAL, BITS)
    for value in (-32768, 32767, -1, 1, 255, -256, 256, -257):
        x = np.zeros((1, DIM), np.int64)
        x[0, 0] = value
        a, _ = norm.shift_normalize(x, eps, BITS)
        assert 128 <= abs(a[0, 0]) <= 256 and np.sign(a[0, 0]) == np.sign(value)


def test_root_is_within_a_tenth_of_a_percent_over_its_whole_range() -> None:
    v = np.unique(np.geomspace(2**14, 2**40, 20000).astype(np.int64))
    root = norm.reciprocal_root(v, norm.rsqrt_table(), BITS)
    exact = norm.root_scale(BITS) / np.sqrt(v)
    assert (np.abs(root - exact) <= exact * 1.0e-3 + 0.5).all()
