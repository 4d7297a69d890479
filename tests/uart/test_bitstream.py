# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The whole board through synthesis: its netlist tells the same story at its wires, and a bitstream comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hosted import expected

from hardwire.backends.serialsim import SerialSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import new_state, step
from hardwire.driver.serial import SerialChip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.serial import write_board_top
from hardwire.plan.geometry import Geometry
from hardwire.synth.builds import board_job
from hardwire.synth.nextpnr import route
from hardwire.synth.project import Project
from hardwire.synth.yosys import Synthesis, synthesize

from .conftest import BOARD, SERIAL, TIMEOUT

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.timeout(3600)]

SMALL = Geometry(columns=2, rows=2, depth=2, terms=2, banks=1, divides=1, minus=False)
CLOCK_MHZ = 30.0


@pytest.fixture(scope="module")
def made(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Project, Synthesis]:
    folder = tmp_path_factory.mktemp("bitstream")
    write_rtl(chip_with_text, folder, SMALL)
    write_board_top(folder, BOARD, replace(SERIAL, clock_mhz=CLOCK_MHZ, baud=3_750_000))
    job = board_job(folder)
    return folder, job, synthesize(job, folder / "work")


def test_the_netlist_at_its_wires(made: tuple[Path, Project, Synthesis], chip_with_text: Chip) -> None:
    folder, _, synthesis = made
    sim = SerialSim(folder)
    sim.compile(synthesis.netlist_json)
    sim.run(30)
    chip = SerialChip(sim, timeout=TIMEOUT, chip_id=int(chip_with_text.digest[:8], 16))
    wanted = expected(chip_with_text, [7, 7])[0]
    assert chip.generate([7, 7]) == wanted and chip.reason == "context full"
    last = step(chip_with_text, new_state(chip_with_text), np.array([[7, 7, *wanted[:-1]]]))[0, -1]
    np.testing.assert_array_equal(chip.logits(), last)
    assert (chip.link.retries, sim.errors) == (0, 0)
    sim.close()


def test_a_bitstream(made: tuple[Path, Project, Synthesis]) -> None:
    _, job, synthesis = made
    cells = synthesis.usage.cells
    assert cells["EHXPLLL"] == 1 and "serial_receiver" in synthesis.usage.modules
    routed = route(job, synthesis)
    assert routed.met and routed.utilization["EHXPLLL"][0] == 1 and routed.utilization["TRELLIS_IO"][0] == 19
    assert b"\xff\xff\xbd\xb3" in routed.bitstream.read_bytes()[:512]
