# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A synthesis job as frozen data: what is to be made of which files. Nothing here runs a tool."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..errors import BuildError
from ..files import sha256
from ..targets.board import Board
from ..targets.families import FAMILIES, family_of

SYNTHESIS_TOOLS = ("pyosys",)
# What decides the netlist; the rest of a job only matters after it.
_SYNTHESIS = ("sources", "headers", "data", "top", "parameters", "defines", "family", "options")


@dataclass(frozen=True, kw_only=True)
class Project:
    """One job. Paths are relative to ``root``; a tool sees these files, under these names, and no other."""

    name: str
    root: Path
    sources: tuple[str, ...]  # in compilation order: packages first
    top: str
    family: str  # a key of targets/families.py
    headers: tuple[str, ...] = ()  # for `include; their folders are searched
    data: tuple[str, ...] = ()  # hex files, named as $readmemh names them
    parameters: tuple[tuple[str, int | str], ...] = ()  # of the top
    defines: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()  # more for the synth command, as "-nodsp"
    part: str = ""
    package: str = ""  # for an open router, as "CABGA381"
    speed: str = ""  # the same, as "6"
    clock_mhz: float = 50.0  # what the route must reach
    constraints: str = ""  # an LPF file; without one the ports are placed freely
    seeds: tuple[int, ...] = (1,)  # tried in this order until one meets the clock
    board: Board | None = None  # whose budget holds
    cycles_per_token: float | None = None  # exact and from the plan; turns a clock into tokens/s
    fixed_clock: bool = False  # made inside, by a PLL: what a route reaches beyond clock_mhz is not used

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise BuildError(f"{self.name}: no family {self.family!r}; known are {', '.join(FAMILIES)}")
        if not self.sources or not self.seeds:
            raise BuildError(f"{self.name}: a job needs at least one source and one seed")
        for name in self.files:
            path = Path(name)
            # A name becomes a word of a tool's command, where ";" would begin another.
            if path.is_absolute() or ".." in path.parts or not re.fullmatch(r"[\w./+-]+", name):
                raise BuildError(
                    f"{self.name}: {name!r} must be a plain path below {self.root}, of letters, digits and ./+-_"
                )

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that the job reads."""
        return self.sources + self.headers + self.data + ((self.constraints,) if self.constraints else ())

    def check_files(self) -> None:
        """Raise BuildError for the first missing file.

        Simulators take a missing hex file for a memory of zeros with no more than a warning.
        """
        for name in self.files:
            if not (self.root / name).is_file():
                raise BuildError(f"{self.name}: {self.root / name} is missing; write the project again")
        for name in self.data:
            if not (self.root / name).stat().st_size:
                raise BuildError(f"{self.name}: {self.root / name} is empty; write the project again")

    def synthesis_digest(self, tools: Mapping[str, str]) -> str:
        """Of all that decides the netlist, the tools' versions included."""
        fixed = {key: getattr(self, key) for key in _SYNTHESIS}
        return _digest(fixed, self._hashes(self.sources + self.headers + self.data), tools)

    def digest(self, tools: Mapping[str, str]) -> str:
        """Of all that decides the bitstream or the report."""
        late = ("part", "package", "speed", "clock_mhz", "constraints", "seeds", "cycles_per_token")
        fixed = {key: getattr(self, key) for key in (*_SYNTHESIS, *late)}
        return _digest(fixed | {"budget": budget(self.board)}, self._hashes(self.files), tools)

    def _hashes(self, names: Iterable[str]) -> dict[str, str]:
        self.check_files()
        return {name: sha256(self.root / name) for name in names}

    def stage(self, folder: Path) -> None:
        """Copy the job's files to ``folder``, so that a tool can read nothing that the digest misses."""
        self.check_files()
        shutil.rmtree(folder, ignore_errors=True)
        for name in self.files:
            to = folder / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.root / name, to)


def for_board(board: Board, **job: Any) -> Project:
    """A Project with the family, part, package and speed of ``board``, and its budget."""
    more: dict[str, Any] = {"board": board, "family": board.family, "part": board.part, "clock_mhz": board.clock_mhz}
    routing = board.device_family.routing
    if routing is not None:
        device, _, grade = board.part.rpartition("-")  # LFE5U-85F-6BG381C: speed 6, a BGA of 381 balls
        package = next((tools for ours, tools in routing.packages.items() if ours in grade), None)
        if not device or package is None:
            raise BuildError(
                f"{board.name}: part {board.part!r} is no {board.device_family.name} in "
                f"{' or '.join(routing.packages.values())}; give package and speed"
            )
        more |= {"package": package, "speed": grade[0]}
    return Project(**(more | job))


def budget(board: Board | None) -> dict[str, int]:
    """What a board has of each resource, under the names of Resources."""
    if board is None:
        return {}
    have = {"lut": board.lut, "ff": board.ff, "dsp": board.dsp, "bram18": board.bram18, "uram": board.uram}
    return {key: count for key, count in have.items() if count is not None}


def route_tools(family: str) -> tuple[str, ...]:
    """Python packages of what routes a family openly; none where nothing does."""
    routing = family_of(family).routing
    return () if routing is None else (routing.package,)


def tool_versions(packages: Iterable[str]) -> dict[str, str]:
    hashes_by_name = {}
    for package in packages:
        try:
            hashes_by_name[package] = version(package)
        except PackageNotFoundError:
            hashes_by_name[package] = "not installed"
    return hashes_by_name


def _digest(fixed: Mapping[str, Any], hashes: Mapping[str, str], tools: Mapping[str, str]) -> str:
    record = {"job": fixed, "files": hashes, "tools": dict(tools)}
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
