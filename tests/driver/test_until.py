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
from hardwire.driver.until import Found, beam, guided
from hardwire.errors import PromptError


@pytest.fixture
def model(chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, Reference(chip_with_text), "tiny")


def test_the_first_that_passes(model: LanguageModel) -> None:
    answers = [model.generate("ab", 6, 0.8, seed) for seed in range(5, 25)]
    wanted = next(number for number, text in enumerate(answers) if number >= 2 and text not in answers[:number])
    seen: list[Found] = []
    found = hardwire.until(model, "ab", lambda text: text == answers[wanted], tokens=6, seed=5, on_attempt=seen.append)
    assert (found.text, found.attempts, found.seed, found.passed) == (answers[wanted], wanted + 1, 5 + wanted, True)
    told = [(one.attempts, one.text, one.passed) for one in seen]
    assert told == [(n + 1, answers[n], n == wanted) for n in range(wanted + 1)]
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


@pytest.mark.parametrize("streams", [2, 3])
def test_several_streams_find_the_same(model: LanguageModel, chip_with_text: Chip, streams: int) -> None:
    """Attempts run side by side; the first seed that passes is given, whichever ended first, and nothing runs on."""
    answers = [model.generate("ab", 6, 0.8, seed) for seed in range(12)]
    at_once = LanguageModel(chip_with_text, Reference(chip_with_text, streams), "tiny")
    for wanted in (0, 1, 7):
        found = hardwire.until(at_once, "ab", lambda text, wanted=wanted: text == answers[wanted], tokens=6)
        assert (found.text, found.passed) == (answers[wanted], True)
        assert found.attempts == found.seed + 1 == answers.index(answers[wanted]) + 1
        assert found.tokens >= hardwire.until(model, "ab", lambda text: True, tokens=6).tokens and found.cycles is None
    none = hardwire.until(at_once, "ab", "Z+", tokens=4, attempts=5)
    assert (none.passed, none.attempts, none.text) == (False, 5, model.generate("ab", 4, 0.8, 4))
    assert at_once.generate("ab", 6, 0.8, 7) == answers[7]


def test_a_test_that_fails_ends_what_runs(model: LanguageModel, chip_with_text: Chip) -> None:
    def broken(text: str) -> bool:
        raise ZeroDivisionError

    at_once = LanguageModel(chip_with_text, Reference(chip_with_text, 2), "tiny")
    with pytest.raises(ZeroDivisionError):
        hardwire.until(at_once, "ab", broken, tokens=6)
    assert at_once.generate("ab", 6) == model.generate("ab", 6)


def test_a_schema(model: LanguageModel) -> None:
    assert not hardwire.until(model, "ab", {"type": "null"}, tokens=6, attempts=3).passed
    with pytest.raises(PromptError, match="the schema of the answer: type: 'text' is none of"):
        hardwire.until(model, "ab", {"type": "text"})
    with pytest.raises(PromptError, match="'\\(' is no pattern of Python's re"):
        hardwire.until(model, "ab", {"items": {"pattern": "("}})


@pytest.mark.tools  # outlines-core
def test_a_guided_attempt(model: LanguageModel, chip_with_text: Chip) -> None:
    for test in ("(ab){1,3}c", {"type": "null"}):
        found = guided(model, "ab", test, tokens=9)
        assert found.passed and found.attempts == 1 and found.tokens == len(found.text)
    with pytest.raises(PromptError, match="a function cannot guide an answer"):
        guided(model, "ab", str.isalpha)
    plain = LanguageModel(chip_with_text, Reference(chip_with_text, best=0), "tiny")
    with pytest.raises(PromptError, match="guide: .* samples by temperature and seed alone"):
        guided(plain, "ab", "(ab)+c")


def test_a_guide_for_the_form_and_seeds_for_the_meaning(model: LanguageModel) -> None:
    found = hardwire.until(model, "ab", lambda text: text.startswith("b"), tokens=6, top_k=3)
    assert found.text == model.generate("ab", 6, 0.8, found.seed, top_k=3)


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
    quick, slow = done.stdout.splitlines()[-2:]
    assert quick.startswith("many quick ones: passed after") and slow.startswith("a careful one: ")


@pytest.mark.tools  # outlines-core
def test_the_command_with_a_schema(chip_with_text: Chip, tmp_path: Path) -> None:
    chip_with_text.save(tmp_path / "m.chip")
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "null"}')
    asked = ["race", str(tmp_path / "m.chip"), "--prompt", "ab", "--tokens", "9", "--attempts", "2"]
    done = CliRunner().invoke(main, [*asked, "--schema", str(schema), "--careful", "guided", "--json"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert not data["passed"] and data["careful"]["passed"] and data["careful"]["text"] == "null"
    for more, words in (
        ([], "give --until PATTERN or --schema FILE"),
        (["--schema", str(schema), "--until", "a"], "and not both"),
        (["--schema", str(tmp_path / "m.chip")], "m.chip: "),
    ):
        done = CliRunner().invoke(main, [*asked, *more])
        assert done.exit_code == 1 and words in done.stderr
