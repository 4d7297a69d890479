# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer reference and its token loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference, new_state, step
from hardwire.errors import PromptError
from hardwire.host.requests import Outcome, Request


def ids_of(chip: Chip, rows: int, length: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, chip.shape.vocab, (rows, length))


CHIPS = ["tiny_chip", "odd_chip", "gpt_chip", "micro_chip", "biased_chip"]


@pytest.mark.parametrize("which", CHIPS)
def test_token_by_token_equals_all_at_once_to_the_last_position(which: str, request: pytest.FixtureRequest) -> None:
    chip: Chip = request.getfixturevalue(which)
    ids = ids_of(chip, 3, chip.shape.context)
    whole = step(chip, new_state(chip, 3), ids)
    state = new_state(chip, 3)
    parts = [step(chip, state, ids[:, i : i + 1]) for i in range(chip.shape.context)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("which", CHIPS)
def test_every_stage_is_within_its_format(which: str, request: pytest.FixtureRequest) -> None:
    chip: Chip = request.getfixturevalue(which)
    f, gated, seen = chip.formats, chip.wiring.gated, {}
    step(chip, new_state(chip, 2), ids_of(chip, 2, 16), seen.__setitem__)
    bits = {
        "norm": f.norm,
        "q": f.query,
        "k": f.cache,
        "v": f.cache,
        "attn": f.attention,
        "attn_x": f.residual,
        "gate": f.gate,
        "up": f.up if gated else f.gate,
        "hidden": f.hidden,
        "x": f.residual,
        "embed": f.residual,
        "logits": f.logit,
    }
    assert len(seen) == 4 + (13 if gated else 12) * chip.shape.layers
    for stage, value in seen.items():
        kind = stage.split(".")[-1]
        if kind.endswith("root"):
            assert 0 <= value.min() and value.max() < 1 << 17
        else:
            top = 1 << (bits["norm" if kind.endswith("norm") else kind] - 1)
            assert -top <= value.min() and value.max() < top, stage


def test_a_full_context_never_wraps(tiny_chip: Chip) -> None:
    state = new_state(tiny_chip)
    step(tiny_chip, state, ids_of(tiny_chip, 1, 24))
    with pytest.raises(PromptError, match="position 24 . 1 tokens exceed the context of 24"):
        step(tiny_chip, state, ids_of(tiny_chip, 1, 1))


def run(chip: Chip, ids: list[int], budget: int | None, **options: Any) -> Outcome:
    return Reference(chip).run(Request(ids=ids, budget=budget, **options))


def test_the_loop_says_why_it_ended(tiny_chip: Chip) -> None:
    outcome = run(tiny_chip, [1, 5], 4)
    assert len(outcome.ids) == 4 and outcome.status == "budget" and outcome.position == 5
    stopped = run(tiny_chip, [1, 5], 4, stops=(outcome.ids[2],))
    assert stopped.ids == outcome.ids[: outcome.ids.index(outcome.ids[2])] and stopped.status == "stop token"
    everything = run(tiny_chip, [1, 5], None)
    assert everything.status == "context full" and everything.position == 24
    assert len(everything.ids) == 24 - 2 + 1  # the last token comes from the last position and is not fed


def test_a_budget_of_nothing_feeds_nothing(tiny_chip: Chip) -> None:
    outcome = run(tiny_chip, [1], 0)
    assert outcome.ids == () and outcome.position == 0


def test_the_same_seed_gives_the_same_tokens(tiny_chip: Chip) -> None:
    a, b, c = (run(tiny_chip, [1], 20, temperature=1.0, seed=seed).ids for seed in (7, 7, 8))
    assert a == b and a != c


@pytest.mark.parametrize(
    ("prompt", "budget", "message"),
    [
        ([], 3, "the prompt has 0 tokens; 1 to 24"),
        ([1] * 25, 3, "the prompt has 25 tokens"),
        ([1], -1, "a budget of -1"),
    ],
)
def test_requests_that_cannot_be_served(tiny_chip: Chip, prompt: list[int], budget: int, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        run(tiny_chip, prompt, budget)


def test_unusable_sampling_is_refused() -> None:
    with pytest.raises(PromptError, match="temperature nan"):
        Request(temperature=float("nan"))
    with pytest.raises(PromptError, match="seed -1 is not usable"):
        Request(seed=-1)
