# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Two streams at one serial line: frames name whose they are, and each answer is as if it were alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hosted import FIRST

from hardwire.backends.serialsim import SerialSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.model import LanguageModel
from hardwire.driver.serial import SerialChip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.serial import write_board_top
from hardwire.host import frames
from hardwire.host.registers import ADDRESS_BITS, ID_BITS, address, field
from hardwire.host.requests import Request
from hardwire.plan.geometry import Geometry
from hardwire.proof.receipts import Rung
from hardwire.proof.streams import listeners

from .conftest import BOARD, SERIAL, TIMEOUT, Cable

pytestmark = pytest.mark.tools

GEOMETRY = Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2)
SECOND = 1 << ADDRESS_BITS  # where the registers of stream 1 begin


@pytest.fixture(scope="module")
def compiled(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> SerialSim:
    folder = tmp_path_factory.mktemp("streams")
    write_rtl(chip_with_text, folder, GEOMETRY)
    write_board_top(folder, BOARD, SERIAL)
    sim = SerialSim(folder)
    sim.compile()
    return sim


@pytest.fixture
def chip(sim: SerialSim) -> SerialChip:
    return SerialChip(sim, timeout=TIMEOUT)


def test_frames_name_their_stream(chip: SerialChip, chip_with_text: Chip) -> None:
    """Tokens and ends that are pushed come under the address of their stream's registers, slots with its number."""
    for stream in chip.streams:
        stream._begin(Request(ids=(5, 6), budget=6))
    for _ in range(400):
        chip.link._receive()
    want = Reference(chip_with_text).generate((5, 6), 6)
    for number in range(2):
        own = list(chip.link.pushed[number])
        assert all(frame.address >> ADDRESS_BITS == number for frame in own)
        slots = [slot for frame in own if frame.op == frames.TOKENS for slot in frame.words]
        assert [slot & ((1 << ID_BITS) - 1) for slot in slots] == want
        assert [slot >> ID_BITS for slot in slots] == [number << 10 | (FIRST + i) % (1 << 10) for i in range(6)]
        (end,) = [frame for frame in own if frame.op == frames.ENDED]
        assert end.address == address("status") + number * SECOND
        assert field("status", "reason").of(end.words[0]) == 1 and end.words[1] == (FIRST + 6) % (1 << 32)
        assert all(field("status", "stream").of(frame.status) for frame in own)


def test_answers_in_any_order(chip: SerialChip, chip_with_text: Chip) -> None:
    rung = Rung()
    assert listeners(rung, "serial", chip_with_text, chip, 10) is None
    assert rung.tokens > 50 and (chip.link.retries, chip.link.dropped) == (0, 0)


def test_answers_over_a_line_that_loses_and_bends_bytes(sim: SerialSim, chip_with_text: Chip) -> None:
    cable = Cable(sim, one_in=300, seed=4)
    chip = SerialChip(cable, timeout=TIMEOUT)
    assert listeners(Rung(), "serial", chip_with_text, chip, 5) is None
    assert cable.damage > 10 and chip.link.retries + chip.link.dropped > 5


def test_errors_of_the_line_stand_with_the_first(chip: SerialChip, sim: SerialSim) -> None:
    bent = bytearray(frames.read_command(3, address("magic") + SECOND, 1))
    bent[3] ^= 1
    sim.write(bytes(bent))
    sim.send_all()
    assert chip.streams[0]._clear_errors() == {"checksum"} and chip.streams[1]._clear_errors() == set()
    chip.link.write(address("magic") + SECOND, [1])
    assert chip.streams[0]._clear_errors() == set() and chip.streams[1]._clear_errors() == {"address"}


@pytest.fixture
def model(chip: SerialChip, chip_with_text: Chip) -> Iterator[LanguageModel]:
    with LanguageModel(chip_with_text, chip, "two at a line") as model:
        yield model


def test_users_in_threads(model: LanguageModel, chip_with_text: Chip) -> None:
    reference = LanguageModel(chip_with_text, Reference(chip_with_text), "reference")
    wanted = [reference.generate(text, 8, stops=()) for text in ("ab", "cd", "ef")]
    heard: dict[int, list[str]] = {}

    def user(number: int) -> None:
        heard[number] = [model.generate(("ab", "cd", "ef")[number], 8, stops=()) for _ in range(2)]

    threads = [threading.Thread(target=user, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: [wanted[number]] * 2 for number in range(3)}
