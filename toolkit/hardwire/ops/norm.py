# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RMSNorm in two halves, so that the matrix behind it need not wait for the root.

``W (x / rms(x)) = (W a) * r * unit`` for any ``a`` proportional to ``x``. So the lanes start at once on ``a``, the
residual shifted until its largest entry fills ``bits`` bits, and ``r`` joins when their sums are requantised. The
energy under the root is that of the residual itself: no rounding of ``a`` is in it, and it is known before ``a`` is.

With m the magnitude bits of the largest entry, ``a`` is about ``x * 2**(bits - 1 - m)`` and ``r`` is about
``2**(16 + m) / sqrt(energy)``. So m drops out of their product, ``x * 2**(15 + bits) / sqrt(energy)``, and
``unit = sqrt(D) / 2**(15 + bits)`` makes it ``x / rms(x)``. Where no norm stands in front of the head, ``r`` is a power
of two instead, ``2**(m + 17 - residual bits)``, and the product is ``x * 2**(16 + bits - residual bits)``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .fixed import Ints, bit_length, magnitude_bits, requantize, round_shift, saturate
from .matvec import fold_root

INDEX_LOW, INDEX_HIGH = 256, 1024  # the table covers [256, 1024): two octaves, one even shift
LARGEST_EPS = 1 << 30
LARGEST_ENERGY = 1 << 62  # what fits int64 with a bit to spare; chip.py refuses shapes that could pass it


class Scale(NamedTuple):
    """One (multiplier, shift) per dimension: multiplier [D] unsigned, at most 17 bits; a common shift."""

    multiplier: Ints
    shift: int


class Renorm(NamedTuple):
    """A norm inside a layer, its result rounded again: multiplier [L, N], shift [L] and eps [L] of each layer.

    N are the channels of all heads, or the width of the model.
    """

    multiplier: Ints
    shift: Ints
    eps: Ints


def rsqrt_table() -> Ints:
    """round(2**21 / sqrt(i + 0.5)) for i in [256, 1024): at most 17 bits, within 0.1 %."""
    return np.rint(2.0**21 / np.sqrt(np.arange(INDEX_LOW, INDEX_HIGH) + 0.5)).astype(np.int64)


def eps_table(eps: float, dim: int, scale: float) -> Ints:
    """``dim * eps`` in the units of ``x * x``, one entry; ``scale`` is the real value of one residual unit.

    At least 1, so that a zero vector has a root.
    """
    return np.rint([dim * eps / scale**2]).clip(1, LARGEST_EPS).astype(np.int64)


def largest_energy(dim: int, residual_bits: int) -> int:
    """The largest sum of squares of ``dim`` residuals, with the largest eps."""
    return (dim << 2 * (residual_bits - 1)) + LARGEST_EPS


def root_scale(bits: int) -> float:
    """a * r = root_scale * x / sqrt(energy)."""
    return 2.0 ** (15 + bits)


def shift_normalize(x: Ints, eps: Ints, bits: int) -> tuple[Ints, Ints, Ints]:
    """Shift x [..., D] so that its largest entry fills ``bits`` bits: 2**(bits - 2) or more, sign apart.

    Returns a [..., D], energy [...] = sum(x * x) + eps and m [...], the magnitude bits of that entry before the
    shift. A zero vector stays zero. eps has one entry.
    """
    m = magnitude_bits(x).max(-1)
    shift = m[..., None] - (bits - 1)
    a = np.where(shift > 0, round_shift(x, np.maximum(shift, 0)), x << np.maximum(-shift, 0))
    return saturate(a, bits), np.square(x).sum(-1) + eps[0], m


def reciprocal_root(energy: Ints, m: Ints, table: Ints) -> Ints:
    """r = 2**(16 + m) / sqrt(energy), unsigned, at most 17 bits: within 1/1024 of itself, and half a unit.

    ``even`` is half the place of the leading one, so index = floor(2**8 * energy / 4**even) is in [256, 1024), and the
    table, 2**21 / sqrt(index + 1/2), is 2**(17 + even) / sqrt(energy) but for what the floor lost: at most half an
    index of 256 or more, a relative 1/4 * 1/256. An entry of m magnitude bits is 2**(m - 1) or more, so with eps
    energy > 4**(m - 1), even >= m - 1, and the last shift is never to the left. (m = 0: energy >= 1, even >= 0.)
    """
    even = (bit_length(energy) - 1) >> 1
    down = 2 * even - (INDEX_LOW.bit_length() - 1)
    index = np.where(down > 0, energy >> np.maximum(down, 0), energy << np.maximum(-down, 0))
    return round_shift(table[index - INDEX_LOW], even - m + 1)


def plain_scale(bits: int, residual_bits: int) -> float:
    """a * plain_root = plain_scale * x."""
    return 2.0 ** (16 + bits - residual_bits)


def plain_root(m: Ints, residual_bits: int) -> Ints:
    """What stands for r where nothing is normalised: it undoes the shift by m. At most 2**16.

    Residuals of more than 17 bits have vectors so small that it would be below 1, and is held there.
    """
    return np.int64(1) << np.maximum(m + 17 - residual_bits, 0)


def write_back(a: Ints, root: Ints, scale: Scale, bits: int) -> Ints:
    """The normalised vector [..., D] of (a, root) in residual units, for a norm that no matrix stands behind."""
    return requantize(a, fold_root(scale.multiplier, root[..., None]), scale.shift, bits)


RENORM_BITS = 16  # of the vector that a norm inside a layer takes, and of its shifted form


def renormalize(x: Ints, renorm: Renorm, layer: int, table: Ints, bits: int) -> Ints:
    """x [..., G, C] normalised over C, times its channels' multipliers, rounded to ``bits`` bits.

    G groups of C channels are all N of the renorm. What x was scaled by does not matter, but for eps; the sign of a
    channel's gain is in the matrix before.
    """
    a, energy, m = shift_normalize(x, renorm.eps[layer : layer + 1], RENORM_BITS)
    root = reciprocal_root(energy, m, table)
    multiplier = renorm.multiplier[layer].reshape(x.shape[-2:])
    return requantize(a, fold_root(multiplier, root[..., None]), renorm.shift[layer], bits)
