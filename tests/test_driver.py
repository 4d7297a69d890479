# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text in, text out: pieces concatenate, requests end for a reason, and bad ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import hardwire
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.errors import BuildError, PromptError


@pytest.fixture
def model(chip_with_text: Chip) -> LanguageModel:
    return LanguageModel(chip_with_text, Reference(chip_with_text), "tiny (reference)")


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


def test_a_chip_without_a_tokenizer_works_by_ids(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "m.chip")
    model = hardwire.load(tmp_path / "m.chip")
    pieces = list(model.stream([5, 6, 7], tokens=4, stops=()))
    assert model.last.prompt == [5, 6, 7] and [piece.id for piece in pieces] == model.last.tokens
    assert "".join(pieces) == "".join(f" {token}" for token in model.last.tokens)
    assert model.text([5, 6, 7]) == "5 6 7"
    first = model.generate([5, 6], tokens=3, stops=())
    assert model.last.tokens == [int(number) for number in first.split()]
    said = [*model.last.prompt, *model.last.tokens]
    list(model.chat([8], tokens=2))
    assert model.last.prompt == [*said, 8]


def test_ids_are_taken_as_they_are(model: LanguageModel) -> None:
    """With a tokenizer too: no start token is put in front."""
    text = model.generate("abc", tokens=4, stops=())
    ids = model.last.prompt
    assert model.generate(ids, tokens=4, stops=()) == text and model.last.prompt == ids
    model.generate(ids[1:], tokens=1)
    assert model.last.prompt == ids[1:]


@pytest.mark.parametrize(
    "ids, message",
    [
        ([], "no token ids; give one or more"),
        ([1, 40], "token 40 is not one of the 40 of the vocabulary"),
        ([-1], "token -1 is not one of the 40"),
        (24 * [1], "the prompt has 24 tokens; the context of 24 leaves no room"),
    ],
)
def test_ids_that_cannot_be_served(model: LanguageModel, ids: list[int], message: str) -> None:
    with pytest.raises(PromptError, match=message):
        model.generate(ids)


def test_an_unknown_backend_lists_what_there_is(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "m.chip")
    with pytest.raises(BuildError, match="has no backend 'csim'; it has reference"):
        hardwire.load(tmp_path / "m.chip", "csim")


def test_token_ids_are_a_prompt_too(model: LanguageModel) -> None:
    text = model.generate("abc", tokens=6, stops=())
    ids = model.last.prompt
    assert model.generate(ids, tokens=6, stops=()) == text and model.last.prompt == ids
    assert model.text(ids) == "abc"
    with pytest.raises(PromptError, match="token 40 is not one of the 40 of the vocabulary"):
        model.generate([1, 40])
    with pytest.raises(PromptError, match="token -1 is not one of the 40"):
        model.generate([-1])
    with pytest.raises(PromptError, match="the prompt is empty"):
        model.generate([])


def test_a_chip_without_a_tokenizer_answers_in_numbers(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "m.chip")
    model = hardwire.load(tmp_path / "m.chip")
    text = model.generate([7, 5], tokens=4)
    assert model.last.tokens == Reference(tiny_chip).generate([7, 5], 4)
    assert text == "".join(f" {token}" for token in model.last.tokens) == " " + model.text(model.last.tokens)
    assert list(model.chat([3], tokens=2)) and model.last.prompt[:2] == [7, 5]


def test_two_streams_of_the_reference_side_by_side(model: LanguageModel) -> None:
    alone = [model.generate(prompt, tokens=5, stops=()) for prompt in ("abc", "d")]
    streams = [model.stream(prompt, tokens=5, stops=()) for prompt in ("abc", "d")]
    pieces = [(next(streams[0]), next(streams[1])) for _ in range(5)]
    assert ["".join(each) for each in zip(*pieces, strict=True)] == alone


def test_what_runs_and_where_it_is_must_go_together(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "m.chip")
    with pytest.raises(BuildError, match="backend 'csim' and a port: the board is what runs; leave one of them out"):
        hardwire.load(tmp_path / "m.chip", "csim", port="/dev/nothing")
    with pytest.raises(BuildError, match="backend 'reference' and a device: the board is what runs"):
        hardwire.load(tmp_path / "m.chip", "reference", device=object())
    with pytest.raises(BuildError, match='backend "serial" needs the port of the board; give one, as port='):
        hardwire.load(tmp_path / "m.chip", "serial")
    with pytest.raises(BuildError, match="has no backend 'abacus'; it has reference"):
        hardwire.load(tmp_path / "m.chip", "abacus")
