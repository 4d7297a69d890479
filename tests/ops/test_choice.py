# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler's integers against floats, the plain sampler, and their own definition at the edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hardwire.errors import PromptError
from hardwire.ops import choice, sampler
from hardwire.ops.choice import ALL, NO_TOKEN, Chosen, Narrowing, choose, narrowing

GUMBEL, WEIGHTS = sampler.gumbel_table(), choice.weight_table()
BITS = 16


def drawn(logits: np.ndarray, temperature: float = 0.0, **options: Any) -> Chosen:
    given: dict[str, Any] = {"fraction": 10, "bits": BITS, "best": 8, "seed": 3, "position": 5} | options
    inverse = sampler.inverse_temperature(temperature)
    return choose(np.asarray(logits, np.int64), inverse=inverse, gumbel=GUMBEL, weights=WEIGHTS, **given)


def some(draw: np.random.Generator, vocab: int = 40) -> np.ndarray:
    """Logits with ties, and now and then extremes."""
    logits = draw.integers(-6000, 6000, vocab) >> draw.integers(0, 12)
    logits[draw.integers(vocab)] = draw.choice([-(1 << BITS - 1), (1 << BITS - 1) - 1, 0])
    return logits


def test_the_table_is_its_formula() -> None:
    assert np.array_equal(WEIGHTS, np.rint(2.0**24 * 2.0 ** -(np.arange(1024) / 1024)).astype(np.int64))


@pytest.mark.parametrize("fraction", [6, 10, 14])
def test_weights_are_exponentials_within_their_bound(fraction: int) -> None:
    behind = np.arange(0, 30 << fraction, max(1, (1 << fraction) // 512))
    got = choice.weight(behind, fraction, WEIGHTS) / 2**24
    want = np.exp(-behind / 2**fraction)
    assert (np.abs(got - want) <= want * math.expm1(choice.LOG_ERROR) + 2.0**-25).all()
    assert choice.LOG_ERROR < 4.4e-4 and got[0] == 1.0
    assert choice.weight(np.array([1 << 40]), fraction, WEIGHTS)[0] == 0


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.5])
def test_without_options_it_is_the_plain_sampler(temperature: float, draw: np.random.Generator) -> None:
    for position in range(200):
        logits = some(draw)
        plain = sampler.sample(logits, 10, sampler.inverse_temperature(temperature), 3, position, GUMBEL)
        assert drawn(logits, temperature, position=position).token == plain


def test_top_1_is_greedy_at_any_temperature(draw: np.random.Generator) -> None:
    for position in range(100):
        logits = some(draw)
        chosen = drawn(logits, 1.3, position=position, how=Narrowing(top_k=1))
        assert chosen.token == np.argmax(logits) == chosen.ids[0]


def test_the_best_are_in_order_and_equal_ones_by_id(draw: np.random.Generator) -> None:
    for _ in range(50):
        logits = some(draw) // 500
        wanted = sorted(range(40), key=lambda i: (-logits[i], i))[:8]
        chosen = drawn(logits)
        assert chosen.ids.tolist() == wanted and chosen.logits.tolist() == logits[wanted].tolist()


@pytest.mark.parametrize("k", [1, 2, 5, 8])
def test_top_k_draws_from_the_softmax_over_k(k: int, draw: np.random.Generator) -> None:
    logits = np.rint(draw.standard_normal(20) * 1024).astype(np.int64)
    order = np.argsort(-logits, kind="stable")[:k]
    picks = [drawn(logits, 1.0, position=p, how=Narrowing(top_k=k)).token for p in range(3000)]
    assert set(picks) <= set(order.tolist())
    chance = np.exp(logits[order] / 1024)
    expected = 3000 * chance / chance.sum()
    observed = np.array([picks.count(i) for i in order])
    assert ((observed - expected) ** 2 / expected).sum() < 33  # 7 degrees of freedom: once in 40,000 fair draws


