# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""AMD's UltraScale+: Zynq UltraScale+, Kria, RFSoC and Alveo."""

from __future__ import annotations

from dataclasses import replace

from . import seven_series
from .family import Family, Planning, Synthesis

FAMILY = Family(
    key="xcup",
    name="UltraScale+",
    hls=True,
    fabric=replace(
        seven_series.FAMILY.fabric,
        multiplier=(27, 18),
        accumulates=False,  # Yosys packs no registers into DSP48E2
    ),
    planning=Planning(
        lut_budget=0.85,
        lut_margin=0.92,
        stages=((0, {"lane_stages": 1, "round_stages": 1}), (130, {"lane_stages": 2, "round_stages": 2})),
        minus=True,
    ),
    yosys=Synthesis(
        command="synth_xilinx -family xcup -flatten -noiopad -noclkbuf",
        phases=seven_series.PHASES,
        share="xilinx/cells_sim.v",
        models=None,
    ),
)
