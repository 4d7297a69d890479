# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How many lanes an HLS project gets on a board, and whether the board can hold it, by the report's expectation."""

from __future__ import annotations

from collections.abc import Iterable

from ...chip.model import Chip
from ...errors import BoardError
from ...targets.board import Board, board_names, load_board
from .constants import layout_of
from .report import expectation

DSP_SHARE = 0.85  # of a board's multipliers that a default may ask for: the rest is for addresses, and for routing
LARGEST = 1024
STEP = 8


def default_lanes(chip: Chip, board: Board) -> int:
    """The lanes with the fewest expected cycles per token that fit ``board``; of equals, the fewest.

    A multiple of 8, at most the rows of the tallest matrix, or 4, 2 or 1 where 8 do not fit; where nothing
    fits, the one that is closest to it. More lanes are not always faster: a matrix of 192 rows takes two blocks on
    96 lanes and on 184.
    """
    layout = layout_of(chip, 1)
    tallest = min(max(layout.largest_rows, layout.head.rows), LARGEST)

    def best(candidates: Iterable[int]) -> tuple[float, int, int]:
        """The largest share of a limit, or 1 below all limits; then cycles; then lanes."""
        ranks = []
        for lanes in candidates:
            cycles, multipliers, bram18 = _expected(chip, lanes)
            shares = (multipliers / max(board.dsp * DSP_SHARE, 1), bram18 / max(board.bram18, 1))
            ranks.append((max(*shares, 1.0), cycles, lanes))
        return min(ranks)

    many = best(range(STEP, -(-tallest // STEP) * STEP + 1, STEP))
    return many[2] if many[0] == 1.0 else min(many, best((4, 2, 1)))[2]


def check_board(chip: Chip, board: Board, lanes: int) -> None:
    """Raise BoardError unless Vitis HLS knows the board's part, and the part has what is expected to be used."""
    if not board.device_family.hls:
        able = [key for key in board_names() if load_board(key).device_family.hls]
        raise BoardError(
            f"{board.name} has an {board.part}, which Vitis HLS does not know; "
            f"an HLS project can be built for {', '.join(able)}"
        )
    _, multipliers, bram18 = _expected(chip, lanes)
    if multipliers > board.dsp:
        raise BoardError(
            f"{lanes} lanes are expected to take {multipliers:,} multipliers; {board.name} has {board.dsp:,}: "
            f"{_advice(chip, board, lanes, 'choose a larger board')}"
        )
    if bram18 > board.bram18:
        advice = _advice(chip, board, lanes, "use fewer bits, a shorter context, or a larger board")
        raise BoardError(
            f"with {lanes} lanes, weights, tables and KV cache are expected to take {bram18:,} block RAMs of 18 Kbit; "
            f"{board.name} has {board.bram18:,}: {advice}"
        )


def _advice(chip: Chip, board: Board, lanes: int, otherwise: str) -> str:
    best = default_lanes(chip, board)
    _, multipliers, bram18 = _expected(chip, best)
    fits = best != lanes and multipliers <= board.dsp and bram18 <= board.bram18
    return f"give --lanes {best}, or choose a larger board" if fits else otherwise


def _expected(chip: Chip, lanes: int) -> tuple[int, int, int]:
    """Cycles per token, multipliers and BRAM18."""
    totals = expectation(layout_of(chip, lanes))["totals"]
    return totals["cycles_per_token"], totals["multipliers"], totals["bram18"]
