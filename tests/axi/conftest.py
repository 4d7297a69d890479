# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: the tiny chip behind AXI4-Lite."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardwire.backends.axisim import AxiSim
from hardwire.chip import Chip
from hardwire.emit.axi_top import write_axi_top
from hardwire.emit.host import Host
from hardwire.emit.rtl import write_rtl
from hardwire.geometry import Geometry

GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, trace=True)
RING = 8
FIRST = (1 << 32) - 6  # the sixth token is the last before the indices wrap: every longer request crosses it


@pytest.fixture(scope="session")
def axi_project(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("axi")
    write_rtl(chip_with_text, folder, GEOMETRY)
    write_axi_top(folder, Host(clock_mhz=100, ring=RING, first_index=FIRST))
    return folder


@pytest.fixture(scope="session")
def axi_compiled(axi_project: Path) -> AxiSim:
    sim = AxiSim(axi_project)
    sim.compile()
    return sim


@pytest.fixture
def axi(axi_compiled: AxiSim) -> AxiSim:
    """A chip that was just switched on."""
    axi_compiled.power_up()
    return axi_compiled
