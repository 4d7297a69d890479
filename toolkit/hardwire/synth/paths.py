# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Paths from register to register of a flat netlist, before place and route: how many LUTs and carry chains they have,
how long it may take, and what of it a plan has asked to be otherwise.

``Paths.most`` lists the slowest by the delays of a family's file, one number for every net; ``estimate`` makes of it
the clock that the netlist may reach; ``faults`` says which are more than ``Limits`` allow, and which memories and
multipliers lack the registers that the plan's stages promise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import BuildError
from ..targets.delays import Cell, Delays
from ..targets.families import FAMILIES, family_of

Bit = int | str  # of a net, as Yosys numbers it; "0" and "1" are constants
Metric = Literal["ns", "luts", "carries"]


NO_PATHS = {"$scopeinfo", "VHI", "VLO", "VCC", "GND", "GSR", "EHXPLLL", "DCCA", "TRELLIS_IO"}


@dataclass(frozen=True, kw_only=True)
class Path:
    """A way from one register to another. ``cells`` in its order, both ends included, as "name (type)"."""

    cells: tuple[str, ...]
    ns: float
    luts: int
    carries: int

    def __str__(self) -> str:
        return f"{self.cells[0]} to {self.cells[-1]}: {self.ns:.1f} ns, {self.luts} LUTs, {self.carries} carry chains"


@dataclass(frozen=True)
class _Arc:
    """What leads to a bit: a bit in front of it through a cell, or a register (``source`` None)."""

    source: Bit | None
    cell: str
    ns: float
    luts: int
    carries: int


