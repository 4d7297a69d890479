# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, through matplotlib, which is an extra."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ToolMissing
from ..plan.program import Busy, Schedule
from ..plan.replay import timeline

PARTS = ("embedding", "lanes", "read-out", "attention", "sampling")  # from the top
COLOURS = {"qkv": "C0", "qkv, mlp": "C0", "o": "C1", "mlp": "C2", "down": "C3", "head": "C4"}
STREAM_COLOURS = ("C0", "C1", "C2", "C4")
PASSED, FAILED = "#3f7d3a", "#b9b3a8"
LETTERS = 110  # of an answer above a race


@contextmanager
def figure(path: Path, inches: tuple[float, float], rows: int = 1) -> Iterator[Any]:
    """Axes of a figure that is written to ``path`` at the end."""
    drawn = new_figure(inches)
    yield drawn.subplots(rows)
    drawn.savefig(path, dpi=130)


def new_figure(inches: tuple[float, float]) -> Any:
    """An empty figure. Raises ToolMissing without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ToolMissing('a picture needs matplotlib; pip install "hardwire[plot]"') from None
    return Figure(figsize=inches, layout="constrained")


def draw_timeline(plan: Schedule, position: int, path: Path, board: str) -> None:
    """One generated token at ``position``, part by part of the chip, cycle by cycle; below, its first layer closer."""
    with figure(path, (13, 5.6), rows=2) as axes:
        timeline_panels(axes, plan, position, board)


def timeline_panels(axes: Any, plan: Schedule, position: int, board: str) -> None:
    """The same on two axes. Of several streams it is one of the first's, while all are busy, each in its colour."""
    g = plan.geometry
    if g.streams > 1:
        busy, end = timeline(plan, position)
        coloured = [(b, STREAM_COLOURS[stream]) for stream, b in busy]
        own = [b for stream, b in busy if stream == 0 and b.start >= 0]
        what = f"One token at position {position} of {g.streams} streams (colours)"
    else:
        own, end = plan.timeline(position), plan.cycles(position)
        coloured = [(b, COLOURS.get(b.label, "0.6")) for b in own]
        what = f"One token at position {position}"
    second = next((b.start for b in own if b.layer == 1 and b.label.startswith("qkv")), end)
    for panel, limit in zip(axes, (end, second), strict=True):
        _draw_busy(panel, coloured, limit)
    axes[0].set_title(
        f"{what} on {board}: {end:,} cycles; {g.lanes} lanes "
        f"({g.columns} columns x {g.rows} rows x {g.depth} deep), {g.banks} banks"
    )
    axes[1].set_xlabel("cycle")


def _draw_busy(panel: Any, coloured: list[tuple[Busy, str]], limit: int) -> None:
    for b, colour in coloured:
        start, end = max(b.start, 0), min(b.end, limit)
        if start < end:
            place = len(PARTS) - 1 - PARTS.index(b.part)
            panel.barh(place, end - start, left=start, height=0.8, color=colour, edgecolor="white", lw=0.3)
            if end - start > limit * 0.025:
                panel.text((start + end) / 2, place, b.label, ha="center", va="center", fontsize=7)
    panel.set_yticks(range(len(PARTS)), PARTS[::-1])
    panel.set_xlim(0, limit)
    panel.spines[["top", "right"]].set_visible(False)


def race_panels(axes: Any, racers: Sequence[tuple[str, Sequence[tuple[float, str, bool]]]]) -> None:
    """A race on an axis for each racer: steps from left to right, those whose text passes in green, the newest text
    above. A step: milliseconds at its end, its text, whether that passes."""
    longest = max((steps[-1][0] for _, steps in racers if steps), default=1.0)
    for panel, (name, steps) in zip(axes, racers, strict=True):
        ends = [step[0] for step in steps]
        for start, (end, _, passed) in zip([0.0, *ends], steps, strict=False):
            panel.barh(0, end - start, left=start, color=PASSED if passed else FAILED, edgecolor="white", lw=0.5)
        newest = textwrap.shorten(steps[-1][1], LETTERS, placeholder=" …") if steps else ""
        time = f", {ends[-1]:.2f} ms" if steps else ""
        panel.set_title(f"{name}{time}: {newest}".replace("$", r"\$"), loc="left", fontsize=8)
        panel.set(xlim=(0, longest * 1.02), yticks=[])
        panel.spines[["top", "right", "left"]].set_visible(False)
    axes[-1].set_xlabel("milliseconds of the chip")
