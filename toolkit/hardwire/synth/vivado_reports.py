# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What Vivado's reports say: slack, the slowest path, what is used. Nothing here runs a tool."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import BuildError

# The rows of report_utilization, whose names differ by family; a "*" marks what is not final.
_ROWS = {
    "lut": ("Slice LUTs", "CLB LUTs"),
    "ff": ("Slice Registers", "CLB Registers", "Register as Flip Flop"),
    "dsp": ("DSPs", "DSP Slices"),
    "tile": ("Block RAM Tile",),
    "uram": ("URAM",),
}
_SUMMARY = ("WNS(ns)", "TNS(ns)", "WHS(ns)", "THS(ns)", "WPWS(ns)", "TPWS(ns)")


@dataclass(frozen=True)
class SlowPath:
    """The slowest path, as a row of synthesis has it."""

    start: str
    end: str
    logic_ns: float
    routing_ns: float

    def as_dict(self) -> dict[str, object]:
        text = (
            f"{self.start} to {self.end}: {self.logic_ns + self.routing_ns:.1f} ns, {self.routing_ns:.1f} of it routing"
        )
        both = {"start": self.start, "end": self.end, "logic_ns": self.logic_ns, "routing_ns": self.routing_ns}
        return {**both, "modules": {}, "nets": [], "text": text}


@dataclass(frozen=True)
class Timing:
    """Worst slacks in ns: of setup, of hold, of the clock's pulse."""

    setup: float
    hold: float
    pulse: float
    slowest: SlowPath | None

    @property
    def met(self) -> bool:
        return min(self.setup, self.hold, self.pulse) >= 0


def read_timing(report: Path) -> Timing:
    """The design's summary in a report_timing_summary.

    Raises BuildError where it has none, or a slack that is no number: a design without constraints would pass unseen.
    """
    text = _read(report)
    summary = re.search(r"\| Design Timing Summary\n.*?^ *(WNS\(ns\)[^\n]*)\n[^\n]*\n([^\n]+)$", text, re.S | re.M)
    if summary is None:
        raise BuildError(f"{report}: no design timing summary; is a clock constrained?")
    # Names have single spaces within, columns at least two between.
    names, values = re.split(r" {2,}", summary[1].strip()), summary[2].split()
    row = dict(zip(names, values, strict=False))
    slacks = []
    for name in _SUMMARY[::2]:
        try:
            slacks.append(float(row[name]))
            if not math.isfinite(slacks[-1]):  # "inf": no path has a constraint, and the verdict is that all are met
                raise ValueError
        except (KeyError, ValueError):
            raise BuildError(
                f"{report}: {name} is {row.get(name, 'missing')}, which is no slack; is a clock constrained?"
            ) from None
    met = "All user specified timing constraints are met." in text
    if met != (min(slacks) >= 0):
        raise BuildError(f"{report}: its summary and its verdict disagree; look at it")
    return Timing(slacks[0], slacks[1], slacks[2], _slowest(text))


def _slowest(text: str) -> SlowPath | None:
    table = re.search(
        r"^Slack.*?^ +Source: +(\S+).*?^ +Destination: +(\S+).*?"
        r"^ +Data Path Delay: +[\d.]+ns +\(logic ([\d.]+)ns.*?route ([\d.]+)ns",
        text.partition("Max Delay Paths")[2],
        re.S | re.M,
    )
    return SlowPath(table[1], table[2], float(table[3]), float(table[4])) if table else None


def read_utilization(report: Path) -> dict[str, int]:
    """LUTs, registers, DSPs, block RAMs of 18 Kbit and UltraRAMs in a report_utilization.

    Raises BuildError where a row is missing.
    """
    used: dict[str, float] = {}
    for name, number in re.findall(r"^\| +([^|]+?)\*? +\| +([\d.]+) \|", _read(report), re.M):
        for key, rows in _ROWS.items():
            if name in rows:
                used.setdefault(key, float(number))
    missing = sorted({"lut", "ff", "dsp", "tile"} - set(used))
    if missing:
        raise BuildError(f"{report}: no row for {', '.join(missing)}; it is no utilisation report that is known")
    counts = {"lut": used["lut"], "ff": used["ff"], "dsp": used["dsp"], "bram18": 2 * used["tile"]}
    return {key: round(count) for key, count in (counts | {"uram": used.get("uram", 0)}).items()}


def _read(report: Path) -> str:
    try:
        return report.read_text(errors="replace")
    except OSError as error:
        raise BuildError(f"{report}: {error.strerror}; run hardwire synth again") from None
