# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text in, text out: pieces concatenate, requests end for a reason, and bad ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import hardwire
from hardwire.chip.model import Chip
from hardwire.chip.reference import feeder
from hardwire.driver.model import LanguageModel
from hardwire.errors import BuildError, PromptError


@pytest.fixture
def model(chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, lambda sampling: feeder(chip_with_text, sampling), "tiny (reference)")


def test_a_saved_chip_is_loaded_and_streams(chip_with_text: Chip, tmp_path: Path) -> None:
    chip_with_text.save(tmp_path / "m.chip")
    loaded = hardwire.load(tmp_path / "m.chip")
    pieces = list(loaded.stream("abc", tokens=6, stops=()))
    assert len(pieces) == 6 and all(isinstance(piece, hardwire.Token) for piece in pieces)
    assert [piece.id for piece in pieces] == loaded.last.tokens
    assert loaded.last.prompt == [1, 29, 3, 4, 5]  # <s>, the space before the first word, a, b, c
    assert loaded.codec is not None
    assert "abc" + "".join(pieces) == loaded.codec.decode(loaded.last.prompt + loaded.last.tokens)


def test_requests_end_for_a_reason(model: LanguageModel) -> None:
    text = model.generate("abc", tokens=5, stops=())
    assert model.last.status == "budget" and len(model.last.tokens) == 5
    first = model.last.tokens[0]
    assert model.generate("abc", stops=(first,)) == "" and model.last.status == "stop token"
    whole = model.generate("abc", stops=())
    assert whole.startswith(text) and model.last.status == "context full"
    assert len(model.last.prompt) + len(model.last.tokens) == model.chip.shape.context + 1


def test_leaving_a_stream_early_is_an_interruption(model: LanguageModel) -> None:
    stream = model.stream("abc", stops=())
    next(stream)
    stream.close()
    assert model.last.status == "interrupted" and len(model.last.tokens) == 1
    assert model.generate("abc", tokens=1, stops=()) != ""  # and the next request starts afresh


def test_the_same_seed_gives_the_same_text(model: LanguageModel) -> None:
    texts = [model.generate("abc", temperature=1.0, seed=seed, stops=()) for seed in (4, 4, 5)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    ("prompt", "options", "message"),
    [
        ("a" * 22, {}, "the prompt has 24 tokens; the context of 24 leaves no room for an answer, shorten it by 1"),
        ("aé", {}, "é"),
        ("a", {"temperature": float("nan")}, "temperature nan is not usable"),
        ("a", {"seed": -3}, "seed -3 is not usable"),
        ("a", {"tokens": -1}, "a budget of -1 tokens"),
    ],
)
def test_what_cannot_be_served_is_refused(model: LanguageModel, prompt: str, options: dict, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        model.generate(prompt, **options)


def test_a_chip_without_a_tokenizer_says_so(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "m.chip")
    with pytest.raises(PromptError, match="carries no tokenizer; quantize with --tokenizer"):
        hardwire.load(tmp_path / "m.chip").generate("a")


def test_an_unknown_backend_lists_what_there_is(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "m.chip")
    with pytest.raises(BuildError, match="has no backend 'csim'; it has reference"):
        hardwire.load(tmp_path / "m.chip", "csim")
