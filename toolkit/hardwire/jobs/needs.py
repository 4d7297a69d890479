# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a step asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import HardwireError

_UNITS = {"B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Of one step. ``memory`` in bytes: a step whose programs hold more is ended."""

    memory: int
    cores: int = 1
    hours: float = 1.0
    licences: Mapping[str, int] = field(default_factory=dict)

    @property
    def resources(self) -> dict[str, float]:
        """As Dask's resources of a task."""
        return {"memory": self.memory, "cores": self.cores, **self.licences}

    def within(self, cores: int, memory: int) -> Needs:
        """The same on a machine that has no more: what is asked is then all of it."""
        return Needs(
            memory=min(self.memory, memory),
            cores=min(self.cores, cores),
            hours=self.hours,
            licences=self.licences,
        )


def read_bytes(text: str | int, where: str) -> int:
    """Bytes of "900 MiB", "4G" or a number. Raises HardwireError naming ``where``."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", str(text))
    size = int(float(found[1]) * _UNITS[found[2] or "B"]) if found else 0
    if size < 1 << 20:
        raise HardwireError(f"{where}: {text!r} is no memory of 1 MiB or more; give 900M or 4G")
    return size


def read_needs(given: Any, default: Needs, where: str) -> Needs:
    """``default`` with what a table of a TOML file changes. Raises HardwireError for what it does not know."""
    if not isinstance(given, dict) or not set(given) <= {"memory", "cores", "hours", "licences"}:
        raise HardwireError(f"{where}: {given!r} is not a table of memory, cores, hours and licences")
    cores, hours = given.get("cores", default.cores), given.get("hours", default.hours)
    licences = given.get("licences", default.licences)
    if not isinstance(cores, int) or cores < 1 or not isinstance(hours, int | float) or not 0 < hours <= 10_000:
        raise HardwireError(f"{where}: cores is a whole number from 1, hours a number up to 10,000, not {given!r}")
    if not isinstance(licences, Mapping) or not all(isinstance(n, int) and n > 0 for n in licences.values()):
        raise HardwireError(f"{where}: licences is a table of counts, as {{vivado = 1}}, not {licences!r}")
    memory = read_bytes(given["memory"], f"{where}.memory") if "memory" in given else default.memory
    return Needs(memory=memory, cores=cores, hours=float(hours), licences=dict(licences))


def words(size: int) -> str:
    """A size in bytes for people."""
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"
