# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""AMD's 7 series: Zynq-7000's fabric."""

from __future__ import annotations

from .family import Fabric, Family, Planning, Synthesis

# Labels of synth_xilinx in order, with the share of time that they take on a large design.
PHASES = {
    "begin": 3, "prepare": 8, "map_dsp": 4, "coarse": 6, "map_memory": 4, "map_ffram": 5, "fine": 10,
    "map_cells": 4, "map_ffs": 4, "map_luts": 45, "finalize": 1, "check": 1,
}  # fmt: skip

FAMILY = Family(
    key="xc7",
    name="7 series",
    hls=True,
    fabric=Fabric(
        bit=1.0,
        mux=0.32,
        shared_mux=True,
        barrel=0.52,
        ram_bits=32,
        ram_lut=0.67,
        multiplier=(25, 18),
        pairs=True,
        weighted_pairs=True,
        accumulates=True,
        fixed=900,
        scale=1.0,
    ),
    planning=Planning(
        lut_budget=0.85,
        lut_margin=0.996,
        stages=((0, {"lane_stages": 1, "round_stages": 1}), (80, {"lane_stages": 2, "round_stages": 2})),
        minus=True,
    ),
    yosys=Synthesis(
        command="synth_xilinx -family xc7 -flatten -noiopad -noclkbuf",
        phases=PHASES,
        share="xilinx/cells_sim.v",
        models=("bram_core.sv", "RAMB18E1.sv", "RAMB36E1.sv"),
    ),
)
