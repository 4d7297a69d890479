# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler over a serial line, from `build --sampler extended --guide-words 512`: draws equal to the
reference, guided ones by automata that the line brings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from choices import assert_equal

from hardwire.backends.serialsim import SerialSim
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.serial import SerialChip
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.serial import read_board, sources, write_board_top
from hardwire.host.requests import BY_CHIP, BY_HOST, Request
from hardwire.plan.geometry import Geometry
from hardwire.proof.draws import STOP, random_guide, requests
from hardwire.targets.board import load_board
from hardwire.tools.verilator import lint

from .conftest import BOARD, GEOMETRY, SERIAL, TIMEOUT, Cable

pytestmark = pytest.mark.tools

BEST = 9


@pytest.mark.parametrize("streams", [1, 2])
def test_the_whole_top_lints(tiny_chip: Chip, streams: int, tmp_path: Path) -> None:
    geometry = Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=streams, best=BEST, guide_words=512)
    write_rtl(tiny_chip, tmp_path, geometry)
    write_board_top(tmp_path, load_board("ulx3s-85f"), SERIAL)
    lint(read_board(tmp_path)["top"], sources(tmp_path), tmp_path, tmp_path / "log")


@pytest.mark.slow
def test_every_draw_is_the_reference_s(tiny_chip: Chip, tmp_path: Path, draw: np.random.Generator) -> None:
    tiny_chip.save(tmp_path / "a.chip")
    board = replace(BOARD, clock_mhz=50)
    build = make_build(
        tmp_path / "a.chip", board, tmp_path / "b", target="rtl", geometry=GEOMETRY, best=BEST, guide_words=512
    )
    assert build.manifest.plan.geometry is not None and build.manifest.plan.geometry["best"] == BEST
    sim = SerialSim(build.folder / "rtl", work=build.folder / "synth" / "sim")
    sim.compile()
    sim.power_up()
    sim.run(30)
    chip, reference = SerialChip(sim, timeout=TIMEOUT), Reference(tiny_chip, best=BEST)
    assert chip.limits.best == BEST
    ways = set()
    for case, request in requests(draw, tiny_chip.shape.vocab, BEST, 40, rows=1):
        one = replace(request, rows=0, logprobs=None) if case % 8 == 3 else request
        outcome = chip.run(one)
        assert_equal(one, outcome, reference.run(one), case)
        ways.add(outcome.guided.partition(":")[0])
    assert ways == {"", BY_CHIP, BY_HOST}
    cable = Cable(sim, one_in=200)
    chip = SerialChip(cable, timeout=TIMEOUT)  # commands are sent again, of the automaton's load too
    guide = random_guide(draw, tiny_chip.shape.vocab)
    request = Request(ids=(1, 2), budget=6, temperature=1.0, seed=3, stops=(STOP,), guide=guide)
    outcome = chip.run(request)
    assert_equal(request, outcome, reference.run(request), "a disturbed line")
    assert outcome.guided == BY_CHIP and cable.damage > 2 and chip.link.retries > 0
