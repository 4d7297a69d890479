# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a device family decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """How a device family builds things, in LUTs."""

    bit: float  # of an adder
    mux: float  # per bit, of each input of a multiplexer beyond the first
    shared_mux: bool  # an adder's LUTs take a digit's multiplexer too
    barrel: float  # of a shifter, per bit and per bit of the shift
    ram_bits: int  # of a distributed memory's smallest piece: words
    ram_lut: float  # LUTs per bit of such a piece
    multiplier: tuple[int, int]  # signed operands of one block
    pairs: bool  # two products of a query with keys fit a block
    weighted_pairs: bool  # two products of an exponential with values fit a block
    accumulates: bool  # a block keeps the sum of a packed lane, for Yosys
    fixed: float  # the token loop, sequencer and the like
    scale: float  # of all LUTs, for what the formulas do not see


FAMILIES = {
    "xc7": Family(1.0, 0.32, True, 0.52, 32, 0.67, (25, 18), True, True, True, 900, 1.0),
    "xcup": Family(1.0, 0.32, True, 0.52, 32, 0.67, (27, 18), True, True, False, 900, 1.0),
    "ecp5": Family(1.0, 0.75, False, 1.0, 16, 1.5, (18, 18), False, False, False, 1400, 1.13),
}


AMD = ("xc7", "xcup")  # families that Vitis HLS has parts of