def test_top_p_keeps_the_smallest_part_that_is_large_enough(draw: np.random.Generator) -> None:
    for part in (0.001, 0.3, 0.9, 0.999):
        for position in range(100):
            logits = np.rint(draw.standard_normal(20) * 1024).astype(np.int64)
            order = np.argsort(-logits, kind="stable")[:6]
            chance = np.exp(logits[order] / 1024 / 0.8)
            before = (np.cumsum(chance) - chance) / chance.sum()
            sure = order[before < part - 1e-3]  # floats decide but for a hair
            perhaps = order[before < part + 1e-3]
            token = drawn(logits, 0.8, position=position, how=narrowing(6, part, 1.0)).token
            assert token in perhaps and (len(sure) > 1 or token == order[0] or len(perhaps) > 1)
    assert narrowing(6, 1.0, 1.0).top_p == ALL


def test_the_penalty_divides_what_is_positive_and_multiplies_the_rest() -> None:
    logits = np.array([4000, -4000, 3000, -100, 0])
    seen = np.array([True, True, False, False, True])
    got = choice.penalise(logits, seen, narrowing(0, 1.0, 2.0), BITS)
    assert got.tolist() == [2000, -8000, 3000, -100, 0]
    assert drawn(logits, how=narrowing(0, 1.0, 2.0), seen=seen).token == 2
    low = np.array([-(1 << BITS - 1), (1 << BITS - 1) - 1])
    both = np.ones(2, np.bool_)
    assert choice.penalise(low, both, narrowing(0, 1.0, 9.0), BITS).tolist() == [-(1 << BITS - 1), 3640]
    assert choice.penalise(low, both, narrowing(0, 1.0, 0.5), BITS).tolist() == [-(1 << BITS - 2), (1 << BITS - 1) - 1]
    assert np.array_equal(choice.penalise(logits, seen, Narrowing(), BITS), logits)


def test_only_allowed_tokens_are_drawn_and_none_is_said(draw: np.random.Generator) -> None:
    for position in range(100):
        logits, allowed = some(draw), draw.random(40) < 0.2
        chosen = drawn(logits, 1.0, position=position, allowed=allowed)
        assert allowed[chosen.token] if allowed.any() else chosen.token == NO_TOKEN
        assert set(chosen.ids) <= set(np.flatnonzero(allowed)) and len(chosen.ids) == min(8, allowed.sum())
    nothing = drawn(some(draw), allowed=np.zeros(40, np.bool_))
    assert (nothing.token, nothing.total, len(nothing.ids)) == (NO_TOKEN, 0, 0)


@pytest.mark.parametrize("fraction", [8, 10, 12])
def test_log_probabilities_are_those_of_floats_within_the_bound(fraction: int, draw: np.random.Generator) -> None:
    for _ in range(50):
        logits = np.rint(draw.standard_normal(300) * 3 * 2**fraction).astype(np.int64)
        logits = np.clip(logits, -(1 << BITS - 1), (1 << BITS - 1) - 1)
        chosen = drawn(logits, fraction=fraction, how=Narrowing())
        x = logits / 2**fraction
        want = x[chosen.ids] - np.log(np.exp(x - x.max()).sum()) - x.max()
        got = [choice.log_probability(int(v), int(chosen.logits[0]), chosen.total, fraction) for v in chosen.logits]
        assert np.abs(want - got).max() <= choice.LOG_ERROR + 300 * 2.0**-25


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((-1, 1.0, 1.0), "top_k -1 is not usable; give 0"),
        ((4, 0.0, 1.0), "top_p 0.0 is not usable; give more than 0, at most 1"),
        ((4, float("nan"), 1.0), "top_p nan is not usable"),
        ((4, 1.0, 0.0), "penalty 0.0 is not usable; give 0.1 to 10, 1 is none"),
        ((4, 1.0, float("nan")), "penalty nan is not usable"),
    ],
)
def test_unusable_numbers_are_refused(numbers: tuple[int, float, float], message: str) -> None:
    with pytest.raises(PromptError, match=message):
        narrowing(*numbers)
