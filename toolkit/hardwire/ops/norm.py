# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RMSNorm in two halves, so that the matrix behind it need not wait for the root.

``W (x / rms(x)) = (W a) * (sqrt(D) / sqrt(sum(a * a) + eps))`` for any ``a`` proportional to ``x``.
So the lanes start at once on ``a``, the residual shifted until its largest entry fills ``bits`` bits, and
the factor ``r`` joins when their sums are requantised. The shift drops out of everything but eps.
"""

from __future__ import annotations

import numpy as np

from ..fixed import Ints, bit_length, magnitude_bits, round_shift, saturate

INDEX_LOW, INDEX_HIGH = 256, 1024  # the table covers [256, 1024): two octaves, one even shift


def rsqrt_table() -> Ints:
    """round(2**21 / sqrt(i + 0.5)) for i in [256, 1024): at most 17 bits, within 0.1 %."""
    return np.rint(2.0**21 / np.sqrt(np.arange(INDEX_LOW, INDEX_HIGH) + 0.5)).astype(np.int64)


def eps_table(eps: float, dim: int, scale: float, residual_bits: int, bits: int) -> Ints:
    """``dim * eps`` in the units of ``a * a``, one entry per shift from -(bits - 1) to residual_bits - bits.

    ``scale`` is the real value of one residual unit. At least 1, so that a zero vector has a root.
    """
    shifts = np.arange(-(bits - 1), residual_bits - bits + 1)
    units = dim * eps / scale**2 / 4.0**shifts
    return np.rint(units).clip(1, 2**30).astype(np.int64)


def root_scale(bits: int) -> float:
    """What ``r`` is a multiple of: r = root_scale / sqrt(v)."""
    return 2.0 ** (15 + bits)


def shift_normalize(x: Ints, eps: Ints, bits: int) -> tuple[Ints, Ints]:
    """Shift x [..., D] so that its largest entry needs exactly ``bits`` bits, sign included.

    Returns a [..., D] and v [...] = sum(a * a) + eps, eps looked up by the shift. A zero vector stays zero.
    """
    shift = magnitude_bits(x).max(-1, keepdims=True) - (bits - 1)
    a = np.where(shift > 0, round_shift(x, np.maximum(shift, 0)), x << np.maximum(-shift, 0))
    a = saturate(a, bits)
    return a, np.square(a).sum(-1) + eps[shift[..., 0] + bits - 1]


def reciprocal_root(v: Ints, table: Ints, bits: int) -> Ints:
    """r = root_scale(bits) / sqrt(v), unsigned, at most 17 bits.

    v of a vector that is not zero is at least 2**(2 * bits - 4), so the even shift is at least bits - 6;
    it is held there for the zero vector, whose r multiplies only zeros.
    """
    even = np.maximum((bit_length(v) - 9) >> 1, bits - 6)
    index = np.maximum(v >> (2 * even), INDEX_LOW)
    return round_shift(table[index - INDEX_LOW], even - (bits - 6))
