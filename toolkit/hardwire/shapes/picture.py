# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A picture to choose by: how good, how fast, on which board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..quality.plots import figure
from .choices import Choice
from .trained import POINTS, SHORT, curve

MARKS = "osD^vP*X"  # one per number of bits


def draw_choices(choices: Sequence[Choice], path: Path) -> None:
    """Above, the trained models and the curve through them; below, the choices: expected bits per character over speed.

    Hollow marks are extrapolated. Raises ToolMissing without matplotlib.
    """
    line, held = curve(), [c for c in choices if c.bits_per_char is not None]
    sizes = [c.parameters for c in held if c.parameters] + [p.parameters for p in POINTS]
    span = np.geomspace(min(sizes), max(sizes), 200)
    with figure(path, (9, 9), rows=2) as (quality, speed):
        near = (span >= line.low) & (span <= line.high)
        expected = np.array([line.at(int(n), 4) for n in span])
        quality.plot(span, expected, ":", color="gray", lw=1, label="extrapolated")
        quality.plot(span[near], expected[near], color="gray", label=f"curve through {SHORT}, 4 bits")
        for label, short, mark in ((SHORT, True, "o"), ("trained for longer", False, "*")):
            some = [p for p in POINTS if (p.source == SHORT) == short]
            quality.scatter(
                [p.parameters for p in some], [p.bits_per_char for p in some], marker=mark, label=label, zorder=3
            )
            for p in some:
                name = f"{p.bits} bits" if short else f"{p.name}, {p.bits} bits"
                _name(quality, name, p.parameters, p.bits_per_char, left=p.bits == 8 or p.name == "stories260K")
        quality.set(
            xscale="log", xlabel="parameters", ylabel="bits per character, integers", title="Models trained so far"
        )
        quality.legend(fontsize=8)
        bits = sorted({c.weights for c in held})
        for alike in _alike(held):
            c, number = alike[0], bits.index(alike[0].weights)
            face = "none" if c.extrapolated else f"C{number}"
            style = {"marker": MARKS[number % len(MARKS)], "edgecolors": f"C{number}", "facecolors": face, "zorder": 3}
            speed.scatter(c.tokens_per_second, c.bits_per_char, **style)
            boards = ", ".join(other.board for other in alike)
            label = f"{boards}: {_short(c.parameters or 0)}, {c.weights} bits"
            _name(speed, label, c.tokens_per_second, c.bits_per_char)
        speed.margins(x=0.25)  # room for names
        speed.set(
            xscale="log",
            xlabel="tokens/s, planned at the estimated clock",
            ylabel="bits per character, expected",
            title="The largest shape that each board holds (hollow: extrapolated)",
        )
        for axes in (quality, speed):
            axes.grid(alpha=0.3)


def _alike(choices: Sequence[Choice]) -> list[list[Choice]]:
    """Choices that are one place of the picture: boards with the same device."""
    places: dict[tuple[object, ...], list[Choice]] = {}
    for c in choices:
        places.setdefault((c.tokens_per_second, c.parameters, c.weights), []).append(c)
    return list(places.values())


def _name(axes: Any, label: str, x: float | None, y: float | None, left: bool = False) -> None:
    place, side = ((-7, -2), "right") if left else ((5, 3), "left")
    axes.annotate(label, (x, y), fontsize=6, textcoords="offset points", xytext=place, ha=side)


def _short(parameters: int) -> str:
    return f"{parameters / 1e6:.1f}M" if parameters >= 1e6 else f"{parameters / 1e3:.0f}k"
