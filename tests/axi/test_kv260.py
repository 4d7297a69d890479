# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The KV260 row of the README as a bitstream would leave it: kev-gpt's shape, its weights in empty UltraRAM.

A random model of that shape, the engine that ``fit`` plans, the Vivado project's RTL in Verilator behind AXI4-Lite.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import hardwire
from hardwire.build.make import make_build
from hardwire.pipeline import SHAPES
from hardwire.quantize import random_chip
from hardwire.targets.board import load_board

from .test_reprint import WRITE_NS, emptied, opened

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.timeout(3600)]

TOKENS = 32
PROMPT = (5, 9, 1)


def test_kev_gpt_is_loaded_and_says_what_its_reference_says(tmp_path: Path) -> None:
    from hardwire.backends.simboard import simulated_board

    chip = random_chip(SHAPES["kev-gpt"], seed=1)
    chip.save(tmp_path / "kev-gpt.chip")
    build = make_build(tmp_path / "kev-gpt.chip", load_board("kv260"), tmp_path / "build", target="bitstream")
    assert build.manifest.plan.pour == "uram"
    device = simulated_board(build)
    device.sim.contents = emptied(build, tmp_path / "empty")
    device.sim.power_up()
    with opened(build, device) as model:
        info = model.info()
        assert info["id"] == chip.digest[:8]
        print(f"loaded in {info['writes']:,} writes, {info['writes'] * WRITE_NS / 1e6:.0f} ms at {WRITE_NS} ns each")
        said = list(model.stream(PROMPT, TOKENS, stops=()))
        assert said == list(hardwire.load(tmp_path / "kev-gpt.chip").stream(PROMPT, TOKENS, stops=()))
        assert len(said) == TOKENS and model.verify()
