# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Two trained models of one mould on a simulated PYNQ-Z2, through pynq and the driver: A, B, A, and three loads that
are killed. Nothing is ever said that neither of them says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from second_model import second_chip

from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip, load_chip
from hardwire.driver.hosted import EMPTY
from hardwire.errors import LinkError
from hardwire.host.requests import Request
from hardwire.openers import Place
from hardwire.targets.board import load_board

from .reprinting import hosted, killed_behind, opened, says

if TYPE_CHECKING:
    from hardwire.backends.simboard import SimBoard

pytestmark = [pytest.mark.tools, pytest.mark.slow]  # minutes: Verilator, and the bus of a whole engine

SHIPPED = Path(__file__).parents[2] / "bitstreams" / "ulx3s-85f" / "bundled"
TOKENS = 40


@pytest.fixture(scope="module")
def chips() -> tuple[Chip, Chip]:
    first = load_chip(SHIPPED / "model.chip")
    return first, second_chip(first)


@pytest.fixture(scope="module")
def prompt(chips: tuple[Chip, Chip]) -> list[int]:
    from hardwire.frontend.tokenizer import tokenizer_of

    return tokenizer_of(chips[0].tokenizer or {}, "the chip's tokenizer").story_ids("Once upon a time")


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("trained") / "build"
    return make_build(SHIPPED / "model.chip", load_board("pynq-z2"), folder, target="bitstream", reprintable=True)


@pytest.fixture(scope="module")
def board(build: Build) -> SimBoard:
    from hardwire.backends.simboard import simulated_board

    return simulated_board(build)


def test_either_model(build: Build, board: SimBoard, chips: tuple[Chip, Chip], prompt: list[int]) -> None:
    a, b = chips
    cycles = []
    with opened(build, board) as model:
        for chip in (a, b, a):
            model.reprint(chip)
            says(model, chip, prompt, TOKENS)
            hosted(model).run(Request(ids=tuple(prompt), budget=1))
            cycles.append(hosted(model).run_cycles())
    assert len(set(cycles)) == 1


@pytest.mark.parametrize(("share", "end"), [(0.0, "goes on"), (0.4, "another program"), (1.0, "the fabric is reset")])
def test_a_load_that_is_killed(
    build: Build,
    board: SimBoard,
    chips: tuple[Chip, Chip],
    prompt: list[int],
    share: float,
    end: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Behind its second word, in its middle, and in front of its last; nothing starts until a load is whole."""
    a, b = chips
    cast = Place(location=build.folder).cast
    assert cast is not None
    length = len(cast.image(b))
    with opened(build, board) as model:
        says(model, a, prompt, TOKENS)
        with killed_behind(2 + round(share * (length - 3)), hosted(model), monkeypatch):
            model.reprint(b)
        with pytest.raises(LinkError, match=EMPTY.partition(":")[0]):
            hosted(model).run(Request(ids=tuple(prompt), budget=1))
        assert hosted(model)._read("id") == 0 and not hosted(model).holds()
        if end == "goes on":
            says(model, a, prompt, TOKENS)  # which was loaded anew
            model.reprint(b)
            says(model, b, prompt, TOKENS)
            return
    if end == "the fabric is reset":
        board.sim.reset()
    with opened(build, board, download=False) as model:  # which loads what it was built with
        says(model, a, prompt, TOKENS)
        model.reprint(b)
        says(model, b, prompt, TOKENS)
