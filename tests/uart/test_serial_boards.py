# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Every board with a serial line, at its wires: its whole top lints, and says what the reference says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hosted import expected

from hardwire.backends.serialsim import SerialSim
from hardwire.chip.model import Chip
from hardwire.driver.serial import SerialChip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.serial import read_board, sources, write_board_top
from hardwire.synth.builds import board_job
from hardwire.synth.yosys import synthesize
from hardwire.targets.board import board_names, load_board
from hardwire.tools.verilator import lint

from .conftest import GEOMETRY, SERIAL, TIMEOUT

pytestmark = pytest.mark.tools
LINES = [key for key in board_names() if load_board(key).serial is not None]


@pytest.fixture(scope="module", params=LINES)
def board_project(
    request: pytest.FixtureRequest, chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("line")
    write_rtl(chip_with_text, folder, GEOMETRY)
    write_board_top(folder, load_board(request.param), replace(SERIAL, first_index=0))
    return folder


def test_the_whole_top_lints(board_project: Path, tmp_path: Path) -> None:
    lint(read_board(board_project)["top"], sources(board_project), board_project, tmp_path / "log")


def test_it_says_what_the_reference_says(board_project: Path, chip_with_text: Chip) -> None:
    sim = SerialSim(board_project)
    sim.compile()
    sim.run(30)
    chip = SerialChip(sim, timeout=TIMEOUT, chip_id=int(chip_with_text.digest[:8], 16))
    assert chip.generate([7, 7]) == expected(chip_with_text, [7, 7])[0] and sim.errors == 0
    sim.press(read_board(board_project)["reset_button"])
    sim.run(40)
    sim.press()
    sim.run(40)
    assert chip.generate([7, 7]) == expected(chip_with_text, [7, 7])[0]
    sim.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_its_gates_say_the_same(board_project: Path, chip_with_text: Chip) -> None:
    synthesis = synthesize(board_job(board_project), board_project / "work")
    sim = SerialSim(board_project, work=board_project / "gates")
    sim.compile(synthesis.netlist_json)
    sim.run(30)
    chip = SerialChip(sim, timeout=TIMEOUT, chip_id=int(chip_with_text.digest[:8], 16))
    assert chip.generate([7, 7]) == expected(chip_with_text, [7, 7])[0] and sim.errors == 0
    sim.close()
