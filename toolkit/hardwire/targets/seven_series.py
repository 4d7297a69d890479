# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""AMD's 7 series: Zynq-7000's fabric."""

from __future__ import annotations

from .delays import Cell, Delays, Roles, Wiring
from .family import Fabric, Family, Planning, Synthesis

# Labels of synth_xilinx in order, with the share of time that they take on a large design.
PHASES = {
    "begin": 3, "prepare": 8, "map_dsp": 4, "coarse": 6, "map_memory": 4, "map_ffram": 5, "fine": 10,
    "map_cells": 4, "map_ffs": 4, "map_luts": 45, "finalize": 1, "check": 1,
}  # fmt: skip

# Where Yosys has a cell's delays they are those (techlibs/xilinx/cells_sim.v, from prjxray's SDF of Artix-7, the same
# fabric); the longest arc where a cell has several.
FLOP = Cell(out=0.456, setup=0.05)
MUX = Cell(through=0.24, joined="^I")
RAM = Cell(through=0.3, out=1.3, setup=0.45, passes="^(DPR)?A|^ADDR|^RADR")
BLOCK_RAM = Cell(out=2.454, setup=0.57, behind=(("DOA_REG", 0.882), ("DOB_REG", 0.882)))
SHIFT = Cell(out=1.6, setup=0.2)
DELAYS = Delays(
    cells={
        **{name: FLOP for name in ("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1")},
        **{f"LUT{n}": Cell(through=0.124, lut=True) for n in range(1, 7)},
        **{name: MUX for name in ("MUXF7", "MUXF8", "MUXF9")},
        **{name: RAM for name in ("RAM32X1D", "RAM64X1D", "RAM128X1D", "RAM32M", "RAM64M")},
        **{name: RAM for name in ("RAM32X1S", "RAM64X1S", "RAM128X1S", "RAM256X1S")},
        "CARRY4": Cell(through=0.55, carry=True, chain=0.114, joined="^S$"),
        "RAMB18E1": BLOCK_RAM,
        "RAMB36E1": BLOCK_RAM,
        "DSP48E1": Cell(
            through=2.823,
            passing={"C": 1.325, "P": 1.255},
            joined="^PCIN$",
            passes="^([ABCD]|PCIN)$",
            registers={
                "A": (("AREG", 0.254), ("MREG", 1.416), ("PREG", 2.739)),
                "B": (("BREG", 0.324), ("MREG", 1.285), ("PREG", 2.608)),
                "C": (("CREG", 0.168), ("PREG", 1.244)),
                "D": (("DREG", 0.248), ("ADREG", 1.195), ("MREG", 2.31), ("PREG", 3.635)),
                "P": (("PREG", 1.315),),
            },
            behind=(("PREG", 0.329), ("MREG", 1.671), ("AREG", 2.952), ("BREG", 2.813), ("CREG", 1.687)),
            preset=1,
            setup=0.3,
        ),
        "SRL16E": SHIFT,
        "SRLC32E": SHIFT,
        "INV": Cell(through=0.124),
    },
    net=1.1,  # as ``wiring``
    # By the mean of two routes of a tile (tests/routes.py); a fuller device's nets are not known.
    wiring=Wiring(
        near=1.1,
        crowded=0.0,
        block=1.5,
        across=3.0,
        source="as nextpnr has them in two routes of a tile; Vivado routed a public path with 0.83 ns each",
        error=(0.01, 0.03),
    ),
    roles=Roles(
        register="FDRE",
        lut="LUT6",
        inputs=6,
        carry="CARRY4",
        carry_bits=4,
        memory="RAMB36E1",
        multiplier="DSP48E1",
        small_memory="RAM32M",
        shift=5,
        cascade=True,
        clamp=5,
    ),
    source="grade -1: prjxray's tables as Yosys has them; registers and memories in LUTs typical, of no table",
    carry_in="^CI$",
    carry_out="^CO$",
)

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
    delays=DELAYS,
)
