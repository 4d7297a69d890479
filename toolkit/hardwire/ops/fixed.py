# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Rounding, saturation and exact products: the only home of each in Python.

The same contract stands in ``hls/fixed.hpp``: a scale on the chip is a pair (m, s), applied as multiply,
add half, shift right, saturate. Ties go toward plus infinity; a shift of zero adds nothing.
Integers are int64 arrays throughout; every bound in this package keeps them below 2**62.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]

MULTIPLIER_BITS = 17  # an unsigned multiplier fits the signed 18-bit port of a DSP
BIAS_BITS = 20  # signed, in output units: beyond every output, because a product may be far on the other side


def limits(bits: int) -> tuple[int, int]:
    """Smallest and largest value of a signed integer of `bits` bits."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def saturate(x: Ints, bits: int) -> Ints:
    """Clamp to the range of a signed integer of `bits` bits."""
    low, high = limits(bits)
    return np.minimum(np.maximum(x, low), high)


def round_shift(x: Ints, shift: ArrayLike) -> Ints:
    """``(x + 2**(shift - 1)) >> shift``, and x itself where the shift is zero; shifts broadcast."""
    s = np.asarray(shift, np.int64)
    half = (np.int64(1) << s) >> 1
    return (x + half) >> s


def requantize(x: Ints, multiplier: ArrayLike, shift: ArrayLike, bits: int) -> Ints:
    """Scale accumulators by multiplier / 2**shift, round, saturate to `bits` bits."""
    return saturate(round_shift(x * np.asarray(multiplier, np.int64), shift), bits)


def bit_length(x: Ints) -> Ints:
    """Bits of a non-negative integer: 0 for 0, otherwise the position of its leading one plus 1.

    Only ones below a zero are kept: without two ones in a row, a float64 cannot round up to the next power of two.
    """
    return np.frexp((x & ~(x >> 1)).astype(np.float64))[1].astype(np.int64)


def magnitude_bits(x: Ints) -> Ints:
    """Bits that a signed integer needs beside its sign: of x, or of ~x where x is negative."""
    return bit_length(x ^ (x >> 63))


def exact_product(a: Ints, b: NDArray[np.generic], bound: int) -> Ints:
    """``a @ b`` over integers through floating-point BLAS.

    `bound` is the largest magnitude that any partial sum can reach. A float holds every integer up to
    2**24 (float32) or 2**53 (float64), so below that no addition rounds, in whatever order BLAS adds.
    """
    if bound >= 1 << 53:
        raise OverflowError(f"a dot product may reach {bound}, more than a float64 holds exactly")
    kind = np.float32 if bound < 1 << 24 else np.float64
    return (a.astype(kind) @ b.astype(kind, copy=False)).astype(np.int64)


def scale_pair(scales: NDArray[np.float64], top: int = (1 << MULTIPLIER_BITS) - 1) -> tuple[Ints, int]:
    """Multipliers and one common shift with multiplier / 2**shift closest to `scales`.

    The shift is the largest at which the greatest scale still has a multiplier of at most `top`.
    """
    largest = float(scales.max())
    if not 0 < largest < 2.0**16:
        raise OverflowError(f"a scale of {largest:g} has no (multiplier, shift) form")
    shift = int(np.floor(np.log2(top / largest)))
    shift = min(max(shift, 0), 47)
    return np.rint(scales * 2.0**shift).astype(np.int64).clip(0, top), shift
