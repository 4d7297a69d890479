# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Softmax attention in two passes: scores and their maximum; exponentials, their sum and weighted values.

Queries are scaled so that a score difference, shifted right by the head's ``score_shift``, indexes the
exponential table directly: no multiplier stands between a score and its probability. The sum is taken over
the rounded exponentials, so schedule and lane count cannot change a bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fixed import Ints, bit_length, exact_product, limits, round_shift, saturate

EXP_STEPS_PER_NAT = 112  # one table step is 1 / 112 nat; 1,024 steps reach e**-9.1, below an eighth of a unit
EXP_ENTRIES = 1024
ALIBI_FRACTION = 10  # bits of a slope behind the point
ALIBI_BITS = 17  # of a slope, unsigned
LARGEST_SLOPE = ((1 << ALIBI_BITS) - 1) / (EXP_STEPS_PER_NAT << ALIBI_FRACTION)  # 1.14
PROBABILITY_BITS = 10  # unsigned; the largest score has 2**10 - 1


def exp_table() -> Ints:
    """round((2**10 - 1) * exp(-i / 112)) for i in [0, 1024)."""
    steps = np.arange(EXP_ENTRIES) / EXP_STEPS_PER_NAT
    return np.rint((2**PROBABILITY_BITS - 1) * np.exp(-steps)).astype(np.int64)


def reciprocal_table() -> Ints:
    """round(2**26 / (1024 + i + 0.5)) for i in [0, 1024): 16 bits."""
    return np.rint(2.0**26 / (np.arange(1024, 2048) + 0.5)).astype(np.int64)


def scores(q: Ints, k: Ints, query_bits: int, key_bits: int) -> Ints:
    """q [..., T, C] times k [..., P, C] to [..., T, P]."""
    bound = q.shape[-1] * -limits(query_bits)[0] * -limits(key_bits)[0]
    return exact_product(q, k.swapaxes(-1, -2), bound)


def alibi_slopes(slopes: NDArray[np.floating]) -> Ints:
    """Slopes of ALiBi, of a score in nats per position, in steps of the exponential and ALIBI_FRACTION bits behind."""
    return np.rint(slopes.astype(np.float64) * (EXP_STEPS_PER_NAT << ALIBI_FRACTION)).astype(np.int64)


def alibi(slope: Ints, shift: Ints, position: Ints) -> Ints:
    """What ALiBi adds to the score of a key at ``position``, which is shifted right by ``shift`` later.

    A softmax sees differences only, so that the query's own position does not count (Press et al., 2022).
    """
    return round_shift((slope << shift) * position, ALIBI_FRACTION)


def probabilities(score: Ints, visible: np.ndarray, shift: Ints, table: Ints) -> Ints:
    """Unsigned exponentials of score [..., T, P] below each row's maximum over the ``visible`` positions."""
    lowest = np.int64(-(1 << 40))
    top = np.where(visible, score, lowest).max(-1, keepdims=True)
    step = np.minimum(round_shift(top - score, shift), EXP_ENTRIES)
    return np.where(visible & (step < EXP_ENTRIES), table[np.clip(step, 0, EXP_ENTRIES - 1)], 0)


def weighted_values(p: Ints, v: Ints, value_bits: int) -> Ints:
    """p [..., T, P] times v [..., P, C]: sums [..., T, C]."""
    bound = p.shape[-1] * (1 << PROBABILITY_BITS) * -limits(value_bits)[0]
    return exact_product(p, v, bound)


def divide(sums: Ints, total: Ints, table: Ints, shift: Ints, bits: int) -> Ints:
    """sums [..., C] / total [...], times 2**shift, rounded to ``bits`` bits.

    The total is at least the largest exponential, which load_chip holds at 2**9 or more. Both are brought up by
    two bits, exactly, so that its leading one is bit 11 or above; then both are shifted down by that.
    """
    sums, total = sums << 2, total << 2
    lead = bit_length(total) - 1
    t = round_shift(sums, (lead - 11)[..., None])
    inverse = table[(total >> (lead - 10)) - 1024][..., None]
    return saturate(round_shift(t * inverse, 27 - shift), bits)
