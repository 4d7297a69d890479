# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a netlist uses, in the units that boards are counted in, and which module uses it.

Synthesis flattens the design, because that netlist is the one that is routed and it is smaller than one that keeps
its hierarchy. So cells are attributed afterwards: registers, multipliers and carries by the source line that they
came from, memories by the instance in their name. A LUT has lost both; it counts for the module whose cell it feeds
(most of them, where it feeds several). Sums over modules are therefore exact, their borders are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BuildError

# Device LUTs that one cell takes; of several per site for memories, from the makers' guides.
LUTS = {f"LUT{n}": 1 for n in range(1, 7)} | {
    "INV": 1, "SRL16E": 1, "SRLC32E": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6,
    "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "RAM512X1S": 8,
    "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM256X1D": 8,
    "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8,
}  # fmt: skip
FFS = {name: 1 for name in ("FDRE", "FDSE", "FDCE", "FDPE", "TRELLIS_FF")}
FFS |= {f"{name}_1": 1 for name in ("FDRE", "FDSE", "FDCE", "FDPE")}
DSPS = {"DSP48E1": 1, "DSP48E2": 1, "MULT18X18D": 1}
BRAM18 = {"RAMB18E1": 1, "RAMB36E1": 2, "RAMB18E2": 1, "RAMB36E2": 2, "DP16KD": 1, "PDPW16KD": 1}
CARRIES = {"CARRY4": 1, "CARRY8": 1, "CCU2C": 1}
URAMS = {"URAM288": 1}
LATCHES = re.compile(r"^(LD[CP]E|\$_?DLATCH|\$adlatch)")
# Wide multiplexers, clock and pad buffers come with the LUTs and pads that they sit beside.
FREE = {"MUXF7", "MUXF8", "MUXF9", "PFUMX", "L6MUX21", "IBUF", "OBUF", "BUFG", "VCC", "GND", "$scopeinfo"}
FREE |= {"VHI", "VLO", "TRELLIS_IO", "EHXPLLL", "DCCA", "ALU54B", "GSR", "OBUFT", "IOBUF"}


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Counted as boards are. A LUT of xc7 may share its site with another: the count is an upper bound."""

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    bram18: int = 0  # ECP5: EBR
    bram36: int = 0  # of the bram18, how many pairs are one block
    uram: int = 0
    carry: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class Usage:
    total: Resources
    cells: dict[str, int] = field(default_factory=dict)
    modules: dict[str, Resources] = field(default_factory=dict)


def count(cells: Mapping[str, int]) -> Resources:
    """Cell types and their numbers to Resources. Raises BuildError for a cell of an unknown cost."""
    tables = (LUTS, FFS, DSPS, BRAM18, CARRIES, URAMS)
    for cell in cells:
        if LATCHES.match(cell):
            raise BuildError(f"the netlist has {cells[cell]} latches ({cell}); assign in every branch, or use a clock")
        if cell not in FREE and not any(cell in table for table in tables):
            raise BuildError(f"the netlist has a cell {cell!r} of unknown cost; add it to synth/resources.py")

    def total(table: Mapping[str, int]) -> int:
        return sum(table.get(cell, 0) * number for cell, number in cells.items())

    pairs = sum(number for cell, number in cells.items() if cell.startswith("RAMB36"))
    return Resources(
        lut=total(LUTS),
        ff=total(FFS),
        dsp=total(DSPS),
        bram18=total(BRAM18),
        bram36=pairs,
        uram=total(URAMS),
        carry=total(CARRIES),
    )


def compare(predicted: Mapping[str, int], used: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """{resource: predicted, used, error}; the error is relative to what is used, where anything is."""
    rows: dict[str, dict[str, float]] = {}
    for name, guess in predicted.items():
        if name in used:
            error = {"error": round(guess / used[name] - 1, 4)} if used[name] else {}
            rows[name] = {"predicted": guess, "used": used[name], **error}
    return rows


REMEDIES = {
    "bram18": "fewer bits per weight or a shorter context",
    "uram": "fewer weights in URAM",
    "dsp": "fewer products in multipliers",
    "lut": "fewer lanes",
    "ff": "fewer lanes",
}


def remedy_for(used: Resources, budget: Mapping[str, int]) -> str:
    """What to change in a design that is over its budget."""
    change = dict.fromkeys(REMEDIES[key] for key, have in budget.items() if getattr(used, key) > have)
    return f"plan {' and '.join(change)}, or build for a larger board"


def over_budget(used: Resources, budget: Mapping[str, int]) -> list[str]:
    """What does not fit, a phrase each."""
    names = {"lut": "LUTs", "ff": "registers", "dsp": "multipliers", "bram18": "18 kbit block RAMs", "uram": "URAMs"}
    return [
        f"{getattr(used, key):,} {names[key]} of {have:,}" for key, have in budget.items() if getattr(used, key) > have
    ]


Lines = Mapping[str, list[tuple[int, str]]]  # of each source: where each of its modules begins


def module_lines(root: Path, sources: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """Where each module of each source begins: [(line, name), ...] by path."""
    totals = {}
    for name in sources:
        lines = (root / name).read_text().splitlines()
        heads = (
            (number, re.match(r"\s*module\s+(?:automatic\s+)?(\w+)", line)) for number, line in enumerate(lines, 1)
        )
        totals[name] = [(number, head[1]) for number, head in heads if head]
    return totals


@dataclass(frozen=True)
class Origins:
    """What the sources say about the parts of a flat netlist."""

    top: str
    lines: Lines
    instances: dict[str, str]  # the module of every instance ("u_a.u_b"; "" is the top)

    @classmethod
    def read(cls, top: str, lines: Lines, places: Mapping[str, str]) -> Origins:
        """``places``: somewhere inside the module of each instance."""
        origins = cls(top, lines, {"": top})
        for instance, place in places.items():
            origins.instances[instance] = origins.module_at(place) or top
        return origins

    def place(self, source: str) -> str | None:
        """The first place of a ``src`` attribute that is in one of the job's own files."""
        return next((p for p in source.split("|") if p.rpartition(":")[0] in self.lines), None)

    def module_at(self, source: str) -> str | None:
        """The module that a ``src`` attribute points into."""
        place = self.place(source)
        path, _, position = (place or "").rpartition(":")
        line = position.split(".")[0]
        if place is None or not line.isdigit():
            return None
        before = [name for start, name in self.lines[path] if start <= int(line)]
        return before[-1] if before else None

    def instance_of(self, name: str) -> str:
        """The longest instance path that a cell's or net's name begins with; "" for the top."""
        parts = name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            if ".".join(parts[:length]) in self.instances:
                return ".".join(parts[:length])
        return ""

    def owners(self, cells: Mapping[str, Any]) -> dict[str, str]:
        """The module that each cell counts for."""
        owner: dict[str, str] = {}
        for name, cell in cells.items():
            found = self.module_at(cell["attributes"].get("src", ""))
            if found is None and cell["type"] in BRAM18 | URAMS:
                found = self.instances[self.instance_of(name)]
            if found is not None:
                owner[name] = found
        _spread(cells, owner)
        return {name: owner.get(name, self.top) for name in cells}


