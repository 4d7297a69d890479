# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler over a serial line, from `build --sampler extended`: draws equal to the reference."""

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
from hardwire.proof.draws import requests

from .conftest import BOARD, GEOMETRY, TIMEOUT

pytestmark = pytest.mark.tools

BEST = 9


@pytest.mark.slow
def test_every_draw_is_the_reference_s(tiny_chip: Chip, tmp_path: Path, draw: np.random.Generator) -> None:
    tiny_chip.save(tmp_path / "a.chip")
    board = replace(BOARD, clock_mhz=50)
    build = make_build(tmp_path / "a.chip", board, tmp_path / "b", target="rtl", geometry=GEOMETRY, best=BEST)
    assert build.manifest.plan.geometry is not None and build.manifest.plan.geometry["best"] == BEST
    sim = SerialSim(build.folder / "rtl", work=build.folder / "synth" / "sim")
    sim.compile()
    sim.power_up()
    sim.run(30)
    chip, reference = SerialChip(sim, timeout=TIMEOUT), Reference(tiny_chip, best=BEST)
    assert chip.limits.best == BEST
    for case, request in requests(draw, tiny_chip.shape.vocab, BEST, 40, rows=1):
        assert_equal(request, chip.run(request), reference.run(request), case)
