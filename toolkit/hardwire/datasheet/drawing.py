# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Drawings of an engine as SVG: its blocks with what the plan gives each, and what is busy when.

Elements are built and not pasted, so no text can become markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ..plan.program import Busy

SVG = "http://www.w3.org/2000/svg"
BOX = (190, 92)  # of a block, in units of the drawing
COLUMNS, ROWS = (10, 250, 490, 730), (10, 150, 290)
INK, PALE = "#1f2a44", "#eef1f7"
BARS = {"qkv": "#2f5fa8", "qkv, mlp": "#2f5fa8", "o": "#c77d2a", "mlp": "#3b8f5a", "down": "#a83f3f", "head": "#6c4fa3"}
PARTS = ("embedding", "lanes", "read-out", "attention", "sampling")  # from the top

# Where a block stands: column and row.
PLACES = {
    "host": (0, 0), "registers": (1, 0), "loop": (2, 0), "sampler": (3, 0),
    "embedding": (0, 1), "residual": (1, 1), "lanes": (2, 1), "rows": (3, 1),
    "program": (0, 2), "weights": (1, 2), "attention": (2, 2), "cache": (3, 2),
}  # fmt: skip
BOTH = "both ways"
# Corners of the wires, and what runs along them at which place.
WIRES: tuple[tuple[tuple[tuple[int, int], ...], str, tuple[int, int]], ...] = (
    (((200, 56), (250, 56)), BOTH, (0, 0)),
    (((440, 56), (490, 56)), "request", (465, 48)),
    (((730, 56), (680, 56)), "token", (705, 48)),
    (((585, 102), (585, 126), (105, 126), (105, 150)), "token", (345, 121)),
    (((200, 196), (250, 196)), "", (0, 0)),
    (((440, 196), (490, 196)), "", (0, 0)),
    (((680, 196), (730, 196)), "sums", (705, 188)),
    (((825, 150), (825, 102)), "logits", (850, 130)),
    (((825, 242), (825, 290)), "q, k, v", (852, 270)),
    (((730, 336), (680, 336)), "", (0, 0)),
    (((585, 290), (585, 242)), "mixed", (610, 278)),
    (((770, 242), (770, 262), (345, 262), (345, 242)), "residual, hidden", (690, 257)),
    (((440, 336), (465, 336), (465, 222), (490, 222)), "", (0, 0)),
    (((200, 336), (250, 336)), "", (0, 0)),
)  # fmt: skip


def block_diagram(blocks: Mapping[str, Sequence[str]]) -> str:
    """The engine: for each name of ``PLACES`` its title and lines of figures."""
    width, height = COLUMNS[-1] + BOX[0] + 10, ROWS[-1] + BOX[1] + 10
    root = _root(width, height, "Block diagram")
    marker = SubElement(
        SubElement(root, "defs"), "marker",
        {"id": "tip", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7",
         "orient": "auto-start-reverse"},
    )  # fmt: skip
    SubElement(marker, "path", {"d": "M0,0 L8,4 L0,8 z", "fill": INK})
    for corners, label, (x, y) in WIRES:
        points = " ".join(f"{a},{b}" for a, b in corners)
        line = {"points": points, "fill": "none", "stroke": INK, "stroke-width": "1.3", "marker-end": "url(#tip)"}
        both = {"marker-start": "url(#tip)"} if label == BOTH else {}
        SubElement(root, "polyline", {**line, **both})
        if label not in ("", BOTH):
            _text(root, x, y, label, 10, anchor="middle")
    for name, lines in blocks.items():
        column, row = PLACES[name]
        _block(root, COLUMNS[column], ROWS[row], lines)
    return ElementTree.tostring(root, encoding="unicode")


def _block(root: Element, x: int, y: int, lines: Sequence[str]) -> None:
    SubElement(
        root, "rect",
        {"x": str(x), "y": str(y), "width": str(BOX[0]), "height": str(BOX[1]), "fill": PALE, "stroke": INK, "rx": "4"},
    )  # fmt: skip
    _text(root, x + BOX[0] // 2, y + 20, lines[0], 13, anchor="middle", weight="bold")
    for number, line in enumerate(lines[1:]):
        _text(root, x + BOX[0] // 2, y + 40 + 15 * number, line, 10.5, anchor="middle")


def timeline(busy: Sequence[Busy], cycles: int) -> str:
    """What each part of the chip does from cycle 0 to ``cycles``."""
    left, right, height = 86, 850, 26
    root = _root(right + 70, height * len(PARTS) + 34, "Timeline of a token")

    def place(cycle: int) -> float:
        return left + (right - left) * cycle / cycles

    for number, part in enumerate(PARTS):
        _text(root, left - 8, height * number + 19, part, 11, anchor="end")
    for bar in busy:
        x, y = place(bar.start), height * PARTS.index(bar.part) + 4
        span = place(bar.end) - x
        colour = BARS.get(bar.label, "#8a93a6")
        size = {"x": f"{x:.1f}", "y": str(y), "width": f"{max(span, 0.5):.1f}", "height": str(height - 6)}
        SubElement(root, "rect", {**size, "fill": colour, "stroke": "white", "stroke-width": "0.4"})
        if span > 7 * len(bar.label):
            _text(root, x + span / 2, y + 14, bar.label, 9.5, anchor="middle", fill="white")
    base = height * len(PARTS) + 4
    SubElement(root, "line", {"x1": str(left), "x2": str(right), "y1": str(base), "y2": str(base), "stroke": INK})
    for tick in range(0, cycles + 1, _step(cycles)):
        _text(root, place(tick), base + 16, f"{tick:,}", 10, anchor="middle")
    _text(root, right + 12, base + 16, "cycles", 10)
    return ElementTree.tostring(root, encoding="unicode")


def _step(cycles: int) -> int:
    """Cycles between two ticks: five to twelve ticks, round numbers."""
    size = 1
    while cycles / size > 12:
        size *= 5 if str(size)[0] == "2" else 2  # 1, 2, 10, 20, 100
    return size


def _root(width: int, height: int, label: str) -> Element:
    size = {"viewBox": f"0 0 {width} {height}", "role": "img", "aria-label": label}
    return Element("svg", {"xmlns": SVG, "width": "100%", "font-family": "Helvetica, Arial, sans-serif", **size})


def _text(
    root: Element, x: float, y: float, text: str, size: float,
    *, anchor: str = "start", weight: str = "normal", fill: str = INK,
) -> None:  # fmt: skip
    place = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size:g}", "fill": fill}
    SubElement(root, "text", {**place, "text-anchor": anchor, "font-weight": weight}).text = text
