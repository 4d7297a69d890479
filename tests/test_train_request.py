# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What of a training needs no torch: refusals before the long work, a text's parts, the card, the command's words."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hardwire.cli.main import main
from hardwire.errors import BoardError, HardwireError, ToolMissing, TrainError
from hardwire.training import documents
from hardwire.training import request as module
from hardwire.training.card import card
from hardwire.training.documents import Parts
from hardwire.training.request import Request, Task, resumed

LINES = "\n".join(f"Tom saw {count} birds over the old mill, and Sue saw none." for count in range(400))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if torch were there: nothing here imports it."""
    monkeypatch.setattr(module, "find_spec", lambda name: object())


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text(LINES)
    return path


def request(text: Path, **changes: Any) -> Request:
    options: dict[str, Any] = {"parameters": 5000, "context": 64, "steps": 20}
    return Request(text=text, out=text.parent / "mine", **options | changes)


def refused(error: type[HardwireError], words: str, asked: Request) -> None:
    with pytest.raises(error, match=words):
        Task.of(asked)
    assert not asked.out.exists()  # nothing is written before the last check


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"parameters": None}, TrainError, "nothing says how large the model is; give --board, or"),
        ({"minutes": 5.0}, TrainError, "--minutes 5 and --steps 20: give one of them"),
        ({"weights": 9}, TrainError, "--weights 9: 2 to 8 are possible"),
        ({"steps": 0}, TrainError, "--steps 0: 1 to "),
        ({"context": 100}, TrainError, "--context 100: give a multiple of 16, as 112"),
        ({"vocab": 100}, TrainError, "--vocab 100: give a multiple of 16, as 112"),
        ({"device": "tpu"}, TrainError, "--device 'tpu': auto, cpu, cuda are possible"),
        ({"parameters": 4000}, HardwireError, "--parameters 4,000: the smallest shape has 4,656; give that or more"),
        ({"board": "pynq-z9"}, BoardError, "no board 'pynq-z9'; known are alveo-u250, "),
        ({"board": "pynq-z2", "context": 4096, "weights": 8, "vocab": 32752, "parameters": None}, BoardError,
         "pynq-z2 holds no shape of 8-bit weights and 4096 positions; use fewer bits"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_once(
    installed: None, text: Path, changes: dict[str, Any], error: type[HardwireError], words: str
) -> None:
    refused(error, words, request(text, **changes))


def test_texts_that_teach_nothing_are_refused(installed: None, text: Path) -> None:
    text.write_text("Too short a story.")
    refused(TrainError, "18 characters of text are too few to learn from; give 10,000 or more", request(text))
    text.write_text("<|endoftext|>\n" * 1000)
    refused(TrainError, "0 characters of text are too few", request(text))
    text.write_bytes(LINES.encode() + b"\xff")
    refused(HardwireError, r"mine.txt: not UTF-8 at byte \d+; convert it first", request(text))
    refused(HardwireError, "absent.txt: cannot be read", request(text.with_name("absent.txt")))
    text.write_text("".join(chr(0x4E00 + index % 900) for index in range(20_000)))
    words = r"has 900 different characters; a vocabulary of 128 has room for 64, 7.*% of the text: give --vocab 1792"
    refused(TrainError, words, request(text))


def test_without_torch_the_extra_is_named(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "torch" else find_spec("json"))
    refused(ToolMissing, r'training needs torch; pip install "hardwire\[train\]"', request(text))


def test_a_folder_goes_on_with_what_it_was_begun_with(installed: None, text: Path) -> None:
    begun = Task.of(request(text, licence="CC0-1.0"))
    assert begun.shape.parameters == 4656 and begun.shape.context == 64
    assert resumed(begun.request.out) == request(text.absolute(), licence="CC0-1.0")
    Task.of(request(text, threads=2, save_every=5.0))  # how it is computed may change
    with pytest.raises(
        TrainError, match=r"holds a training with another steps \(20, not 30\); choose another -o, or go on"
    ):
        Task.of(request(text, steps=30))
    text.write_text(LINES + "More.")
    with pytest.raises(TrainError, match="holds a training with another sha256"):
        Task.of(request(text))
    with pytest.raises(TrainError, match="is not the text that .*mine was begun with; put it back"):
        resumed(begun.request.out)


def test_resuming_needs_a_beginning(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"No such file or directory; no training was begun there: give --text and -o"):
        resumed(tmp_path)
    (tmp_path / "options.json").write_text("[]")
    with pytest.raises(TrainError, match="no options of a training; begin anew"):
        resumed(tmp_path)
    (tmp_path / "options.json").write_text("{")
    with pytest.raises(TrainError, match="malformed .*; begin anew"):
        resumed(tmp_path)
    (tmp_path / "options.json").write_text("{}")
    with pytest.raises(TrainError, match="KeyError: .*; begin anew"):
        resumed(tmp_path)


def test_a_text_without_separators_keeps_its_last_lines_back() -> None:
    parts = Parts.of(LINES)
    assert len(parts.documents) == 1
    assert f"{parts.documents[0]}\n{parts.held_out}" == LINES  # cut between lines, and nothing is in both
    assert 0.04 < len(parts.held_out) / len(LINES) < 0.06


def test_a_document_that_is_too_long_to_encode_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST_DOCUMENT", 15_000)
    with pytest.raises(TrainError, match=r"a document of .* characters, more than 15,000; put a line <\|endoftext\|>"):
        Parts.of(LINES)


def test_stories_are_held_out_whole() -> None:
    stories = [f"Story {count}. " + "It was a fine day. " * 20 for count in range(100)]
    parts = Parts.of("\n<|endoftext|>\n".join(stories))
    held = parts.held_out.split("\n<|endoftext|>\n")
    assert [*parts.documents, *held] == [story.strip() for story in stories] and 5 <= len(held) <= 6


def test_calibration_is_from_all_over_the_training_text() -> None:
    parts = Parts.of("\n".join(f"Line {count} of a long text that is not held back." for count in range(20_000)))
    calibration = parts.calibration()
    assert 60_000 < len(calibration) < 140_000
    places = [parts.documents[0].index(piece.strip()) for piece in calibration.split("<|endoftext|>")]
    assert min(places) == 0 and max(places) > 0.9 * len(parts.documents[0])


def test_the_most_common_characters_are_spelled() -> None:
    parts = Parts.of("xyz " + "ab ba a " * 4000)
    assert set(parts.alphabet(64)[:3]) == {" ", "a", "b"} and parts.alphabet(64)[-3:] == ["x", "y", "z"]


def test_the_card_says_what_and_whose(installed: None, text: Path) -> None:
    record = {
        "bits_per_char": {"float": 1.234, "integer": 1.25}, "steps": 20, "tokens": 163_840, "epochs": 8.5,
        "seconds": 12.0,
        "computed_by": "compiled C", "torch": "2.13", "characters": 20_000, "quantized": 0.3, "held_out": 1000,
        "spelled": 40,
    }  # fmt: skip
    told = card(Task.of(request(text)), record, ["Tom saw\n2 birds", "none"])
    assert "| licence | of the text: not stated (hardwire train --licence)" in told
    assert "> Tom saw\n> 2 birds\n\n> none" in told and "| float, as exported | 1.234 |" in told
    begun = Task.of(request(text))
    assert f"sha256 {begun.digest}" in told
    named = card(Task.of(request(text, licence="CC0-1.0")), record, [])
    assert "| licence | of the text: CC0-1.0 |" in named


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def test_the_command_says_what_is_missing(installed: None, text: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    for arguments, words in (
        (("-o", out), "--text is missing; or give --resume, to go on in -o"),
        (("-o", out, "--text", text, "--hours", 1, "--minutes", 2), "--hours and --minutes: give one of them"),
        (("-o", out, "--text", text, "--parameters", "many"), "'many' is no number; give it as 500k or 1.5M"),
        (("-o", out, "--text", text), "nothing says how large the model is"),
        (("-o", out, "--resume"), "no training was begun there"),
    ):
        result = call(*arguments)
        assert result.exit_code == 1 and words in result.output.replace("\n", " "), result.output


def test_options_become_the_request(
    installed: None, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def stop(request: Request, progress: object) -> Task:
        asked.append(request)
        raise TrainError("stop here")

    monkeypatch.setattr(Task, "of", stop)
    call("--text", text, "-o", tmp_path / "m", "--parameters", "1.5M", "--hours", 2, "--weights", 3, "--json")
    assert (asked[0].parameters, asked[0].minutes, asked[0].weights, asked[0].steps) == (1_500_000, 120, 3, None)
    assert json.loads(json.dumps(asked[0].board)) is None
