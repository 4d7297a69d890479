# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler: allowed tokens, repetition penalty, top-k, top-p, and what log probabilities are made of.

In this order, and all in integers, so that every form of a chip draws the same token:

1. A token that is not allowed is out. Where none is allowed there is no token.
2. A logit l of a token that was seen is penalised: l * shrink where it is above 0, else l * grow, in units of 2**-12,
   rounded, saturated to a logit's bits (CTRL, Keskar et al., 2019). Of a penalty p these stand for l / p and l * p.
3. The best tokens are the largest penalised logits in order, equal ones by their ids. top_k keeps so many of them.
4. Weights of those are exp(scaled - largest scaled), scaled as sampler.py scales by 1 / T. top_p keeps a token if the
   weights in front of it sum to less than that part of all (nucleus sampling, Holtzman et al., 2020).
5. The token is the largest of what is left, of scaled logit and Gumbel noise as in sampler.py; greedy, of the logit.
   Equal ones by their ids. So it is drawn from the softmax over what is left, and top_k = 1 is greedy.
6. ``total`` is the sum over all allowed tokens of exp(penalised - largest penalised), at temperature 1.

``weight`` is the exponential: powers of two from a table of 1,024 steps of an octave, 24 bits behind the point. Of its
exact value it is off by a factor of exp(4.4e-4) at the most and by one half of 2**-24 (``LOG_ERROR`` derives it), so a
log probability is off by 4.4e-4 + V * 2**-25. Sums of integers have no order, so no schedule can change a bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import PromptError
from .fixed import Ints, round_shift, saturate
from .sampler import NOISE_FRACTION, TEMPERATURE_FRACTION, noise_index, uniforms

NO_TOKEN = -1  # drawn where none is allowed
MOST_BEST = 32  # tokens that a sampler keeps in order, at the most
EXTENDED = 20  # of a build with --sampler extended: OpenAI's most top_logprobs
PENALTY_FRACTION = 12  # of grow and shrink
LEAST_PENALTY, MOST_PENALTY = 0.1, 10.0  # so that both have 16 bits
TOP_P_FRACTION = 16
ALL = 1 << TOP_P_FRACTION  # a top_p that keeps all
STEP_BITS = 10  # an octave has 2**10 steps
WEIGHT_FRACTION = 24
LOG2E_FRACTION = 16
LOG2E = 94548  # log2(e) in units of 2**-16
LARGEST_SHIFT = WEIGHT_FRACTION + 2  # of an octave that leaves nothing
# A step is rounded to half of 2**-10 octaves, log2(e) to half of 2**-16; the weights that are not 0 are 26 octaves.
LOG_ERROR = math.log(2) * (2**-11 + 26 * 2**-17 / math.log2(math.e)) + 1e-6


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """Numbers of a draw as a chip takes them. top_k: 0 keeps all; grow, shrink: of seen tokens, in units of 2**-12;
    top_p: in units of 2**-16, and needs a top_k."""

    top_k: int = 0
    top_p: int = ALL
    grow: int = 1 << PENALTY_FRACTION
    shrink: int = 1 << PENALTY_FRACTION


@dataclass(frozen=True, kw_only=True, eq=False)
class Chosen:
    """What a draw gave. token: its id, or NO_TOKEN; logit: its penalised logit. ids, logits [N]: the best tokens in
    order, N = min(best, allowed tokens). total: sum of weights in units of 2**-24, of all allowed tokens."""

    token: int
    logit: int
    ids: Ints
    logits: Ints
    total: int


def weight_table() -> Ints:
    """2**-(i / 1024) in units of 2**-24, rounded, [1024]. By integer roots: every computer makes the same."""
    fine = 192  # bits behind the point
    root = 1 << (fine - 1)  # 2**-1
    for _ in range(STEP_BITS):
        root = math.isqrt(root << fine)
    power, table = 1 << fine, []
    for _ in range(1 << STEP_BITS):
        table.append((power + (1 << (fine - WEIGHT_FRACTION - 1))) >> (fine - WEIGHT_FRACTION))
        power = power * root >> fine
    return np.array(table, np.int64)


