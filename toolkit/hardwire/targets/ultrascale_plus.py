# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""AMD's UltraScale+: Zynq UltraScale+, Kria, RFSoC and Alveo."""

from __future__ import annotations

from dataclasses import replace

from . import seven_series
from .delays import Cell, Delays, Roles, Wiring
from .family import Family, Planning, Synthesis

FLOP = Cell(out=0.096, setup=0.027)
RAM = Cell(through=0.15, out=0.7, setup=0.3, passes="^(DPR)?A|^ADDR|^RADR")
MUX = Cell(through=0.12, joined="^I")
BLOCK_RAM = Cell(out=1.5, setup=0.3, behind=(("DOA_REG", 0.4), ("DOB_REG", 0.4)))
SHIFT = Cell(out=0.7, setup=0.1)
DELAYS = Delays(
    cells={
        **{name: FLOP for name in ("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1")},
        **{f"LUT{n}": Cell(through=0.174, lut=True) for n in range(1, 7)},
        **{name: MUX for name in ("MUXF7", "MUXF8", "MUXF9")},
        **{name: RAM for name in ("RAM32X1D", "RAM64X1D", "RAM128X1D", "RAM32M", "RAM64M", "RAM32M16", "RAM64M8")},
        **{
            name: RAM
            for name in (
                "RAM32X1S",
                "RAM64X1S",
                "RAM128X1S",
                "RAM256X1S",
                "RAM512X1S",
                "RAM256X1D",
                "RAM32X16DR8",
                "RAM64X8SW",
            )
        },
        # Yosys counts carries in fours; two of them are a CARRY8, whose 0.24 ns these are.
        "CARRY4": Cell(through=0.238, carry=True, chain=0.05, joined="^S$"),
        "CARRY8": Cell(through=0.238, carry=True, chain=0.1, joined="^S$"),
        "RAMB18E2": BLOCK_RAM,
        "RAMB36E2": BLOCK_RAM,
        "URAM288": Cell(out=1.5, setup=0.5),
        "DSP48E2": Cell(
            through=1.923,
            passing={"C": 0.9, "P": 0.84},
            joined="^PCIN$",
            passes="^([ABCD]|PCIN)$",
            registers={
                "A": (("AREG", 0.2), ("MREG", 1.083), ("PREG", 1.782)),
                "B": (("BREG", 0.2), ("MREG", 1.083), ("PREG", 1.782)),
                "C": (("CREG", 0.2), ("PREG", 0.9)),
                "P": (("PREG", 0.9),),
            },
            behind=(("PREG", 0.2), ("MREG", 0.9), ("AREG", 1.991), ("BREG", 1.991), ("CREG", 0.9)),
            preset=1,
            setup=0.2,
        ),
        "SRL16E": SHIFT,
        "SRLC32E": SHIFT,
        "INV": Cell(through=0.174),
    },
    net=0.4,
    wiring=Wiring(
        near=0.55,
        crowded=0.0,
        block=0.75,
        across=1.5,
        source="half of 7 series', as cells are: no route of an engine is known",
        error=None,
    ),
    roles=Roles(
        register="FDRE",
        lut="LUT6",
        inputs=6,
        carry="CARRY4",
        carry_bits=4,
        memory="RAMB36E2",
        multiplier="DSP48E2",
        small_memory="RAM32M",
        shift=5,
        cascade=False,
        clamp=5,
    ),
    # LUT, carry, register and multiplier: gussmith23/lakeroad-evaluation, Vivado's timing of an xczu3eg at grade -1;
    # block RAM: UG949, 1.5 ns without its register and 0.4 with it; the rest by these.
    source="grade -1: public timing reports and UG949; memories in LUTs and set-up times typical, of no table",
    carry_in="^CI$",
    carry_out="^CO$",
)

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
    delays=DELAYS,
)
