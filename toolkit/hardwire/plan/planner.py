# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The search for the fastest engine that fits a board.

It goes over how many columns, rows and depths the lanes have and how many positions the cache gives per cycle; what
becomes a multiplier block and what LUTs follows from what the board has left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..chip.model import LOOKED_UP, Chip
from ..parts import present
from ..progress import Progress
from ..targets.board import Board
from .budget import budget_of, resources
from .capacity import MEAN_OVER
from .cost import Cost, dot_luts, memories, predict
from .geometry import Geometry, Style, shared_heads
from .latency import ceil_div
from .program import Schedule
from .schedule import schedule
from .widths import Widths
from .words import END


@dataclass(frozen=True)
class Plan:
    """A geometry that fits, its schedule and its predicted cost."""

    geometry: Geometry
    schedule: Schedule
    cost: Cost
    mean_cycles: float


class Planner:
    """Plans of one chip for any board; what does not depend on the board is computed once."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.widths = Widths.of(chip)
        self.cores = sorted(set(self._cores()), key=lambda g: -g.lanes)
        self.ends: dict[Geometry, tuple[int, Schedule]] = {}

    def _cores(self) -> Iterator[Geometry]:
        """Geometries of the lanes, with one bank."""
        s = self.chip.shape
        tallest = max(m.weight.shape[1] for name, m in self.chip.matrices.items() if name not in LOOKED_UP)
        for rows in (2, 4, 8, 16, 32):
            if rows > max(2 * s.dim, 8) or rows > tallest * 2:
                continue
            for wide in (1, 2, 4):
                columns = rows * wide
                if columns > 2 * max(s.dim, s.hidden):
                    continue
                terms = 4 if columns % 4 == 0 else 2
                for depth in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32):
                    if depth * rows > tallest * 2 or depth * rows * columns > 1 << 14:
                        continue
                    if not all(part.fits_lanes(s, rows, depth) for part in present(self.chip.wiring)):
                        continue
                    base = Geometry(columns=columns, rows=rows, depth=depth, terms=terms, banks=1, divides=1)
                    padded = s.head_dim if shared_heads(s, rows) > 1 else ceil_div(s.head_dim, rows) * rows
                    part = min(rows, padded)
                    for divides in {d for d in (1, 2, 4, 8) if part % d == 0 and padded // d <= 64}:
                        yield replace(base, divides=divides)

    def end(self, core: Geometry) -> tuple[int, Schedule]:
        """Cycles of a generated token but for the spans, and a schedule of at most two layers of this core.

        Layers repeat, so what one more layer adds is known from two.
        """
        if core not in self.ends:
            s = self.chip.shape
            programs = [schedule(_of_layers(self.chip, n), core) for n in range(1, min(s.layers, 2) + 1)]
            end = programs[-1].end_at + (s.layers - len(programs)) * (programs[-1].end_at - programs[0].end_at)
            self.ends[core] = end + END, programs[-1]
        return self.ends[core]

    def best(self, board: Board, progress: Progress = lambda stage, share: None) -> Plan | None:
        """The plan with the fewest mean cycles; of equals, the one with the fewest LUTs. None where none fits."""
        best: tuple[tuple[float, int], Geometry] | None = None
        for index, core in enumerate(self.cores):
            progress(board.key, index / len(self.cores))
            core = replace(core, **_stages(board))
            for geometry, mean in self._banked(core, board, best[0][0] if best else float("inf")):
                cost = self._cost(geometry, board)
                if cost is not None and (best is None or (mean, cost[1].lut) < best[0]):
                    best = (mean, cost[1].lut), cost[0]
                    break
        if best is None:
            return None
        program = schedule(self.chip, best[1])
        last = min(MEAN_OVER, self.chip.shape.context) - 1
        return Plan(
            best[1], program, predict(self.chip, program, board.family, self.widths), program.mean_cycles(0, last)
        )

    def _banked(self, core: Geometry, board: Board, below: float) -> Iterator[tuple[Geometry, float]]:
        """The core with banks, the most first, as long as its mean cycles are at most ``below``."""
        chip, f = self.chip, board.device_family.fabric
        weight = max(m.bits for n, m in chip.matrices.items() if n not in LOOKED_UP)
        fabric = core.lanes / core.terms * dot_luts(f, core.terms, chip.formats.norm, weight)
        if (
            fabric > board.lut * board.device_family.planning.lut_budget + board.dsp * 2 * 40
        ):  # no way to build so many lanes
            return
        end, program = self.end(core)
        context, layers = chip.shape.context, chip.shape.layers
        count = min(MEAN_OVER, context)
        for blocks in range(1, context + 1):
            banks = ceil_div(context, blocks)
            if ceil_div(context, banks) != blocks or banks > 64:
                continue
            n = np.arange(count) // banks + 1  # blocks in use: Schedule.span, all positions at once
            span = (program.walks - 1) * np.maximum(n, program.spacing) + 2 * (n - 1)
            mean = end + layers * float(np.mean(np.maximum(span - program.slack, 0)))
            if mean > below:
                return
            yield replace(core, banks=banks), mean

    def _cost(self, geometry: Geometry, board: Board) -> tuple[Geometry, Cost] | None:
        """The geometry with its products divided among multiplier blocks and LUTs so that it fits, or None."""
        budget = budget_of(board)
        _, program = self.end(replace(geometry, banks=1))
        full = schedule_of_layers(self.chip, program, geometry)
        placed = self._placed(geometry, full, board)
        if placed is None:
            return None
        geometry, memory = placed
        for packed in range(geometry.groups, -1, -1):
            for style in _divided(geometry, packed, self.chip, board):
                cost = predict(self.chip, replace(full, geometry=style), board.family, self.widths, memory)
                predicted, margins = resources(cost, board), {"lut": board.device_family.planning.lut_margin}
                if all(predicted[key] <= most * margins.get(key, 1) for key, most in budget.items()):
                    return style, cost
        return None

    def _placed(self, g: Geometry, full: Schedule, board: Board) -> tuple[Geometry, dict[str, int]] | None:
        """Weights in block RAM, their last few words in LUTs if it takes that, or as many depths in URAM."""
        ways: list[dict[str, Any]] = [{"split": False}, {"split": True}]
        ways += [{"uram": uram} for uram in range(2, g.depth + 1 if board.uram else 1, 2)]
        for way in ways:
            placed = replace(g, **way)
            memory = memories(self.chip, replace(full, geometry=placed), self.widths)
            if memory["bram18"] <= board.bram18 and memory["uram"] <= board.uram:
                return placed, memory
        return None


def _stages(board: Board) -> dict[str, Any]:
    """Pipeline registers and forms that go with a board's family and clock."""
    planning = board.device_family.planning
    stages = [stages for above, stages in planning.stages if board.clock_mhz > above]
    return {**stages[-1], "minus": planning.minus}


