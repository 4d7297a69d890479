# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Several users of one simulated board, in threads and tasks, through pynq and the driver: each as if alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

import hardwire
from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.driver.model import LanguageModel
from hardwire.host.registers import aperture
from hardwire.plan.geometry import Geometry
from hardwire.targets.board import load_board

pytestmark = pytest.mark.tools

STREAMS = 2
USERS = 5  # more than there are streams
OPTIONS = [{"tokens": 9 + n, "temperature": 0.8 * (n % 2), "seed": n, "stops": ()} for n in range(USERS)]
PROMPTS = ["ab", "c", "the", "a dog", "x y z"]


@pytest.fixture(scope="module")
def build(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("users")
    chip_with_text.save(folder / "tiny.chip")
    geometry = Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=STREAMS)
    return make_build(
        folder / "tiny.chip", load_board("pynq-z2"), folder / "tiny", target="bitstream", geometry=geometry
    )


@pytest.fixture(scope="module")
def board(build: Build) -> Iterator[LanguageModel]:
    with hardwire.load(build.folder, backend="simulation") as model:
        yield model


@pytest.fixture
def model(board: LanguageModel) -> LanguageModel:
    board.reset()
    return board


@pytest.fixture(scope="module")
def wanted(build: Build) -> list[str]:
    """What each user hears who is alone."""
    reference = hardwire.load(build.folder, backend="reference")
    return [reference.generate(prompt, **options) for prompt, options in zip(PROMPTS, OPTIONS, strict=True)]


def test_the_board_says_how_many_it_has(model: LanguageModel) -> None:
    assert model.info()["streams"] == STREAMS == model.backend.limits.streams
    assert model.hosted is not None
    device = model.hosted.bus.mmio.device  # type: ignore[attr-defined]
    assert model.hosted.bus.mmio.length == aperture(STREAMS) == device.range  # type: ignore[attr-defined]


def test_users_in_threads(model: LanguageModel, wanted: list[str]) -> None:
    heard: dict[int, list[str]] = {}
    used: set[int] = set()

    def user(number: int) -> None:
        heard[number] = []
        for _ in range(3):
            text = ""
            for piece in model.stream(PROMPTS[number], **OPTIONS[number]):  # type: ignore[arg-type]
                text += piece
                used.update(lease.number for lease in model._pool._held)
            heard[number].append(text)

    threads = [threading.Thread(target=user, args=(number,)) for number in range(USERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: [wanted[number]] * 3 for number in range(USERS)}
    assert used == {0, 1}


def test_users_in_tasks(model: LanguageModel, wanted: list[str]) -> None:
    most = 0

    async def user(number: int) -> str:
        nonlocal most
        text = ""
        async for piece in model.astream(PROMPTS[number], **OPTIONS[number]):  # type: ignore[arg-type]
            text += piece
            assert model.hosted is not None
            most = max(most, sum(stream.busy for stream in model.hosted.streams))
        return text

    async def everybody() -> list[str]:
        return list(await asyncio.gather(*(user(number) for number in range(USERS))))

    assert asyncio.run(everybody()) == wanted
    assert most == STREAMS, "two ran in the engine at once"


def test_two_answers_read_by_one_caller(model: LanguageModel, wanted: list[str]) -> None:
    """In one thread, token by token in turn; a third takes over the one that began first."""
    answers = [model.stream(PROMPTS[n], **OPTIONS[n]) for n in range(2)]  # type: ignore[arg-type]
    texts = ["", ""]
    for _ in range(20):
        for number, answer in enumerate(answers):
            texts[number] += next(answer, "")
    assert texts == wanted[:2]
    first, second = (model.stream(PROMPTS[n], **OPTIONS[n]) for n in range(2))  # type: ignore[arg-type]
    begun = next(first), next(second)
    assert model.generate(PROMPTS[2], **OPTIONS[2]) == wanted[2]  # type: ignore[arg-type]
    assert begun[1] + "".join(second) == wanted[1]
    with pytest.raises(hardwire.errors.LinkError, match="another request of this program took the chip"):
        list(first)


def test_a_conversation_goes_on_where_it_was(model: LanguageModel, build: Build) -> None:
    reference = hardwire.load(build.folder, backend="reference")
    for speaker in (model, reference):
        speaker.reset()
    said = [["".join(s.chat(text, 4, stops=())) for text in ("ab", "cd")] for s in (model, reference)]
    assert said[0] == said[1]
    assert model.last.prompt == model.encode("cd", start=False), "the context was there: the new text alone was fed"
    kept = model.last.stream
    # Somebody else takes both streams in between: what was said is fed again.
    chat = model.chat("ef", 4, stops=())
    for _ in range(STREAMS):
        model.generate("x", 2)
    again = "".join(chat)
    assert again == "".join(reference.chat("ef", 4, stops=())) and len(model.last.prompt) > 10
    assert {kept, model.last.stream} <= {0, 1}


@pytest.mark.parametrize(("end", "reason"), [("stop", "stopped"), ("reset", "reset")])
def test_an_end_of_all(model: LanguageModel, end: str, reason: str) -> None:
    answers = [model.stream("ab", stops=()) for _ in range(STREAMS)]
    for answer in answers:
        next(answer)
    getattr(model, end)()
    assert model.hosted is not None and not any(stream.busy for stream in model.hosted.streams)
    assert [len(list(answer)) >= 0 for answer in answers] == [True] * STREAMS
    first, *others = (stream.reason for stream in model.hosted.streams)
    assert first == reason
    assert {*others} <= {reason, "context full"}, "while one ends, another may come to its own end"


def test_every_stream_is_tested(model: LanguageModel, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hardwire.load(build.folder, backend="reference").backend
    result = model.verify(6)
    assert result and result.tokens == STREAMS * 2 * 6 and one is not None
    assert model.hosted is not None
    second = model.hosted.streams[1]
    right: Callable[[], object] = second.logits
    monkeypatch.setattr(second, "logits", lambda: right() + 1)  # type: ignore[operator]
    found = model.verify(6)
    assert not found and str(found.first_difference).startswith("stream 1: token 0, logit 0: ")