class Paths:
    """The paths of a netlist: module ``top`` of Yosys's JSON, flat, mapped to ``family``.

    Raises BuildError for a family without delays, a cell that is none of its fabric's, or a loop.
    """

    def __init__(self, netlist: Mapping[str, Any], top: str, family: str) -> None:
        delays = family_of(family).delays
        if delays is None:
            known = [name for name, other in FAMILIES.items() if other.delays is not None]
            raise BuildError(f"no delays of {family}'s cells; there are {', '.join(known)}")
        self.delays: Delays = delays
        self.cells: Mapping[str, Any] = netlist["modules"][top]["cells"]
        self._into: dict[Bit, list[_Arc]] = defaultdict(list)
        self._ends: list[tuple[Bit, str, float]] = []  # an input of a register
        for name, cell in self.cells.items():
            self._add(name, cell)
        self._order = self._sorted()

    # -- the graph -----------------------------------------------------------------------------------

    def _spec(self, name: str, kind: str) -> Cell | None:
        if kind in NO_PATHS:
            return None
        if kind not in self.delays.cells:
            raise BuildError(f"{name}: a cell {kind!r} without delays; add it to its family's file in targets/")
        return self.delays.cells[kind]

    def _add(self, name: str, cell: Mapping[str, Any]) -> None:
        spec = self._spec(name, cell["type"])
        if spec is None:
            return
        pins = list(_pins(cell))
        inputs = [(port, bit) for port, bit, way in pins if way == "input" and not _is_clock(port)]
        outputs = [(port, bit) for port, bit, way in pins if way == "output"]
        for port, bit in inputs:
            inside = _first(cell, spec.registers.get(port[0], ()), spec.preset)
            may_pass = spec.through is not None and (not spec.passes or re.search(spec.passes, port))
            if inside is not None or not may_pass:
                self._ends.append((bit, name, spec.setup if inside is None else inside))
                continue
            for out_port, out in outputs:
                self._into[out].append(self._arc(name, spec, port, bit, out_port))
        behind = _first(cell, spec.behind, spec.preset)
        if (start := spec.out if behind is None else behind) is not None:
            for _, out in outputs:
                self._into[out].append(_Arc(None, name, start, 0, 0))

    def _arc(self, name: str, spec: Cell, port: str, bit: Bit, out_port: str) -> _Arc:
        assert spec.through is not None
        along = spec.carry and re.search(self.delays.carry_in, port) is not None
        through = spec.passing.get(port[0], spec.through)
        ns = spec.chain if along and re.search(self.delays.carry_out, out_port) else through
        beside = spec.joined and re.search(spec.joined, port)
        net = 0.0 if along or beside else self.delays.net
        return _Arc(bit, name, ns + net, int(spec.lut), int(spec.carry and not along))

    def _sorted(self) -> list[Bit]:
        """Bits in an order in which each follows those that lead to it."""
        waiting = {bit: sum(arc.source in self._into for arc in arcs) for bit, arcs in self._into.items()}
        leads: dict[Bit, list[Bit]] = defaultdict(list)
        for bit, arcs in self._into.items():
            for arc in arcs:
                if arc.source in self._into:
                    leads[arc.source].append(bit)
        ready, order = [bit for bit, count in waiting.items() if not count], list[Bit]()
        while ready:
            bit = ready.pop()
            order.append(bit)
            for following in leads[bit]:
                waiting[following] -= 1
                if not waiting[following]:
                    ready.append(following)
        if len(order) < len(waiting):
            looped = next(bit for bit, count in waiting.items() if count)
            raise BuildError(f"a loop of logic through {self._into[looped][0].cell}; a register is missing")
        return order

    # -- questions -----------------------------------------------------------------------------------

    def most(self, metric: Metric = "ns", count: int = 10) -> list[Path]:
        """The paths with the most of ``metric``, to different registers' instances, the first the worst."""
        best: dict[Bit, tuple[float, _Arc | None]] = {}
        for bit in self._order:
            best[bit] = max(
                ((self._before(best, arc) + float(getattr(arc, metric)), arc) for arc in self._into[bit]),
                key=lambda one: one[0],
            )
        extra = {"ns": 1.0}.get(metric, 0.0)
        ends = sorted(
            ((best[bit][0] + extra * (setup + self.delays.net), bit, name, setup) for bit, name, setup in self._ends
             if bit in best),
            key=lambda end: -end[0],
        )  # fmt: skip
        found, seen = list[Path](), set[tuple[str, str]]()
        for _, bit, name, setup in ends:
            path = self._path(best, bit, name, setup)
            place = _place(path.cells[0]), _place(path.cells[-1])
            if place not in seen:
                seen.add(place)
                found.append(path)
            if len(found) == count:
                break
        return found

    def beyond(self, metric: Metric, limit: int) -> list[Path]:
        """All paths with more of ``metric`` than that, the worst first; one between any two places."""
        return [path for path in self.most(metric, len(self._ends)) if getattr(path, metric) > limit]

    def _before(self, best: Mapping[Bit, tuple[float, _Arc | None]], arc: _Arc) -> float:
        return best[arc.source][0] if arc.source is not None and arc.source in best else 0.0

    def _path(self, best: Mapping[Bit, tuple[float, _Arc | None]], bit: Bit, name: str, setup: float) -> Path:
        cells, ns, luts, carries = [self._named(name)], setup + self.delays.net, 0, 0
        at: Bit | None = bit
        while at is not None and at in best:
            arc = best[at][1]
            assert arc is not None
            cells.append(self._named(arc.cell))
            ns, luts, carries, at = ns + arc.ns, luts + arc.luts, carries + arc.carries, arc.source
        return Path(cells=tuple(reversed(cells)), ns=round(ns, 2), luts=luts, carries=carries)

    def _named(self, name: str) -> str:
        return f"{self.place(name)} ({self.cells[name]['type']})"

    def place(self, name: str) -> str:
        """Where a cell stands: its instance, or the line of the source that one without a name came from."""
        source = re.match(r"(?:.*/)?(\w+\.sv:\d+)", self.cells[name].get("attributes", {}).get("src", ""))
        return source[1] if name.startswith("$") and source else name

    def bare(self, cells: str, side: Literal["input", "output"]) -> list[str]:
        """Names of memories or multipliers (a pattern) whose data goes on, or comes, through more than wire."""
        register = {
            bit for name, cell in self.cells.items() if _flop(cell) for port, bit, way in _pins(cell)
            if way == ("input" if side == "output" else "output") and port in ("D", "DI", "Q")
        }  # fmt: skip
        read = {bit for cell in self.cells.values() for _, bit, way in _pins(cell) if way == "input"}
        lacking = []
        for name, cell in self.cells.items():
            if not _block(cell) or not re.search(cells, self.place(name)) or self._has_register(cell, side):
                continue
            wires = {bit for port, bit, way in _pins(cell) if way == side and not _is_clock(port) and _data(port)}
            wires &= read if side == "output" else wires
            if any(isinstance(bit, int) and bit not in register for bit in wires):
                lacking.append(name)
        return lacking

    def _has_register(self, cell: Mapping[str, Any], side: Literal["input", "output"]) -> bool:
        """Whether a block has registers of its own on this side of what it does."""
        spec = self.delays.cells[cell["type"]]
        if side == "output":
            return _first(cell, spec.behind, spec.preset) is not None
        fronts = [registers[:1] for port, registers in spec.registers.items() if port in "AB"]
        return bool(fronts) and all(_first(cell, front, spec.preset) is not None for front in fronts)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What is expected of a route before there is one. ``longest``: paths in words, the slowest first."""

    mhz: float
    longest: tuple[str, ...]


def estimate(netlist: Mapping[str, Any], top: str, family: str) -> Estimate | None:
    """The clock of a netlist's slowest path; None where the family has no delays, or nothing lies between registers."""
    if family_of(family).delays is None:
        return None
    found = Paths(netlist, top, family).most()
    return Estimate(mhz=round(1000 / found[0].ns, 1), longest=tuple(map(str, found))) if found else None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a path may be."""

    luts: int = 6
    carries: int = 2


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a netlist has that it should not. ``ends``: the instances, or sources, where its path begins and ends."""

    kind: Literal["luts", "carries", "register"]
    ends: tuple[str, str]
    text: str

    def __str__(self) -> str:
        return self.text


