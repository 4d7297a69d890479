# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: the tiny chip at its bus. Every test of ``bus`` holds for whatever reads and writes registers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hosted import FIRST, RING

from hardwire.chip.model import Chip
from hardwire.driver.mmio import Bus, MappedChip

from .model import ModelChip

BUSES = ["fast", "slow", pytest.param("rtl", marks=pytest.mark.tools)]  # a model that is faster than the host, slower


@pytest.fixture(scope="session")
def rtl(axi_project: Path) -> Bus:
    """The RTL at its AXI4-Lite port."""
    from hardwire.backends.axisim import AxiSim

    sim = AxiSim(axi_project)
    sim.compile()
    return sim


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest, chip_with_text: Chip) -> Bus:
    """A board that was just switched on."""
    if request.param == "rtl":
        sim = request.getfixturevalue("rtl")
        sim.power_up()
        return sim
    return ModelChip(chip_with_text, ring=RING, first_index=FIRST, cost=0 if request.param == "fast" else 900)


@pytest.fixture
def chip(bus: Bus) -> MappedChip:
    return MappedChip(bus)
