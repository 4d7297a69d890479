# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from hardwire.ops import attention

EXP, RECIPROCAL = attention.exp_table(), attention.reciprocal_table()
TOP = (1 << attention.PROBABILITY_BITS) - 1


def test_probabilities_follow_the_exponential(draw: np.random.Generator) -> None:
    score = draw.integers(-2000, 2000, (40, 50))
    seen = np.ones_like(score, np.bool_)
    p = attention.probabilities(score, seen, np.int64(1), EXP)
    nats = (score - score.max(-1, keepdims=True)) / 2 / attention.EXP_STEPS_PER_NAT
    # Half a step of the table, and half a unit of rounding; below e**-9.1 nothing is left.
    assert (np.abs(p - TOP * np.exp(nats)) <= TOP * np.exp(nats) / 112 + 0.51).all()
    assert (p.max(-1) == TOP).all()


def test_unseen_positions_count_for_nothing() -> None:
    score = np.array([[5, 900, 7]])
    p = attention.probabilities(score, np.array([[True, False, True]]), np.int64(0), EXP)
    assert p[0, 1] == 0 and p[0, 2] == TOP


def test_division_by_the_sum(draw: np.random.Generator) -> None:
    p = draw.integers(0, TOP + 1, (300, 70))
    p[:, 0] = TOP
    v = draw.integers(-128, 128, (300, 70, 4))
    sums = np.einsum("tp,tpc->tc", p, v)
    for shift in (0, 2):
        got = attention.divide(sums, p.sum(-1), RECIPROCAL, np.int64(shift), 8)
        want = (sums / p.sum(-1)[:, None] * 2**shift).clip(-128, 127)
        # Half a unit, the reciprocal's 0.05 %, and the half unit of the shift before it.
        assert np.abs(got - want).max() <= 0.5 + 128 * 5e-4 + 2**shift * 2.0**-11


def test_division_at_every_small_total() -> None:
    total = np.arange(512, 4200)  # from the smallest that a chip's exponentials may sum up to
    sums = np.rint(total[:, None] * np.linspace(-128, 127, 52)).astype(np.int64)
    got = attention.divide(sums, total, RECIPROCAL, np.int64(0), 8)
    # Half a unit, the half index of 1024 or more that the reciprocal's place is off, its own rounding, and the shift.
    assert np.abs(got - sums / total[:, None]).max() <= 0.5 + 128 * (0.5 / 1024 + 2.0**-16) + 2.0**-12


def test_a_single_position_returns_its_value() -> None:
    v = np.array([[[-128, 127, 1, 0]]])
    sums = attention.weighted_values(np.array([[[TOP]]]), v, 8)
    assert attention.divide(sums, np.array([[TOP]]), RECIPROCAL, np.int64(0), 8).tolist() == [[[-128, 127, 1, 0]]]


def test_the_longest_sum_stays_exact() -> None:
    p, v = np.full((1, 4096), TOP), np.full((4096, 1), -128)
    assert attention.weighted_values(p, v, 8)[0, 0] == -4096 * TOP * 128


def test_alibi_follows_the_slopes(draw: np.random.Generator) -> None:
    slopes, shift = np.array([1.1, 0.5, 1 / 256, 0.0]), np.array([0, 5, 9, 3])
    whole, place = attention.alibi_slopes(slopes), np.arange(2048)
    got = attention.alibi(whole[:, None], shift[:, None], place)
    want = slopes[:, None] * attention.EXP_STEPS_PER_NAT * 2.0 ** shift[:, None] * place
    # Half a unit, and half a step of the slope's fraction at every position.
    error = 0.5 + place * 2.0 ** (shift[:, None] - attention.ALIBI_FRACTION - 1)
    assert (np.abs(got - want) <= error).all() and got[3].max() == 0
    assert whole.max() < 1 << attention.ALIBI_BITS and attention.alibi_slopes(np.array([attention.LARGEST_SLOPE])) == (
        (1 << attention.ALIBI_BITS) - 1
    )


def test_a_softmax_does_not_see_where_alibi_begins(draw: np.random.Generator) -> None:
    score = draw.integers(-4000, 4000, (3, 40))
    bias = attention.alibi(np.int64(1024), np.int64(3), np.arange(80))  # a whole slope: no rounding
    seen = np.ones_like(score, np.bool_)
    p, q = (attention.probabilities(score + bias[a : a + 40], seen, np.int64(3), EXP) for a in (0, 40))
    assert np.array_equal(p, q)
