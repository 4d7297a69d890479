# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Where one token's cycles go, of a build whose engine was planned."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..chip.model import Chip
from ..plan.geometry import Geometry
from ..plan.schedule import schedule


class Timeline:
    """The schedule of a chip's engine, made when somebody asks for it."""

    def __init__(self, chip: Chip, geometry: Geometry) -> None:
        self._chip, self._geometry = chip, geometry
        self._plan: Any = None

    def at(self, position: int) -> dict[str, Any]:
        """What is busy when, for a generated token at ``position``: cycles from its fetch."""
        if self._plan is None:
            self._plan = schedule(self._chip, self._geometry)
        busy = [asdict(part) for part in self._plan.timeline(position)]
        return {"position": position, "cycles": self._plan.cycles(position), "busy": busy}
