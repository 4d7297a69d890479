# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Registers in a file that two processes map: the board's processor under qemu, and what serves them on this machine.

Words pass through the file, each by one load or store of the processor that is emulated. A register does something
when it is read or written, which memory does not; so a socket rings for every access, in front of a load and behind a
store, and the access goes on when the other side has done its part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from driver.remote import RemoteBus

from hardwire.driver.mmio import Bus
from hardwire.host.registers import ADDRESS_BITS

WORDS = 1 << (ADDRESS_BITS - 2)


def mapped(path: Path, mode: Any = "r+") -> Any:
    """The words [131072] of a file; "w+" makes it."""
    return np.memmap(path, np.uint32, mode, shape=(WORDS,))


class SharedRegisters(np.ndarray):
    """Words as pynq.MMIO's array has them: the driver reads them by ``item`` and index arrays, and writes them."""

    door: RemoteBus

    @classmethod
    def of(cls, folder: Path) -> SharedRegisters:
        """The board's side of what ``serve`` serves."""
        words: SharedRegisters = mapped(folder / "words").view(cls)
        words.door = RemoteBus(str(folder / "door"))
        return words

    def item(self, place: int) -> int:  # type: ignore[override]
        self.door.read(4 * place)
        return int(super().item(place))

    def __setitem__(self, place: Any, word: Any) -> None:
        super().__setitem__(place, word)
        self.door.write(4 * int(place), 0)

    def __getitem__(self, places: Any) -> Any:
        for place in places.tolist():
            self.door.read(4 * place)
        return np.asarray(super().__getitem__(places))


class Memory:
    """This machine's side: a bus whose words are those of the file, whatever else the door was told."""

    def __init__(self, bus: Bus, folder: Path) -> None:
        self.bus: Any = bus
        self.words = mapped(folder / "words", "w+")

    def read(self, at: int) -> int:
        self.words[at >> 2] = self.bus.read(at)
        return 0

    def write(self, at: int, word: int) -> None:
        self.bus.write(at, int(self.words[at >> 2]))

    def run(self, cycles: int) -> None:
        self.bus.run(cycles)

    def power_up(self) -> None:
        self.bus.power_up()