def faults(paths: Paths, limits: Limits = Limits(), stages: Mapping[str, int] | None = None) -> list[Fault]:
    """All that is beyond the limits, the worst first, and the registers that are missing though ``stages`` of a
    geometry promise them. Of paths between the same two places the longest."""
    said = []
    for path in paths.beyond("luts", limits.luts):
        text = f"{path}; at most {limits.luts} LUTs: put a register into it"
        said.append(Fault(kind="luts", ends=_ends(path), text=text))
    for path in paths.beyond("carries", limits.carries):
        text = f"{path}; at most {limits.carries} carry chains: put a register into it"
        said.append(Fault(kind="carries", ends=_ends(path), text=text))
    for field, (cells, side, what) in REGISTERED.items():
        if stages and stages.get(field, 1) > 1:
            for place in map(paths.place, paths.bare(cells, side)):
                text = f"{place}: {what}, but {field} is {stages[field]}"
                said.append(Fault(kind="register", ends=(_owner(place), _owner(place)), text=text))
    return said


def _ends(path: Path) -> tuple[str, str]:
    return _owner(path.cells[0]), _owner(path.cells[-1])


def _owner(place: str) -> str:
    """The innermost instance of a cell's place, or the source that it came from; "" for one without a name."""
    if source := re.match(r"(\w+)\.sv:", place):
        return source[1]
    instances = re.findall(r"(?:^|\.)u_(\w+?)(?:\[\d+\])?(?=\.)", place)
    return instances[-1] if instances else ""


# By the stages that promise it: cells by their place, which side has a register, and what else is said.
REGISTERED: Mapping[str, tuple[str, Literal["input", "output"], str]] = {
    # Exponentials have theirs behind the choice between them and zero.
    "read_stages": (
        r"u_(keys|values)\.|u_divide\.u_table|u_root\.u_table",
        "output",
        "a block RAM whose output has no register",
    ),
    "factor_stages": (
        r"u_post\.gen_row|u_fold\.|^(post|fold_root)\.sv",
        "input",
        "a multiplier whose factors have no register",
    ),
}


def _pins(cell: Mapping[str, Any]) -> Iterator[tuple[str, Bit, str]]:
    for port, bits in cell["connections"].items():
        for bit in bits:
            if bit not in ("0", "1", "x", "z"):
                yield port, bit, cell["port_directions"][port]


def _is_clock(port: str) -> bool:
    return re.search(r"^(CLK[AB01]?|C|WCK|WCLK|CLK(ARD|BWR)CLK)$", port) is not None


def _data(port: str) -> bool:
    return re.search(r"^(DO|A\d|B\d|P\d|A$|B$|DO[AB])", port) is not None


def _flop(cell: Mapping[str, Any]) -> bool:
    return cell["type"] == "TRELLIS_FF" or cell["type"].startswith("FD")


def _block(cell: Mapping[str, Any]) -> bool:
    return re.match(r"DP16KD|RAMB|MULT18|DSP48", cell["type"]) is not None


def _first(cell: Mapping[str, Any], registers: Iterable[tuple[str, float]], preset: int) -> float | None:
    """The ns of the first of these registers that a cell has inside; None where it has none."""
    set_ = cell.get("parameters", {})
    return next((ns for name, ns in registers if int(str(set_.get(name, preset)), 2) > 0), None)


def _place(cell: str) -> str:
    """Where a cell stands, without the numbers that bits and copies have."""
    return re.sub(r"\d+", "", cell)


def table(paths: Iterable[Path]) -> str:
    """The paths, a line each."""
    return "\n".join(f"{path.ns:6.1f} ns {path.luts:3} LUTs {path.carries:3} carry chains  {path}" for path in paths)
