# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The clock that a plan may reach, estimated before any tool has seen it: the slowest of the paths in ``ways.py``.

Cells have the delays of their family's file; nets have its ``wiring``, which was set so that the estimates come as near
as they can to all routes that are known. ``docs/clock.md`` has them side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..targets.board import Board
from ..targets.delays import Delays
from ..targets.family import Family
from .geometry import STAGES
from .program import Schedule
from .ways import KINDS, Kind, Site, Step
from .widths import Widths

BLOCKS = ("memory", "product")  # parts that stand in columns of their own


@dataclass(frozen=True, kw_only=True)
class Path:
    """A kind of path in one plan, and how long it takes."""

    kind: Kind
    ns: float

    def __str__(self) -> str:
        return f"{self.kind.name}: {self.ns:.1f} ns"


@dataclass(frozen=True, kw_only=True)
class ClockEstimate:
    """Of a plan. ``paths``: the slowest first; ``basis``: where delays and nets come from; ``error``: of estimates on
    this basis against known routes, the lowest and the highest share, or None where there is no route."""

    mhz: float
    paths: tuple[Path, ...]
    basis: str
    error: tuple[float, float] | None

    @property
    def worst(self) -> Path:
        """The path that decides."""
        return self.paths[0]


def clock_estimate(program: Schedule, widths: Widths, family: Family, full: float) -> ClockEstimate | None:
    """The clock of an engine that takes the share ``full`` of a device's LUTs; None for a family without delays."""
    if family.delays is None:
        return None
    site, delays = Site(program, widths, family), family.delays
    found = [Path(kind=kind, ns=_ns(steps, delays, full)) for kind in KINDS if (steps := kind.steps(site)) is not None]
    found.sort(key=lambda path: -path.ns)
    basis = f"cells: {delays.source}; nets: {delays.wiring.source}"
    return ClockEstimate(mhz=round(1000 / found[0].ns, 1), paths=tuple(found), basis=basis, error=delays.wiring.error)


def _ns(steps: Sequence[Step], d: Delays, full: float) -> float:
    """ns of a path, its nets included."""
    total, block = _start(steps[0], d)
    inside = bool(d.cells[d.roles.multiplier].behind)  # a product's register is in its block
    for step in steps[1:]:
        last, to_block = step is steps[-1], step.part in BLOCKS
        if step.part == "cascade":
            total += step.count * d.cells[d.roles.multiplier].passing["P"]
            continue
        total += _net(d, full, int(block) + int(to_block)) + (step.count - 1) * _net(d, full, 0) + _delay(step, d, last)
        block = to_block
        if step.part == "product" and last and not inside:
            total += d.wiring.block + d.cells[d.roles.register].setup  # from the block to its register
    return total


def _net(d: Delays, full: float, blocks: int) -> float:
    """ns of a net with so many blocks at its ends."""
    w = d.wiring
    return (w.near + w.crowded * full, w.block, max(w.block, w.across * full))[blocks]


def _start(step: Step, d: Delays) -> tuple[float, bool]:
    """ns from the clock to a path's first net, and whether that begins at a block."""
    multiplier, register = d.cells[d.roles.multiplier], d.cells[d.roles.register].out
    read = (register or 0.0) + (d.cells[d.roles.small_memory].through or 0.0)  # of LUTs, in its address's cycle
    first = {
        "memory": d.cells[d.roles.memory].out,
        "small memory": read,
        "product": multiplier.behind[0][1] if multiplier.behind else register,
    }.get(step.part, register)
    assert first is not None
    return first, step.part == "memory" or (step.part == "product" and bool(multiplier.behind))


def _delay(step: Step, d: Delays, last: bool) -> float:
    """ns of a step's cells; at a path's end, those in front of the clock."""
    roles, cells = d.roles, d.cells
    if step.part == "lut":
        return step.count * (cells[roles.lut].through or 0.0)
    if step.part == "carry":
        chain, lut = cells[roles.carry], cells[roles.lut].through or 0.0
        in_and_out = 2 * (chain.through or 0.0) + (lut if chain.joined else 0.0)
        return step.count * in_and_out + step.bits / roles.carry_bits * chain.chain
    if step.part == "product":
        block = cells[roles.multiplier]
        inside = block.registers.get("A", ())
        return inside[-1][1] if last and inside else block.through or 0.0
    return cells[{"memory": roles.memory, "small memory": roles.small_memory}.get(step.part, roles.register)].setup


def settable(board: Board, mhz: float) -> float:
    """The clock nearest to ``mhz`` and not above it that the board makes, MHz."""
    if board.zynq is not None:
        return board.zynq.clock(mhz).mhz
    if board.serial is not None and board.device_family.routing is not None:
        return float(board.device_family.routing.pll(board.serial.oscillator_mhz, mhz).mhz)
    return mhz


def deeper(program: Schedule, worst: Path) -> Iterator[Mapping[str, int]]:
    """Stages of geometries in which the worst path is shorter: one more of each that does it."""
    g = program.geometry
    for name in worst.kind.fields:
        if (stages := getattr(g, name)) < STAGES[name]:
            yield {name: stages + 1}
