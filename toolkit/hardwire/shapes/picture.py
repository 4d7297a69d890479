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
                _name(quality, f"{p.bits} bits", p.parameters, p.bits_per_char)
        quality.set(
            xscale="log", xlabel="parameters", ylabel="bits per character, integers", title="Models trained so far"
        )
        quality.legend(fontsize=8)
        for number, bits in enumerate(sorted({c.weights for c in held})):
            for c in (c for c in held if c.weights == bits):
                style = {"marker": MARKS[number % len(MARKS)], "edgecolors": f"C{number}", "zorder": 3}
                face = "none" if c.extrapolated else f"C{number}"
                speed.scatter(c.tokens_per_second, c.bits_per_char, facecolors=face, **style)
                label = f"{c.board}, {bits} bits: {_short(c.parameters or 0)}"
                _name(speed, label, c.tokens_per_second, c.bits_per_char)
        speed.set(
            xscale="log",
            xlabel="tokens/s, planned at the board's assumed clock",
            ylabel="bits per character, expected",
            title="The largest shape that each board holds (hollow: extrapolated)",
        )
        for axes in (quality, speed):
            axes.grid(alpha=0.3)


def _name(axes: Any, label: str, x: float | None, y: float | None) -> None:
    axes.annotate(label, (x, y), fontsize=6, textcoords="offset points", xytext=(5, 3))


def _short(parameters: int) -> str:
    return f"{parameters / 1e6:.1f}M" if parameters >= 1e6 else f"{parameters / 1e3:.0f}k"
