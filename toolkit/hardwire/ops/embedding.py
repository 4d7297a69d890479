# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Token and position embedding: an int8 row and the row's own multiplier, scaled into residual units."""

from __future__ import annotations

from .fixed import Ints, requantize
from .matvec import Matrix


def embed(table: Matrix, ids: Ints, bits: int) -> Ints:
    """Residual vectors [..., D] of ids or positions [...]; the table is a Matrix of one layer, [1, V, D]."""
    rows = table.weight[0, ids].astype("int64")
    return requantize(rows, table.multiplier[0, ids][..., None], table.shift[0], bits)
