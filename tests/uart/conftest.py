# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a board with the tiny chip, compiled once, switched on for every test; and a cable that can be cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hosted import FIRST, RING

from hardwire.backends.serialsim import SerialSim
from hardwire.chip.model import Chip
from hardwire.driver.serial import SerialChip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.serial import SerialHost, write_board_top
from hardwire.host import frames
from hardwire.host.frames import Frame
from hardwire.host.registers import address, field
from hardwire.plan.geometry import Geometry
from hardwire.targets.board import load_board

GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, minus=False)
BOARD = load_board("ulx3s-85f")
SERIAL = SerialHost(clock_mhz=50, baud=6_250_000, ring=RING, first_index=FIRST)
TIMEOUT = 1e-3  # of simulated time


@pytest.fixture(scope="session")
def project(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    write_rtl(chip_with_text, folder, GEOMETRY)
    write_board_top(folder, BOARD, SERIAL)
    return folder


@pytest.fixture(scope="session")
def compiled(project: Path) -> SerialSim:
    sim = SerialSim(project)
    sim.compile()
    return sim


@pytest.fixture
def sim(compiled: SerialSim) -> SerialSim:
    """A board that was just switched on."""
    compiled.power_up()
    compiled.run(30)
    return compiled


@pytest.fixture
def wire(sim: SerialSim) -> Wire:
    return Wire(sim)


@pytest.fixture
def chip(sim: SerialSim) -> SerialChip:
    return SerialChip(sim, timeout=TIMEOUT)


class Wire:
    """Raw frames to a board, and what comes back."""

    def __init__(self, sim: SerialSim) -> None:
        self.sim, self.tag = sim, 0
        self.splitter = frames.Splitter()

    def send(self, data: bytes) -> list[Frame]:
        """What the board says to these bytes, until it is silent."""
        self.sim.write(data)
        self.sim.send_all()
        return self.hear()

    def hear(self) -> list[Frame]:
        found: list[Frame] = []
        while data := self.sim.read(4096):
            found += self.splitter.feed(data)
        return found

    def read(self, name: str, count: int = 1, index: int = 0) -> list[int]:
        self.tag = self.tag % 255 + 1
        (answer,) = self.send(frames.read_command(self.tag, address(name, index), count))
        assert (answer.op, answer.tag, answer.address) == (frames.READ, self.tag, address(name, index))
        return list(answer.words)

    def write(self, name: str, *words: int, index: int = 0) -> None:
        self.tag = self.tag % 255 + 1
        answer, *_ = self.send(frames.write_command(self.tag, address(name, index), words))
        assert (answer.op, answer.tag, answer.address) == (frames.WRITE, self.tag, address(name, index))

    def errors(self) -> set[str]:
        """The errors that stand, which are then cleared."""
        (word,) = self.read("error")
        self.write("error", word)
        names = ("framing", "checksum", "overrun", "malformed", "address", "range", "refused")
        return {name for name in names if field("error", name).of(word)}

    def status(self, name: str) -> int:
        return field("status", name).of(self.read("status")[0])

    def start(self, prompt: list[int], budget: int = 0xFFFFFFFF, control: int = 3, stream: int = 0) -> None:
        self.write("length", len(prompt), budget)
        for first in range(0, len(prompt), 16):
            self.write("prompt", *prompt[first : first + 16], index=first)
        self.write("control", control, stream)


class Cable:
    """A line to a board that can be cut, and that may lose and bend bytes: one in ``one_in``, seeded."""

    def __init__(self, sim: SerialSim, one_in: int = 0, seed: int = 0) -> None:
        self.sim, self.whole, self.one_in = sim, True, one_in
        self.draw = np.random.default_rng(seed)
        self.damage = 0

    def read(self, size: int = 1) -> bytes:
        if self.whole:
            return self._worn(self.sim.read(size))
        self.sim.run(40)  # the board goes on, and time
        return b""

    def write(self, data: bytes) -> int:
        return self.sim.write(self._worn(data)) if self.whole else 0

    def now(self) -> float:
        return self.sim.now()

    def _worn(self, data: bytes) -> bytes:
        worn = bytearray()
        for byte in data:
            hit = self.one_in and self.draw.integers(self.one_in) == 0
            self.damage += bool(hit)
            if not hit:
                worn.append(byte)
            elif self.draw.integers(2):
                worn.append(byte ^ 1 << int(self.draw.integers(8)))
        return bytes(worn)
