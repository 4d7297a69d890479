# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What ``hardwire fit --shapes`` answers: which model for which board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE
from rich.table import Table

from .group import answer, bar


def answer_shapes(board: str, weights: Sequence[int], context: int, plot: Path | None, as_json: bool) -> None:
    """The largest shapes of a board, or of all, as a table or JSON; and as a picture where one is asked for."""
    from ..shapes.choices import BITS, choices
    from ..shapes.picture import draw_choices
    from ..shapes.trained import POINTS, curve
    from ..targets.board import board_names, load_board

    boards = [load_board(name) for name in (board_names() if board == "all" else [board])]
    with bar("shapes") as progress:
        found = choices(boards, weights or BITS, context, progress)
    if plot is not None:
        draw_choices(found, plot)
    table = Table(
        "board", "bits", "parameters", "width x layers", "vocabulary", "limit", "tokens/s", "bits/character",
        title=f"the largest shape of each board, context {context}", title_justify="left", box=SIMPLE,
        caption=f"tokens/s: planned, clock estimated. bits/character: expected on TinyStories, {curve().basis} (~)",
        caption_justify="left",
    )  # fmt: skip
    for c in found:
        if c.shape is None:
            table.add_row(c.board, f"{c.weights}", "none", "", "", c.limit)
            continue
        expected = "" if c.bits_per_char is None else f"{'~' if c.extrapolated else ''}{c.bits_per_char:.2f}"
        size = f"{c.shape['dim']} x {c.shape['layers']}"
        figures = (f"{c.parameters:,}", size, f"{c.shape['vocab']:,}", c.limit, f"{c.tokens_per_second:,.0f}", expected)
        table.add_row(c.board, f"{c.weights}", *figures)
    data = {
        "shapes": [c.as_dict() for c in found],
        "expected_from": curve().basis,
        "trained": [point.as_dict() for point in POINTS],
    }
    answer(data, as_json, table)
