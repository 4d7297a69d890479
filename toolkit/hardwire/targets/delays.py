# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How long a signal takes through a family's cells, at its slowest grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Cell:
    """How a signal passes a cell. ``out``: of a register, from the clock; ``through``: None where nothing passes."""

    through: float | None = None  # ns from an input to an output
    out: float | None = None  # ns from the clock to an output
    passing: Mapping[str, float] = field(default_factory=dict)  # the same of quicker ports, by their first letter
    setup: float = 0.0  # ns in front of the clock
    lut: bool = False
    carry: bool = False
    passes: str = ""  # a pattern of the inputs that reach an output in the same cycle, where only some do
    chain: float = 0.0  # of a carry chain: ns from carry to carry
    joined: str = ""  # a pattern of the inputs that LUTs beside it drive: no net leads there
    # Registers that a block may have inside, by the parameter that puts them there; the first that is set counts. In
    # front of a port, by its first letter, with ns in front of the clock; behind the outputs, with ns from the clock.
    registers: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    behind: tuple[tuple[str, float], ...] = ()
    preset: int = 0  # of such a parameter that a netlist leaves out


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Of nets in a plan that no tool has placed, in ns: between cells of the fabric; from or to a block, which stands
    in a column of its own; from block to block. The first and the last grow with the share of the LUTs that is taken.
    """

    near: float  # in an empty device
    crowded: float  # and what a full one adds
    block: float
    across: float  # in a full device; never less than ``block``
    source: str
    error: tuple[float, float] | None  # of the estimates made with it against known routes, the lowest and the highest


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which cell of a family does what, for paths that are counted before there is a netlist."""

    register: str
    lut: str
    inputs: int  # of a LUT
    carry: str
    carry_bits: int  # of one cell
    memory: str
    multiplier: str
    small_memory: str  # in LUTs
    shift: int  # levels of LUTs in a shift by six bits, as Yosys maps it
    cascade: bool  # multipliers' sums go from block to block
    clamp: int  # and in the clamp behind a rounding; two more where it stands by itself


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Of a family's cells, in ns, and of a net between two of them."""

    cells: Mapping[str, Cell]
    net: float
    wiring: Wiring
    roles: Roles
    source: str  # of these numbers
    carry_in: str  # patterns of the ports that carry along a chain
    carry_out: str
