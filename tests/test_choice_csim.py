# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler in the HLS token loop: C-simulation equal to the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from choices import assert_equal
from outlines import TINY

from hardwire.backends.csim import CSim
from hardwire.chip.reference import Reference
from hardwire.emit.hls.project import write_project
from hardwire.errors import Unsupported
from hardwire.host.requests import Request
from hardwire.proof.draws import requests
from hardwire.quantize import Outline, random_chip

pytestmark = pytest.mark.tools

BEST = 7


def test_every_draw_is_the_reference_s(tmp_path: Path, draw: np.random.Generator) -> None:
    chip = random_chip(Outline(shape=TINY), seed=8)
    write_project(chip, tmp_path, part="xc7z020clg400-1", clock_mhz=100, lanes=8, best=BEST)
    sim, reference = CSim(tmp_path, chip), Reference(chip, best=BEST)
    sim.compile()
    for case, request in requests(draw, chip.shape.vocab, BEST, 400):
        assert_equal(request, sim.run(request), reference.run(request), case)
    with pytest.raises(Unsupported, match="top_k 8: the C-simulation keeps the best 7 tokens; ask for 1 to 7"):
        sim.run(Request(ids=(1,), top_k=8))


def test_a_plain_project_has_nothing_of_it(tmp_path: Path) -> None:
    chip = random_chip(Outline(shape=TINY), seed=8)
    write_project(chip, tmp_path, part="xc7z020clg400-1", clock_mhz=100, lanes=8)
    top = (tmp_path / "firmware" / "hardwire_chip_top.hpp").read_text()
    assert "choice" not in top and "narrowing" not in top and not (tmp_path / "firmware/chip/octave.inc").exists()
    with pytest.raises(Unsupported, match="build it with --sampler extended"):
        CSim(tmp_path, chip).limits.check(Request(ids=(1,), logprobs=0))
