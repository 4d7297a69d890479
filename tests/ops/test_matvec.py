# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from hardwire.ops.matvec import Matrix, fold_root


def test_rows_are_scaled_by_their_own_multiplier(draw: np.random.Generator) -> None:
    weight = draw.integers(-8, 8, (2, 5, 30)).astype(np.int8)
    matrix = Matrix(weight, draw.integers(1, 1 << 17, (2, 5)), np.array([20, 22]), 4)
    a = draw.integers(-256, 256, (3, 30))
    for layer, shift in ((0, 20), (1, 22)):
        exact = (a @ weight[layer].T.astype(np.int64)) * matrix.multiplier[layer] / 2.0**shift
        got = matrix.apply(layer, a, 9, 16)
        assert np.array_equal(got, np.floor(exact + 0.5).clip(-(2**15), 2**15 - 1))


def test_folded_root_stays_in_17_bits() -> None:
    top = (1 << 17) - 1
    ends = np.array([top, 3, 1 << 16], np.int64)
    assert fold_root(ends[:1], ends[:1])[0] == top - 1
    assert fold_root(ends[1:2], ends[2:])[0] == 2  # 1.5, ties upward


def test_accumulator_bound_is_reached_by_the_worst_case() -> None:
    matrix = Matrix(np.full((1, 1, 7), -8, np.int8), np.ones((1, 1), np.int64), np.zeros(1, np.int64), 4)
    assert matrix.sums(0, np.full((1, 7), -256), 9)[0, 0] == matrix.accumulator_bound(9)


def test_a_bias_is_added_after_rounding_and_before_saturation() -> None:
    matrix = Matrix(np.array([[[3], [-3]]], np.int8), np.array([[1, 1]]), np.array([2]), 4)
    bias = np.array([[10, -7]])
    for a in range(-256, 256):
        want = [min(max((3 * a + 2 >> 2) + 10, -128), 127), min(max((-3 * a + 2 >> 2) - 7, -128), 127)]
        assert matrix.apply(0, np.array([a]), 9, 8, bias=bias).tolist() == want
    far = np.array([[-(1 << 19), (1 << 19) - 1]])  # a bias may reach beyond every output
    assert matrix.apply(0, np.array([255]), 9, 8, bias=far).tolist() == [-128, 127]


def test_every_layer_has_its_own_bias(draw: np.random.Generator) -> None:
    weight, bias = draw.integers(-8, 8, (2, 5, 30)).astype(np.int8), draw.integers(-900, 900, (2, 5))
    matrix = Matrix(weight, draw.integers(1, 1 << 17, (2, 5)), np.array([20, 22]), 4)
    a, root = draw.integers(-256, 256, (3, 30)), draw.integers(1, 1 << 17, 3)
    for layer in (0, 1):
        plain = matrix.apply(layer, a, 9, 24, root)
        assert np.array_equal(matrix.apply(layer, a, 9, 24, root, bias), plain + bias[layer])
