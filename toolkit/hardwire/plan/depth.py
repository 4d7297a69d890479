# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How deep an engine's pipeline should be: more stages cost cycles and shorten the paths that set the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..chip.model import Chip
from ..progress import Progress
from ..targets.board import Board
from .budget import resources
from .clock import ClockEstimate, clock_estimate, deeper, settable
from .cost import predict
from .geometry import STAGES, Geometry
from .planner import Plan, Planner
from .program import Schedule
from .replay import throughput
from .schedule import schedule
from .widths import Widths


@dataclass(frozen=True, kw_only=True)
class Depth:
    """Stages of a plan, and what they give. ``clock_mhz``: what the board can be set to; rate: tokens/s."""

    stages: tuple[tuple[str, int], ...]
    clock_mhz: float
    rate: float


def estimate(chip: Chip, board: Board, program: Schedule, widths: Widths) -> ClockEstimate | None:
    """The clock of an engine on a board, as full as the cost model has it."""
    used = resources(predict(chip, program, board.family, widths), board)["lut"]
    return clock_estimate(program, widths, board.device_family, used / board.lut)


def depths(chip: Chip, board: Board, geometry: Geometry) -> list[Depth]:
    """From no more stages than there must be to as many as shorten anything: each one more where the slowest path is.

    Of those that shorten it equally the one that costs the fewest cycles. Empty for a family without delays.
    """
    widths, found = Widths.of(chip), list[Depth]()
    tried = _with(geometry, dict.fromkeys(STAGES, 1))
    while True:
        program = schedule(chip, tried)
        expected = estimate(chip, board, program, widths)
        if expected is None:
            return []
        stages = tuple((name, getattr(tried, name)) for name in STAGES)
        clock = settable(board, expected.mhz)
        found.append(Depth(stages=stages, clock_mhz=clock, rate=clock * 1e6 / throughput(program).cycles))
        further = [_with(tried, more) for more in deeper(program, expected.worst)]
        if not further:
            return found
        tried = max(further, key=lambda g: _shortest(chip, board, g, widths))


def _with(geometry: Geometry, stages: Mapping[str, int]) -> Geometry:
    fields: Mapping[str, Any] = stages
    return replace(geometry, **fields)


def _shortest(chip: Chip, board: Board, geometry: Geometry, widths: Widths) -> tuple[float, int]:
    program = schedule(chip, geometry)
    expected = estimate(chip, board, program, widths)
    return (expected.mhz if expected else 0.0), -program.cycles(0)


def at_estimated_clock(
    chip: Chip,
    board: Board,
    planner: Planner | None = None,
    progress: Progress = lambda stage, share: None,
    streams: int | None = 1,
) -> Board:
    """The board with the stages that give the most tokens/s at the estimated clock, and with that clock.

    The plan's lanes and banks are searched for anew with them. The board as it is where no engine fits, or where its
    own stages give as much.
    """
    planner = planner or Planner(chip)

    def planned(place: Board) -> Plan | None:
        return planner.most(place, progress) if streams is None else planner.best(place, progress, streams)

    def of(place: Board) -> tuple[float, Board]:
        plan = planned(place)
        expected = estimate(chip, board, plan.schedule, planner.widths) if plan else None
        if plan is None or expected is None:
            return 0.0, board
        clock = settable(board, expected.mhz)
        return clock * 1e6 / plan.mean_cycles, replace(place, clock_mhz=clock)

    first = planned(board)
    if first is None:
        return board
    own = tuple((name, getattr(first.geometry, name)) for name in STAGES)
    best = max(depths(chip, board, first.geometry), key=lambda depth: depth.rate, default=None)
    candidates = [of(replace(board, stages=stages)) for stages in {own, best.stages if best else own}]
    return max(candidates, key=lambda one: one[0])[1]
