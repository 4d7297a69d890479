# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The registers of a chip whose memories can be written, as a Python model: ``rtl/reprint/contents_loader.sv``."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from hardwire.chip.model import Chip
from hardwire.chip.reference import new_state
from hardwire.emit.rtl.contents import FRAME, Cast
from hardwire.host.registers import LOADER, LOADER_WINDOW, LOADS, address, field

from .model import ModelChip

START, RESET = (field("control", name).mask for name in ("start", "reset"))


class LoadingChip(ModelChip):
    """It becomes whichever of ``chips`` an image is of. baked: it holds the first at power-up."""

    def __init__(self, chips: list[Chip], cast: Cast, baked: bool = True, **options: Any) -> None:
        self.chips, self.cast, self.baked = {chip.id: chip for chip in chips}, cast, baked
        self.length = cast.body + FRAME
        super().__init__(chips[0], **options)
        self.built = self.context

    def power_up(self) -> None:
        super().power_up()
        self.whole, self.loading, self.foreign, self.damaged = self.baked, False, False, False
        self.image: list[int] = []

    def reset(self) -> None:
        """The reset line: what the memories hold, and whether that is a chip, is none of its business."""
        whole, chip, baked = self.whole, self.chip, self.baked
        self.baked = whole
        self.power_up()
        self.baked, self.chip = baked, chip
        self.state = new_state(chip)

    def read(self, at: int) -> int:
        if not LOADER_WINDOW.address <= at < 2 * LOADER_WINDOW.address:
            return super().read(at)
        self.reads += 1
        names = {register.address: register.name for register in LOADER}
        flags = (self.whole, self.loading, self.loading, self.foreign, self.damaged)
        values = {
            "contents_state": sum(flag << bit for bit, flag in enumerate(flags)),
            "contents_taken": len(self.image),
            "contents_length": self.length,
            "mould": self.cast.word,
        }
        if at not in names:
            self._fail("address")
        return values.get(names.get(at, ""), 0)

    def write(self, at: int, word: int) -> None:
        if LOADER_WINDOW.address <= at < LOADER_WINDOW.address + 4 * LOADER_WINDOW.words:
            self.writes += 1
            if self.loading and (at - LOADER_WINDOW.address) // 4 == len(self.image) % LOADER_WINDOW.words:
                self._take(word)
        elif at == address("contents_state") and word == 1:
            self.writes += 1
            self._control(RESET)
            self.loading, self.foreign, self.damaged, self.image = True, False, False, []
        elif at == address("control") and (
            (word & START and not self.whole) or (word & (START | RESET) and self.loading)
        ):
            self.writes += 1
            self._fail("refused")
        else:
            super().write(at, word)

    def _register(self, name: str, index: int) -> int:
        if name == "id":
            return self.chip.id if self.whole else 0
        return LOADS.mask if name == "features" else super()._register(name, index)

    def _take(self, word: int) -> None:
        self.image.append(word)
        if len(self.image) == 1:
            self.foreign = word != self.cast.word
            self.loading, self.whole = not self.foreign, self.whole and self.foreign
        elif len(self.image) == self.length:
            self.loading = False
            positions = self.image[self.cast.positions_at] if self.cast.positions_at else self.built
            right = zlib.crc32(np.array(self.image[:-1], "<u4").tobytes()) == word
            self.whole = right and 1 <= positions <= self.built
            self.damaged = not self.whole
            if self.whole:
                self.chip, self.context = self.chips[self.image[-2]], positions
                self.state = new_state(self.chip)
