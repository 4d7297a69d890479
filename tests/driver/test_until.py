# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Answers tried until one passes, and the beam search beside them."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import hardwire
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.cli.main import main
from hardwire.driver.model import LanguageModel
from hardwire.driver.until import beam
from hardwire.errors import PromptError


@pytest.fixture
def model(chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")


def test_the_first_that_passes(model: LanguageModel) -> None:
    answers = [model.generate("ab", 6, 0.8, seed) for seed in range(5, 25)]
    wanted = next(number for number, text in enumerate(answers) if number >= 2 and text not in answers[:number])
    seen: list[tuple[int, str, bool]] = []
    found = hardwire.until(
        model, "ab", lambda text: text == answers[wanted], tokens=6, seed=5, on_attempt=lambda *told: seen.append(told)
    )
    assert (found.text, found.attempts, found.seed, found.passed) == (answers[wanted], wanted + 1, 5 + wanted, True)
    assert seen == [(n + 1, answers[n], n == wanted) for n in range(wanted + 1)]
    assert found.tokens >= sum(map(len, answers[: wanted + 1]))
    assert model.generate("ab", 6, 0.8, found.seed) == found.text


def test_none_that_passes(model: LanguageModel) -> None:
    found = hardwire.until(model, "ab", "Z+", tokens=4, attempts=3)
    assert (found.passed, found.attempts, found.text) == (False, 3, model.generate("ab", 4, 0.8, 2))


def test_a_pattern_must_match_all(model: LanguageModel) -> None:
    text = model.generate("ab", 6, 0.8, 0)
    assert hardwire.until(model, "ab", "(?s).*", tokens=6, attempts=1).passed
    assert not hardwire.until(model, "ab", "(?s)" + "." * (len(text) - 1), tokens=6, attempts=1).passed


def test_what_is_refused(model: LanguageModel) -> None:
    with pytest.raises(PromptError, match="'\\(' is no pattern of Python's re"):
        hardwire.until(model, "ab", "(")
    with pytest.raises(PromptError, match="temperature 0 gives the same answer every time"):
        hardwire.until(model, "ab", "a", temperature=0)
    with pytest.raises(PromptError, match="0 attempts; give 1 or more"):
        hardwire.until(model, "ab", "a", attempts=0)


def test_a_beam_of_one_is_greedy(model: LanguageModel) -> None:
    assert beam(model, "ab", "a", tokens=8, width=1).text == model.generate("ab", 8)


def test_a_beam_of_all_is_the_likeliest_of_all(model: LanguageModel, chip_with_text: Chip) -> None:
    """Two tokens, every pair scored by itself."""
    ids, unit = model.encode("ab"), 2.0**-chip_with_text.formats.logit_fraction

    def chances(more: list[int]) -> np.ndarray:
        logits = model.backend.predict([*ids, *more])[-1] * unit
        return logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()

    first, second = chances([]), {}
    letters = [token for token in range(40) if token not in model.stops]
    for token in letters:
        second[token] = chances([token])
    ends = {(): max(first[stop] for stop in model.stops)}
    ends |= {(a,): (first[a] + max(second[a][stop] for stop in model.stops)) / 2 for a in letters}
    pairs = {(a, b): (first[a] + second[a][b]) / 3 for a, b in product(letters, letters)}
    both = {**ends, **pairs}
    best = max(both, key=lambda said: both[said])
    assert beam(model, "ab", "a", tokens=2, width=40).text == model.text([*ids, *best])[2:]


def test_the_command(chip_with_text: Chip, tmp_path: Path) -> None:
    chip_with_text.save(tmp_path / "m.chip")
    asked = [
        "race",
        str(tmp_path / "m.chip"),
        "--prompt",
        "ab",
        "--tokens",
        "4",
        "--until",
        "(?s).*[a-m].*",
        "--seed",
        "3",
    ]
    done = CliRunner().invoke(main, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert {"attempts", "tokens", "seconds", "text"} <= set(data) and data["careful"]["tokens"] >= 4
    done = CliRunner().invoke(main, asked)
    assert "many quick ones: " in done.stdout and "a careful one: " in done.stdout
