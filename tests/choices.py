# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Random requests with every option of the extended sampler, and the equality of what two backends say to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hardwire.driver.automaton import Automaton
from hardwire.host.requests import Outcome, Request
from hardwire.plan.geometry import Geometry

BEST = 7  # of the engine that tests of the sampler simulate
GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, best=BEST)


def random_guide(draw: np.random.Generator, vocab: int, states: int = 5) -> Automaton:
    """Some tokens lead on from every state; 3 may end an answer in the last state, where otherwise nothing goes on."""
    tokens = np.setdiff1d(np.arange(vocab), [3])
    edges = {
        state: {int(token): state + 1 for token in draw.choice(tokens, int(draw.integers(1, 6)), replace=False)}
        for state in range(states)
    }
    return Automaton(vocab, 0, [states], edges, ends=() if draw.random() < 0.5 else (3,))


def requests(
    draw: np.random.Generator, vocab: int, best: int, count: int, *, rows: bool = True
) -> Iterator[tuple[int, Request]]:
    """Numbered requests; some go on, some are plain, some allow nothing. ``rows``: some score their prompt."""
    for case in range(count):
        k = int(draw.integers(0, best + 1))
        how: dict[str, Any] = {
            "top_k": k,
            "top_p": float(draw.choice([1, 0.5, 0.01])) if k else 1.0,
            "penalty": float(draw.choice([1, 1.3, 0.7, 10])),
            "window": int(draw.choice([0, 1, 4])),
            "logprobs": [None, 0, min(3, best)][case % 3],
        }
        budget = None if case % 11 == 4 else int(draw.integers(0, 6))
        if case % 4 == 1:
            how["allowed"], budget = draw.random(vocab) < draw.choice([0, 0.1, 0.6]), 1
        if case % 4 == 3:
            how["guide"], budget = random_guide(draw, vocab), 8
        if case % 7 == 6:
            how = {}
        ids = tuple(draw.integers(0, vocab, int(draw.integers(1, 5))).tolist())
        yield (
            case,
            Request(
                ids=ids,
                budget=budget,
                clear=case % 5 != 2,
                rows=len(ids) if rows and case % 6 == 0 else case % 2,
                stops=(3,),
                temperature=float(draw.choice([0, 0.7, 1.5])),
                seed=int(draw.integers(1 << 62)),
                **how,
            ),
        )


def assert_equal(got: Outcome, wanted: Outcome, case: object) -> None:
    """Tokens, status, position, logits, and every number of every draw."""
    assert (got.ids, got.status, got.position) == (wanted.ids, wanted.status, wanted.position), case
    assert np.array_equal(got.logits, wanted.logits), case
    assert len(got.drawn) == len(wanted.drawn), case
    for place, (one, other) in enumerate(zip(got.drawn, wanted.drawn, strict=True)):
        assert (one.token, one.logit, one.total) == (other.token, other.logit, other.total), (case, place)
        assert one.ids.tolist() == other.ids.tolist(), (case, place)
        assert one.logits.tolist() == other.logits.tolist(), (case, place)
