# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Power that fails, another user's bitstream, a kernel that starts anew: on the simulated board, through pynq, each
ends in a sentence or goes on with the right tokens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hardwire
from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.driver import lock, overlay
from hardwire.driver.mmio import MappedChip
from hardwire.errors import LinkError
from hardwire.targets.board import load_board

if TYPE_CHECKING:  # the check under numpy 2 has no pynq
    from hardwire.backends.simboard import SimBoard

pytestmark = [pytest.mark.tools, pytest.mark.filterwarnings("ignore::hardwire.driver.mmio.ChipFault")]
READS = pytest.mark.parametrize("reads", [0, 0xFFFF_FFFF, 0x1234_5678], ids=["zeros", "ones", "another design"])
GONE = r"the FPGA no longer holds this chip \(magic 0x\w+, ID \w+\): it lost its power, or another program loaded"


@pytest.fixture(scope="module")
def build(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("power")
    chip_with_text.save(folder / "tiny.chip")
    return make_build(folder / "tiny.chip", load_board("pynq-z2"), folder / "tiny", target="bitstream")


@pytest.fixture(scope="module")
def board(build: Build) -> SimBoard:
    from hardwire.backends.simboard import simulated_board

    return simulated_board(build)


@pytest.fixture(scope="module")
def folder(build: Build) -> Path:
    from hardwire.backends.simboard import simulated_bundle

    return simulated_bundle(build)


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARDWIRE_LOCKS", str(tmp_path))
    monkeypatch.delenv("BOARD", raising=False)
    monkeypatch.setattr("hardwire.driver.mmio.DEAD_CLOCK", 0.2)


@pytest.fixture(scope="module")
def wanted(build: Build) -> str:
    return hardwire.load(build.folder, backend="reference").generate("ab", 12, stops=())


def killed(model: hardwire.LanguageModel) -> None:
    """As SIGKILL leaves it: the kernel frees the lock, and nothing else is done."""
    for held in list(lock._mine.values()):
        if (one := held()) is not None:
            one.on_lost = None
            one.release()
    model._on_close = lambda: None
    assert isinstance(model.hosted, MappedChip)
    model.hosted._turn += 1  # a stream that is collected later does nothing


# -- power ---------------------------------------------------------------------------------------------


@READS
def test_power_that_fails_between_load_and_the_first_token(
    board: SimBoard, folder: Path, wanted: str, reads: int
) -> None:
    with hardwire.load(folder, device=board) as model:
        board.lose_power(reads)
        for _ in range(2):  # it stays so, and says so
            with pytest.raises(LinkError, match=GONE):
                model.generate("ab", 12, stops=())
    with hardwire.load(folder, device=board) as model:
        assert model.generate("ab", 12, stops=()) == wanted


@READS
@pytest.mark.parametrize("heard", [0, 1, 5])
def test_power_that_fails_in_a_story(board: SimBoard, folder: Path, wanted: str, reads: int, heard: int) -> None:
    """Also before the first token: a chip that reads zeros is not busy, and has said nothing; that is no end."""
    with hardwire.load(folder, device=board) as model:
        stream = model.stream("ab", 12, stops=())
        text = ""
        assert model.hosted is not None
        if heard:
            text = "".join(next(stream) for _ in range(heard))
            board.lose_power(reads)
        else:
            real = model.hosted._start

            def dark(clear: bool) -> None:
                real(clear)
                board.lose_power(reads)

            model.hosted._start = dark  # type: ignore[method-assign]
        with pytest.raises(LinkError, match=GONE):
            text += "".join(stream)
        assert wanted.startswith(text), "no token that the model does not say"
    with hardwire.load(folder, device=board) as model:
        assert model.generate("ab", 12, stops=()) == wanted


def test_power_that_fails_while_a_loop_awaits(board: SimBoard, folder: Path) -> None:
    async def ask(model: hardwire.LanguageModel) -> None:
        async for _ in model.astream("ab", 12, stops=()):
            board.lose_power()

    with hardwire.load(folder, device=board) as model, pytest.raises(LinkError, match=GONE):
        asyncio.run(ask(model))


def test_power_that_fails_in_a_conversation(board: SimBoard, folder: Path) -> None:
    with hardwire.load(folder, device=board) as model:
        list(model.chat("ab", 3, stops=()))
        board.lose_power()
        with pytest.raises(LinkError, match=GONE):
            list(model.chat("c", 3, stops=()))


def test_a_board_that_was_switched_on_anew_is_not_touched(
    board: SimBoard, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    """Without a bitstream a read of the fabric may never end: the kernel is asked before."""
    state = tmp_path / "state"
    monkeypatch.setattr(overlay, "FPGA_STATE", state)
    with hardwire.load(folder, device=board):
        pass

    def touched(address: int, length: int) -> bytes:
        raise AssertionError(f"{address:#x} was read")

    state.write_text("unknown\n")
    with monkeypatch.context() as patched:
        patched.setattr(board, "read_registers", touched)
        with pytest.raises(LinkError, match=r"the FPGA holds no bitstream \(.*state says 'unknown'\): the board was"):
            hardwire.load(folder, device=board, download=False)
    state.write_text("operating\n")
    with hardwire.load(folder, device=board, download=False) as model:
        assert model.generate("ab", 12, stops=()) == wanted


# -- a chip that begins anew ----------------------------------------------------------------------------


def test_a_chip_that_was_reset_between_two_requests_goes_on(board: SimBoard, folder: Path, wanted: str) -> None:
    with hardwire.load(folder, device=board) as model:
        assert model.generate("ab", 12, stops=()) == wanted
        board.begin_anew()
        assert model.generate("ab", 12, stops=()) == wanted


@pytest.mark.parametrize("heard", [1, 5])
def test_a_chip_that_was_reset_in_a_story_says_so(board: SimBoard, folder: Path, wanted: str, heard: int) -> None:
    with hardwire.load(folder, device=board) as model:
        stream = model.stream("ab", 12, stops=())
        text = "".join(next(stream) for _ in range(heard))
        board.begin_anew()
        with pytest.raises(LinkError, match=r"was loaded, reset or used by another program meanwhile .*, ask again"):
            text += "".join(stream)
        assert wanted.startswith(text)
        assert model.generate("ab", 12, stops=()) == wanted, "the same model goes on"


def test_a_conversation_goes_on_over_a_chip_that_began_anew(board: SimBoard, folder: Path, build: Build) -> None:
    reference = hardwire.load(build.folder, backend="reference")
    with hardwire.load(folder, device=board) as model:
        for number, text in enumerate(("ab", "c", "de")):
            if number:
                board.begin_anew()  # its cache is gone: all that was said is fed again
            said = [list(each.chat(text, 2, stops=())) for each in (model, reference)]
            assert said[0] == said[1]


# -- a second user, a kernel that starts anew -------------------------------------------------------------


def test_loading_over_a_running_chip_begins_anew(board: SimBoard, folder: Path, wanted: str) -> None:
    first = hardwire.load(folder, device=board)
    left = first.stream("ab", stops=())
    next(left)
    killed(first)
    assert first.hosted is not None and first.hosted.busy, "a program died, its chip runs"
    before = board.downloads
    with hardwire.load(folder, device=board) as second:
        assert board.downloads == before + 1 and second.hosted is not None and not second.hosted.busy
        assert second.generate("ab", 12, stops=()) == wanted
    del left


def test_a_kernel_that_starts_anew_finds_its_chip_without_loading(board: SimBoard, folder: Path, wanted: str) -> None:
    first = hardwire.load(folder, device=board)
    left = first.stream("ab", 12, stops=())
    heard = "".join(next(left) for _ in range(3))
    killed(first)
    before = board.downloads
    with hardwire.load(folder, device=board, download=False) as second:
        assert board.downloads == before and second.hosted is not None
        rest = list(second.hosted.resume())  # what nobody acknowledged, to the end
        assert second.codec is not None and wanted.endswith(second.codec.decode(rest)) and heard
        assert second.generate("ab", 12, stops=()) == wanted
    del left


def test_another_users_notebook_in_the_same_process_takes_the_board(board: SimBoard, folder: Path, wanted: str) -> None:
    first = hardwire.load(folder, device=board)
    left = first.stream("ab", stops=())
    next(left)
    with hardwire.load(folder, device=board) as second:
        assert second.generate("ab", 12, stops=()) == wanted
        with pytest.raises(Exception, match="was closed; load it again"):
            first.generate("ab")
    del left
