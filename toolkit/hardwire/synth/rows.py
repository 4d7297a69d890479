# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a synthesis job says of itself: its row in the table, and its words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

NOT_RUN = "not run"


@dataclass(kw_only=True)
class Row:
    """What became of one job.

    status: "done", "kept" (finished before), "over budget", "too slow", "failed", "stopped" or "not run" (no tool).
    ``clock_mhz`` is what the design runs at: routed, estimated or asked for, as ``clock_source`` says; ``fmax_mhz`` is
    what the route would allow, ``estimated_mhz`` what the netlist's slowest path lets expect, ``longest_paths`` its
    slowest.
    """

    name: str
    status: str = "stopped"
    resources: dict[str, int] = field(default_factory=dict)
    budget: dict[str, int] = field(default_factory=dict)
    share: dict[str, float] = field(default_factory=dict)  # resources / budget
    predicted: dict[str, dict[str, float]] = field(default_factory=dict)  # predicted, used, error
    modules: dict[str, dict[str, int]] = field(default_factory=dict)  # the largest first
    family: str | None = None
    place_and_route: str = NOT_RUN
    clock_mhz: float | None = None
    clock_source: str = "asked"  # or "estimated", "routed"
    estimated_mhz: float | None = None
    longest_paths: list[str] = field(default_factory=list)
    path_faults: list[str] | None = None  # what --check-paths found; None where it was not asked
    target_mhz: float | None = None
    fmax_mhz: float | None = None
    critical_path: dict[str, Any] | None = None
    cycles_per_token: float | None = None
    tokens_per_second: float | None = None
    bitstream: str | None = None
    digest: str | None = None
    seconds: float = 0.0
    log: str | None = None
    error: str | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return self.status not in ("done", "kept")

    @property
    def kept(self) -> bool:
        """Whether it was found finished."""
        return self.status == "kept"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Table:
    """The rows, in the order of the jobs."""

    rows: list[Row]
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether any job failed; the process should then exit with 1."""
        return any(row.failed for row in self.rows)


RESULT = (
    "family", "resources", "budget", "share", "predicted", "place_and_route", "clock_mhz", "clock_source", "target_mhz",
    "fmax_mhz", "critical_path", "cycles_per_token", "tokens_per_second", "seconds", "error",
)  # fmt: skip
