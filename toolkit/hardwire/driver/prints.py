# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which chip the memories of a board hold, and which others could be there: adapters, by name.

numpy and the standard library only: this runs on the board.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..chip.adapter import load_adapter
from ..chip.model import Chip
from ..errors import BuildError, PromptError
from .hosted import HostedChip

if TYPE_CHECKING:
    from ..emit.rtl.contents import Cast, Words

CUT_OFF = "\0"  # no adapter's name


class Prints:
    """A board that can be reprinted, and what it holds. Images are made once; a switch is a load."""

    def __init__(self, board: HostedChip, chip: Chip, cast: Cast, name: str) -> None:
        self._board, self._cast, self._name = board, cast, name
        self._known: dict[str | None, tuple[Chip, Words | None]] = {None: (chip, None)}  # None: without an adapter
        self.held: str | None = None

    def add(self, name: str, adapter: Path) -> None:
        """Know an adapter of the chip. Raises ChipError for one of another chip, BuildError for another mould."""
        self._refuse_frozen()
        base = self._known[None][0]
        chip = load_adapter(adapter, base).apply(base)
        self._known[name] = chip, self._cast.image(chip)

    def replace(self, chip: Chip) -> None:
        """Pour in another chip, whose adapters nobody knows yet. Raises as ``hold``, BuildError for another mould."""
        if chip.digest != self._known[None][0].digest:
            self._refuse_frozen()
        image = self._cast.image(chip)
        self._pour(image)
        self._known, self.held = {None: (chip, image)}, None

    def hold(self, name: str | None) -> Chip | None:
        """Make the board hold the chip with that adapter, or without one; the chip, where that is another than before.

        Raises PromptError for an adapter that nobody added, and while an answer is given; LinkError.
        """
        if name not in self._known:
            added = ", ".join(str(known) for known in self._known if known is not None) or "none"
            raise PromptError(f"no adapter {name!r}; add_adapter has {added}")
        if name == self.held:
            return None
        chip, image = self._known[name]
        if image is None:
            image = self._cast.image(chip)
            self._known[name] = chip, image
        self._pour(image)
        self.held = name
        return chip

    def laid(self, chip: Chip) -> Chip:
        """A chip as the engine holds it, which may have been built for more positions."""
        return self._cast.extended(chip)

    def _pour(self, image: Words) -> None:
        if self._board.busy:
            raise PromptError(f"{self._name} is giving an answer; reprint it behind that, or stop() it")
        self.held = CUT_OFF  # until it is whole: whoever asks next has it loaded anew
        self._board.pour(image)

    def _refuse_frozen(self) -> None:
        from ..emit.rtl.contents import Pour  # the planner, which most boards never need

        if self._cast.pour is not Pour.ALL:
            raise BuildError(f"{self._name} takes its own weights alone, into URAM; build it with --reprintable")
