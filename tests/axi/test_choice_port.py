# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler at the AXI4-Lite port: the driver's requests equal to the reference, and what the registers
refuse."""

from __future__ import annotations

import numpy as np
import pytest
from choices import BEST, GEOMETRY, assert_equal, board_sim
from outlines import TINY

from hardwire.backends.axisim import AxiSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.mmio import MappedChip
from hardwire.host.registers import address, fields_in
from hardwire.host.requests import Request
from hardwire.proof.draws import requests
from hardwire.quantize import Outline, random_chip

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def chip() -> Chip:
    return random_chip(Outline(shape=TINY), seed=8)


@pytest.fixture(scope="module")
def sim(chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> AxiSim:
    return board_sim(chip, tmp_path_factory.mktemp("choice"), GEOMETRY)


def test_every_draw_is_the_reference_s(chip: Chip, sim: AxiSim, draw: np.random.Generator) -> None:
    sim.power_up()
    board, reference = MappedChip(sim, chip_id=chip.id), Reference(chip, best=BEST)
    assert board.limits.best == BEST
    for case, request in requests(draw, chip.shape.vocab, BEST, 100, rows=1):
        assert_equal(request, board.run(request), reference.run(request), case)


def test_accesses_of_a_guided_token(chip: Chip, sim: AxiSim) -> None:
    """Settings, mask and start of a request for one token, and the reads that see it end."""
    sim.power_up()
    board = MappedChip(sim, chip_id=chip.id)
    allowed = np.ones(chip.shape.vocab, np.bool_)
    board.run(Request(ids=(1,), budget=1, allowed=allowed))
    before = board.writes
    board.run(Request(ids=(), budget=1, allowed=allowed, clear=False))
    assert board.writes - before == 1 + 5 + 8 + 4 + 2 + 1 + 1  # ring, settings, stops, choice, mask, start, ring


def test_what_the_registers_refuse(chip: Chip, sim: AxiSim) -> None:
    sim.power_up()
    board = MappedChip(sim, chip_id=chip.id)

    def write(name: str, word: int, index: int = 0) -> set[str]:
        sim.write(address(name, index), word)
        errors = fields_in("error", sim.read(address("error")))
        sim.write(address("error"), 0xFF)
        return errors

    assert write("choice_how", (BEST << 8) | 7) == set() and sim.read(address("choice_how")) == (BEST << 8) | 7
    for name, word in (("choice_how", (BEST + 1) << 8), ("choice_how", 8), ("choice_top_p", 65537)):
        assert write(name, word) == {"range"}, name
    assert write("choice_window", chip.shape.context + 1) == {"range"}
    for name in ("guide_room", "guide_page", "guide_tag", "guide_state", "guide"):  # this build has none
        assert write(name, 0) == {"address"} and sim.read(address(name)) == 0
        assert fields_in("error", sim.read(address("error"))) == {"address"}
        sim.write(address("error"), 0xFF)
    assert write("choice_best", 1) == {"address"} and write("mask", 0, index=2) == {"address"}
    assert sim.read(address("choice_how")) == (BEST << 8) | 7
    assert sim.read(address("best", 2 * BEST)) == 0 and fields_in("error", sim.read(address("error"))) == {"address"}
    sim.write(address("error"), 0xFF)
    sim.write(address("length"), 1)
    sim.write(address("prompt"), 1)
    sim.write(address("control"), 3)
    assert write("choice_how", 0) == {"refused"} and write("mask", 0) == {"refused"}
    board.stop()