def read_netlist(netlist: Mapping[str, Any], origins: Origins) -> Usage:
    """Usage of a flat netlist as Yosys writes it to JSON."""
    cells = netlist["modules"][origins.top]["cells"]
    types = Counter(cell["type"] for cell in cells.values())
    owner = origins.owners(cells)
    per_module: dict[str, Counter[str]] = {}
    for name, cell in cells.items():
        per_module.setdefault(owner[name], Counter())[cell["type"]] += 1
    return Usage(count(types), dict(types), {name: count(found) for name, found in per_module.items()})


def _spread(cells: Mapping[str, Any], owner: dict[str, str]) -> None:
    """Give every cell without an owner that of most cells that it feeds, from the registers backwards."""
    readers: dict[int, list[str]] = {}
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) == "input":
                for bit in bits:
                    if isinstance(bit, int):
                        readers.setdefault(bit, []).append(name)
    feeds: dict[str, list[str]] = {}
    fed_by: dict[str, list[str]] = {}
    for name in (name for name in cells if name not in owner):
        cell = cells[name]
        outputs = [bits for port, bits in cell["connections"].items() if cell["port_directions"].get(port) == "output"]
        feeds[name] = [reader for bits in outputs for bit in bits for reader in readers.get(bit, ())]
        for reader in feeds[name]:
            fed_by.setdefault(reader, []).append(name)
    news: Iterable[str] = list(owner)
    while news:
        # Each round sees only the owners of the round before, so the order of the cells does not matter.
        settled = {}
        for name in {feeder for reader in news for feeder in fed_by.get(reader, ()) if feeder not in owner}:
            votes = Counter(owner[reader] for reader in feeds[name] if reader in owner)
            settled[name] = min(votes, key=lambda module: (-votes[module], module))
        owner.update(settled)
        news = settled