def _divided(g: Geometry, packed: int, chip: Chip, board: Board) -> Iterator[Geometry]:
    """Ways to give attention what multipliers the lanes leave: all in blocks, then more and more of it in LUTs."""
    f, channels = board.device_family.fabric, chip.shape.head_dim
    # Where a part sees what scores lack that are all in LUTs (``schedule.require_geometry``), one bank stays out.
    whole = any(part.whole_scores for part in present(chip.wiring))
    scores_in_luts: dict[str, Any] = {"score_fabric": g.banks - 1} if whole else {"score_style": "fabric"}
    style: Style = "packed" if f.pairs else "apart"
    base = replace(g, packed_groups=packed, score_style=style, mix_style=style)
    yield base
    step = max(2, channels // 8 // 2 * 2)
    for mix in range(step, channels, step):
        yield replace(base, mix_fabric=mix, **scores_in_luts)
    # What is left is pairs: as many banks in LUTs as make the rest even.
    for score in range(2 - g.banks % 2, g.banks, max(2, g.banks // 8 // 2 * 2)):
        yield replace(base, score_fabric=score)
    yield replace(base, **scores_in_luts)
    yield replace(base, mix_style="fabric", **scores_in_luts)


def _of_layers(chip: Chip, layers: int) -> Chip:
    return replace(chip, shape=replace(chip.shape, layers=layers))


def schedule_of_layers(chip: Chip, program: Schedule, geometry: Geometry) -> Schedule:
    """A short schedule stretched to all layers, for counting memories: its runs, as often as layers repeat them."""
    full = Schedule(
        shape=chip.shape, formats=program.formats, wiring=program.wiring, geometry=geometry, embed=list(program.embed)
    )
    short, first = program.shape.layers, [w for w in program.words if w.run is not None and w.run.name != "head"]
    last = [w for w in program.words if w.run is not None and w.run.name == "head"]
    repeat = [w for w in first if w.run is not None and w.run.layer == short - 1 and w.run.name != "embedding norm"]
    full.words = first + repeat * (chip.shape.layers - short) + last
    return full