def weight(behind: Ints, fraction: int, table: Ints) -> Ints:
    """exp(-behind) in units of 2**-24, of distances that are not negative, in units of 2**-fraction."""
    steps = round_shift(behind * LOG2E, LOG2E_FRACTION + fraction - STEP_BITS)
    shift = np.minimum(steps >> STEP_BITS, LARGEST_SHIFT)
    entry = table[steps & ((1 << STEP_BITS) - 1)]
    return (entry + ((np.int64(1) << shift) >> 1)) >> shift


def penalise(logits: Ints, seen: NDArray[np.bool_], how: Narrowing, bits: int) -> Ints:
    """Logits of ``bits`` bits with those of seen tokens changed."""
    factor = np.where(logits > 0, how.shrink, how.grow)
    return np.where(seen, saturate(round_shift(logits * factor, PENALTY_FRACTION), bits), logits)


def choose(
    logits: Ints,
    *,
    fraction: int,
    bits: int,
    best: int,
    inverse: int,
    seed: int,
    position: int,
    gumbel: Ints,
    weights: Ints,
    how: Narrowing = Narrowing(),
    seen: NDArray[np.bool_] | None = None,
    allowed: NDArray[np.bool_] | None = None,
) -> Chosen:
    """Draw from logits [V] of ``bits`` bits in units of 2**-fraction; seen, allowed: [V], by default none and all.

    best: tokens that are kept in order, not fewer than top_k. inverse, seed, position, gumbel: as sampler.sample has
    them. weights: ``weight_table``.
    """
    vocab = len(logits)
    penalised = logits if seen is None else penalise(logits, seen, how, bits)
    ids = np.arange(vocab) if allowed is None else np.flatnonzero(allowed)
    order = ids[np.argsort(-penalised[ids], kind="stable")][:best]
    if not len(ids):
        return Chosen(token=NO_TOKEN, logit=0, ids=order, logits=order, total=0)
    scaled = (
        round_shift(penalised * inverse, fraction + TEMPERATURE_FRACTION - NOISE_FRACTION) if inverse else penalised
    )
    kept = order[: how.top_k] if how.top_k else ids
    if how.top_k and how.top_p < ALL and inverse:
        part = weight(scaled[kept[0]] - scaled[kept], NOISE_FRACTION, weights)
        kept = kept[(np.cumsum(part) - part) * ALL < how.top_p * part.sum()]
    value = scaled[kept]
    if inverse:
        value = value + gumbel[noise_index(uniforms(seed, position, vocab)[kept])]
    token = int(kept[value == value.max()].min())
    total = int(weight(penalised[order[0]] - penalised[ids], fraction, weights).sum())
    return Chosen(token=token, logit=int(penalised[token]), ids=order, logits=penalised[order], total=total)


def narrowing(top_k: int, top_p: float, penalty: float) -> Narrowing:
    """Numbers of a request as the chip takes them. Raises PromptError for those that it has none for."""
    if top_k < 0:
        raise PromptError(f"top_k {top_k} is not usable; give 0 (all tokens) or more")
    if not 0 < top_p <= 1:
        raise PromptError(f"top_p {top_p} is not usable; give more than 0, at most 1")
    if not LEAST_PENALTY <= penalty <= MOST_PENALTY:
        raise PromptError(f"penalty {penalty} is not usable; give {LEAST_PENALTY:g} to {MOST_PENALTY:g}, 1 is none")
    return Narrowing(
        top_k=top_k,
        top_p=max(round(top_p * ALL), 1),
        grow=round(penalty * 2**PENALTY_FRACTION),
        shrink=round(2**PENALTY_FRACTION / penalty),
    )


def log_probability(logit: int, largest: int, total: int, fraction: int) -> float:
    """The natural logarithm of an allowed token's probability, from its penalised logit, the largest, and ``total``."""
    return (logit - largest) / 2**fraction - math.log(total / 2**WEIGHT_FRACTION)
