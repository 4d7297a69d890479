# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A simulated board whose memories are written: opened, asked what it says, and left in the middle of a load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from hardwire.build.folder import Build
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.hosted import HostedChip
from hardwire.driver.model import LanguageModel
from hardwire.host.registers import LOADER_WINDOW
from hardwire.host.requests import Request

if TYPE_CHECKING:
    from hardwire.backends.simboard import SimBoard

DRAWN = {"temperature": 0.9, "seed": 5}


def opened(build: Build, board: SimBoard, download: bool = True) -> LanguageModel:
    from hardwire.backends.simboard import simulated_bundle
    from hardwire.driver.bundle import for_board
    from hardwire.driver.overlay import open_board

    return open_board(for_board(simulated_bundle(build), None), board, download)


def hosted(model: LanguageModel) -> HostedChip:
    assert model.hosted is not None
    return model.hosted


def says(model: LanguageModel, chip: Chip, prompt: Sequence[int], tokens: int | None = None) -> None:
    """It gives the tokens of the chip's reference, greedy and drawn, and its logits and checksums are right."""
    reference = Reference(chip)
    for options in ({}, DRAWN):
        wanted = reference.run(Request(ids=tuple(prompt), budget=tokens, **options))  # type: ignore[arg-type]
        model.generate(prompt, tokens=tokens, **options)  # type: ignore[arg-type]
        assert (tuple(model.last.tokens), model.last.status) == (wanted.ids, wanted.status)
    assert model.verify() and model.chip.digest == chip.digest
    assert model.info()["id"] == f"{chip.id:08x}" == chip.digest[:8]


class Killed(Exception):
    """The program ends here."""


@contextmanager
def killed_behind(words: int, chip: HostedChip, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The program is killed when so many words of an image were written; in the block, and no longer."""
    store, left = chip.bus.write, words  # type: ignore[attr-defined]

    def write(at: int, word: int) -> None:
        nonlocal left
        if LOADER_WINDOW.address <= at < LOADER_WINDOW.address + 4 * LOADER_WINDOW.words:
            if left == 0:
                raise Killed
            left -= 1
        store(at, word)

    with monkeypatch.context() as patch:
        patch.setattr(chip.bus, "write", write)  # type: ignore[attr-defined]
        with pytest.raises(Killed):
            yield
