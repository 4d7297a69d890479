# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: the tiny chip at its bus. Every test of ``bus`` holds for whatever reads and writes registers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardwire.chip import Chip
from hardwire.driver.mmio import Bus, MappedChip
from hardwire.geometry import Geometry
from hardwire.reference import Progress, Sampling, feeder, token_loop

from .model import ModelChip

RING = 8
FIRST = (1 << 32) - 6  # the sixth token is the last before the indices wrap: every longer request crosses it
BUSES = ["fast", "slow", pytest.param("rtl", marks=pytest.mark.tools)]  # a model that is faster than the host, slower
GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, trace=True)


@pytest.fixture(scope="session")
def rtl(chip_with_text: Chip, tmp_path_factory: pytest.TempPathFactory) -> Bus:
    """The RTL at its AXI4-Lite port."""
    from hardwire.backends.axisim import AxiSim
    from hardwire.emit.axi_top import write_axi_top
    from hardwire.emit.host import Host
    from hardwire.emit.rtl import write_rtl

    folder = tmp_path_factory.mktemp("driver")
    write_rtl(chip_with_text, folder, GEOMETRY)
    write_axi_top(folder, Host(clock_mhz=100, ring=RING, first_index=FIRST))
    sim = AxiSim(folder)
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


def expected(
    chip: Chip,
    prompt: list[int],
    budget: int | None = None,
    sampling: Sampling = Sampling(),
    stops: tuple[int, ...] = (),
) -> tuple[list[int], str]:
    """Tokens of the integer reference, and why they end."""
    progress = Progress()
    tokens = list(token_loop(feeder(chip, sampling), prompt, chip.shape.context, budget, stops, progress))
    return tokens, progress.status


def take(stream: Iterator[int], count: int) -> list[int]:
    return [next(stream) for _ in range(count)]
