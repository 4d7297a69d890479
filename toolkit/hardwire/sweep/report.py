# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The results of a sweep in one HTML file: Pareto pictures, tables that sort, each point's build and command."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ToolMissing
from ..report.page import render_page
from .results import Result, Results

INCHES = (6.4, 4.4)
DECADE = 10  # from the least to the most, from where a scale is logarithmic
SALT = "hardwire"  # of the names in a picture: the same points give the same bytes


@dataclass(frozen=True)
class Axis:
    """A figure of a point; ``up`` where more is better."""

    key: str
    title: str
    up: bool
    log: bool = False


RATE = Axis("tokens_per_second", "tokens/s", True, True)
AREA = Axis("lut", "LUTs", False, True)
QUALITY = Axis("bits_per_char", "bits per character", False)
PICTURES = ((AREA, RATE), (QUALITY, RATE), (AREA, QUALITY))


def pareto(points: Sequence[tuple[float, float]], up: tuple[bool, bool]) -> list[int]:
    """Which points no other is better than, by their index: at least as good in both and better in one."""
    signs = [1 if one else -1 for one in up]
    scored = [tuple(sign * value for sign, value in zip(signs, point, strict=True)) for point in points]

    def beaten(mine: tuple[float, ...]) -> bool:
        return any(all(b >= a for a, b in zip(mine, other, strict=True)) and other != mine for other in scored)

    return [index for index, mine in enumerate(scored) if not beaten(mine)]


def draw(rows: Sequence[Result], x: Axis, y: Axis) -> str | None:
    """One picture as SVG, a colour per board, a line along the best; None with fewer than two points."""
    shown = [row for row in rows if getattr(row, x.key) is not None and getattr(row, y.key) is not None]
    shown = [row for row in shown if row.status == "done"]
    if len(shown) < 2:
        return None
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise ToolMissing('a report needs matplotlib; pip install "hardwire[plot]"') from None

    at = [(float(getattr(row, x.key)), float(getattr(row, y.key))) for row in shown]
    best = sorted(pareto(at, (x.up, y.up)), key=lambda index: at[index])
    with matplotlib.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "none"}):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        axes.plot(*zip(*(at[index] for index in best), strict=True), color="0.7", zorder=1, label="best")
        for number, board in enumerate(sorted({row.board for row in shown})):
            mine = [place for row, place in zip(shown, at, strict=True) if row.board == board]
            across, up = zip(*mine, strict=True)
            axes.scatter(across, up, color=f"C{number}", label=board, zorder=2, s=28)
        for turn, index in enumerate(best[:: max(1, len(best) // 6)]):
            beside = (5, (5, -11)[turn % 2])  # above and below in turn, as neighbours are often near
            axes.annotate(shown[index].name, at[index], beside, textcoords="offset points", fontsize=7)
        axes.set(xlabel=x.title, ylabel=y.title)
        for axis, values, set_scale, side in zip(
            (x, y), zip(*at, strict=True), (axes.set_xscale, axes.set_yscale), (axes.xaxis, axes.yaxis), strict=True
        ):
            if axis.log:
                wide = max(values) >= DECADE * min(values) > 0
                set_scale("log" if wide else "linear")
                side.set_major_formatter("{x:,.0f}")
                side.set_minor_formatter("")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return re.sub(r"^.*?(?=<svg)", "", text.getvalue(), flags=re.S)  # without its XML prologue


def write_report(results: Results, path: Path, title: str) -> None:
    """Write the file. Raises ToolMissing without Jinja or matplotlib."""
    rows = results.present()
    context = {
        "title": title,
        "rows": rows,
        "pictures": [(f"{x.title} and {y.title}", draw(rows, x, y)) for x, y in PICTURES],
        "steps": [_step(step) for step in results.steps()],
        "states": _states(rows),
        "versions": _versions(rows),
    }
    path.write_text(render_page("hardwire.sweep", "report.html.j2", context), encoding="utf-8")


def _states(rows: Sequence[Result]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    return counts


def _versions(rows: Sequence[Result]) -> dict[str, str]:
    return {name: version for row in rows for name, version in row.versions.items()}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    ended = step["ended"]
    seconds = None if ended is None else round(ended - step["started"], 1)
    return {**step, "seconds": seconds, "status": step["status"] or "lost", "kept": bool(step["kept"])}
