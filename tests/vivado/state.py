# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the model of Vivado keeps: objects by their handles, a packaged core, a block design, a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .catalog import Cell


class Violation(Exception):
    """Vivado, as its documentation has it, would not take this."""


@dataclass
class Obj:
    """An object that a script has hold of."""

    kind: str
    handle: str
    values: dict[str, str] = field(default_factory=dict)
    of: Any = None  # what it belongs to

    def get(self, name: str) -> str:
        if name not in self.values:
            raise Violation(f"{name} of {self.handle} was never set")
        return self.values[name]


@dataclass
class Bus:
    """A bus interface of a core."""

    obj: Obj
    ports: dict[str, Obj] = field(default_factory=dict)
    parameters: dict[str, Obj] = field(default_factory=dict)


@dataclass
class Register:
    obj: Obj
    fields: dict[str, Obj] = field(default_factory=dict)


@dataclass
class Block:
    obj: Obj
    registers: dict[str, Register] = field(default_factory=dict)


@dataclass
class Core:
    """An IP that is being packaged, or was."""

    obj: Obj
    root: Path
    top: str
    sources: list[Path]
    ports: dict[str, tuple[str, int]]  # input or output, bits
    buses: dict[str, Bus] = field(default_factory=dict)
    memories: dict[str, dict[str, Block]] = field(default_factory=dict)
    maps: dict[str, Obj] = field(default_factory=dict)
    vendor: str = ""
    library: str = ""
    integral: bool = False
    saved: bool = False

    @property
    def vlnv(self) -> str:
        return f"{self.vendor}:{self.library}:{self.obj.get('name')}:{self.obj.get('version')}"


@dataclass
class Instance:
    """A cell of a block design."""

    name: str
    vlnv: str
    settings: dict[str, str]
    core: Core | None = None

    @property
    def ip(self) -> str:
        return self.vlnv.split(":")[2]


@dataclass
class Net:
    driver: tuple[str, str]
    pins: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class Address:
    """An assigned segment."""

    cell: str
    interface: str
    block: str
    offset: int
    range: int
    space: str


@dataclass
class Design:
    name: str
    file: Path
    cells: dict[str, Instance] = field(default_factory=dict)
    ports: dict[str, tuple[str, str]] = field(default_factory=dict)  # interface ports: mode, type
    nets: list[Net] = field(default_factory=list)
    wires: list[tuple[str, str]] = field(default_factory=list)  # interfaces: master, slave or port
    addresses: list[Address] = field(default_factory=list)
    valid: bool = False
    saved: bool = False
    generated: bool = False
    shapes: dict[str, Cell] = field(default_factory=dict)


@dataclass
class Project:
    name: str
    folder: Path
    part: str
    files: list[Path] = field(default_factory=list)
    constraints: list[Path] = field(default_factory=list)
    repository: list[Path] = field(default_factory=list)
    catalogued: bool = False
    top: str = ""
    ordered: bool = False
    language: str = "Verilog"
    management: str = "All"
    severities: dict[str, tuple[str, str]] = field(default_factory=dict)  # of messages: a text in them, the new one
    design: Design | None = None
    done: dict[str, str] = field(default_factory=dict)  # runs and how far they came
    opened: str = ""
