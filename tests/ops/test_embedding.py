# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from hardwire.ops.embedding import embed
from hardwire.ops.matvec import Matrix


def test_a_row_is_scaled_by_its_own_multiplier() -> None:
    table = Matrix(np.array([[[1, -2], [100, -128]]], np.int8), np.array([[3, 1000]]), np.array([2]), 8)
    assert embed(table, np.array([[0, 1, 0]]), 16).tolist() == [[[1, -1], [25000, -32000], [1, -1]]]
    assert embed(table, np.array([1]), 12).tolist() == [[2047, -2048]]


def test_rows_of_positions_are_rows_like_any_other() -> None:
    table = Matrix(np.array([[[1, -2], [3, 4]]], np.int8), np.array([[4, 8]]), np.array([2]), 8)
    assert embed(table, np.arange(1, 2), 16).tolist() == [[6, 8]]
