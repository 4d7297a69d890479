# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How long a signal takes through a family's cells, at its slowest grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cell:
    """How a signal passes a cell. ``out``: of a register, from the clock; ``through``: None where nothing passes."""

    through: float | None = None  # ns from an input to an output
    out: float | None = None  # ns from the clock to an output
    setup: float = 0.0  # ns in front of the clock
    lut: bool = False
    carry: bool = False
    passes: str = ""  # a pattern of the inputs that reach an output in the same cycle, where only some do
    chain: float = 0.0  # of a carry chain: ns from carry to carry
    joined: bool = False  # it sits beside the LUTs in front of it: no net leads there


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Of a family's cells, in ns, and of a net between two of them."""

    cells: Mapping[str, Cell]
    net: float
    source: str  # of these numbers
    carry_in: str  # patterns of the ports that carry along a chain
    carry_out: str
