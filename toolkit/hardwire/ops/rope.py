# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Rotary position embedding (Su et al., 2021) of queries and keys, and their final rounding.

Inputs carry ``FRACTION`` bits below the unit of the output, so that a value is rounded once.
Dimensions beyond the rotated ones pass through with the same rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fixed import Ints, round_shift, saturate

INPUT_BITS = 16
FRACTION = 6
ANGLE_BITS = 14  # cos and sin in units of 2**-14


def angle_tables(cos: NDArray[np.float64], sin: NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Fixed-point cos and sin [context, R / 2]."""
    return tuple(np.rint(t * 2.0**ANGLE_BITS).astype(np.int64) for t in (cos, sin))  # type: ignore[return-value]


def rotate(x: Ints, cos: Ints, sin: Ints, bits: int) -> Ints:
    """Rotate x [..., C] by angles [..., R / 2]; i pairs with i + R / 2. Output of ``bits`` bits."""
    half = cos.shape[-1]
    first, second = x[..., :half], x[..., half : 2 * half]
    rest = x[..., 2 * half :] << ANGLE_BITS
    turned = np.concatenate([first * cos - second * sin, second * cos + first * sin, rest], axis=-1)
    return saturate(round_shift(turned, ANGLE_BITS + FRACTION), bits)
