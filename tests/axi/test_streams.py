# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Several streams behind one AXI4-Lite port, through the driver of real boards: each as if it were alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardwire.backends.axisim import AxiSim
from hardwire.emit.rtl.project import write_rtl
from hardwire.emit.top.axi import write_axi_top
from hardwire.emit.top.host import Host
from hardwire.plan.geometry import Geometry
from hardwire.driver.mmio import MappedChip
from hardwire.host.requests import Request
from hardwire.chip.reference import Reference

pytestmark = pytest.mark.tools

def test_two(chip_with_text, tmp_path):
    write_rtl(chip_with_text, tmp_path, Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2))
    write_axi_top(tmp_path, Host(clock_mhz=100, ring=8))
    sim = AxiSim(tmp_path)
    sim.compile()
    print(sim.read(0), sim.read(4), hex(sim.read(0x5c)), hex(sim.read(0x8005c)))
