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
from .cost import Cost, dot_luts, memories, predict
from .geometry import MOST_STREAMS, Geometry, Style, shared_heads
from .latency import ceil_div, one_stream_parts
from .program import MEAN_OVER, Schedule
from .replay import Throughput, lane_cycles, throughput
from .schedule import schedule
from .widths import Widths, weight_words
from .words import END


@dataclass(frozen=True)
class Plan:
    """A geometry that fits, its schedule and its predicted cost, and cycles over its streams."""

    geometry: Geometry
    schedule: Schedule
    cost: Cost
    over_all: Throughput

    @property
    def mean_cycles(self) -> float:
        """Per token over all streams."""
        return self.over_all.cycles


ESTIMATED_OVER = 24  # tokens per stream in the search; a plan that is taken is replayed in full


class Planner:
    """Plans of one chip for any board; what does not depend on the board is computed once."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.widths = Widths.of(chip)
        self.cores = sorted(set(self._cores()), key=lambda g: -g.lanes)
        self.ends: dict[Geometry, tuple[int, int, Schedule]] = {}
        self.repeated: dict[Geometry, tuple[Schedule, list[int]]] = {}  # all layers of a core, and its weights' words

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

    def end(self, core: Geometry) -> tuple[int, int, Schedule]:
        """Of a generated token its cycles but for the spans, those that it has the lanes, and a schedule of at most two
        layers of this core.

        Layers repeat, so what one more layer adds is known from two.
        """
        core = replace(core, streams=1, share=0)  # of no account here
        if core not in self.ends:
            layers = self.chip.shape.layers
            programs = [schedule(_of_layers(self.chip, n), core) for n in range(1, min(layers, 2) + 1)]
            ends, busy = [p.end_at for p in programs], [lane_cycles(p) for p in programs]
            more = layers - len(programs)
            self.ends[core] = (
                ends[-1] + more * (ends[-1] - ends[0]) + END,
                busy[-1] + more * (busy[-1] - busy[0]),
                programs[-1],
            )
        return self.ends[core]

    def holds(self, board: Board) -> bool:
        """Whether any engine fits. The smallest are tried first: far quicker than the best where one does."""
        cores = (replace(core, **_stages(board)) for core in reversed(self.cores))
        return any(self._cost(core, board) is not None for core in cores)

    def most(self, board: Board, progress: Progress = lambda stage, share: None) -> Plan | None:
        """The plan with the fewest cycles per token over all streams, whatever their number; of equals the fewest."""
        most = 1 if one_stream_parts(self.chip.wiring) else MOST_STREAMS
        plans = [plan for n in range(1, most + 1) if (plan := self.best(board, progress, n)) is not None]
        return min(plans, key=lambda plan: plan.mean_cycles, default=None)

    def best(self, board: Board, progress: Progress = lambda stage, share: None, streams: int = 1) -> Plan | None:
        """The plan with the fewest mean cycles; of equals, the one with the fewest LUTs. None where none fits.

        Every stream has a whole context where the memories hold them all, otherwise its part of as many as they hold.
        """
        parts = [self.chip.shape.context * whole // streams for whole in range(streams - 1, 0, -1)]
        for share in [0, *parts]:
            if (geometry := self._best(board, progress, streams, share)) is not None:
                program = schedule(self.chip, geometry)
                cost = predict(self.chip, program, board.family, self.widths)
                return Plan(geometry, program, cost, throughput(program))
        return None

    def _best(self, board: Board, progress: Progress, streams: int, share: int) -> Geometry | None:
        best: tuple[tuple[float, int], Geometry] | None = None
        cores = [replace(core, **_stages(board), streams=streams, share=share) for core in self.cores]
        if streams > 1:  # a replay takes long: the most promising first
            cores.sort(key=lambda core: max(self.end(core)[0] / streams, self.end(core)[1]))
        for index, core in enumerate(cores):
            progress(board.key, index / len(cores))
            for geometry, mean in self._banked(core, board, best[0][0] if best else float("inf")):
                cost = self._cost(geometry, board)
                if cost is None:
                    continue
                if streams > 1:
                    mean = throughput(schedule(self.chip, cost[0]), ESTIMATED_OVER).cycles
                if best is None or (mean, cost[1].lut) < best[0]:
                    best = (mean, cost[1].lut), cost[0]
                    break
                if streams > 1:
                    break  # fewer banks are slower
        return best[1] if best else None

    def _banked(self, core: Geometry, board: Board, below: float) -> Iterator[tuple[Geometry, float]]:
        """The core with banks, the most first, as long as its mean cycles are at most ``below``: exact for one stream,
        for several the least that they could be."""
        chip, f = self.chip, board.device_family.fabric
        weight = max(m.bits for n, m in chip.matrices.items() if n not in LOOKED_UP)
        fabric = core.lanes / core.terms * dot_luts(f, core.terms, chip.formats.norm, weight)
        if (
            fabric > board.lut * board.device_family.planning.lut_budget + board.dsp * 2 * 40
        ):  # no way to build so many lanes
            return
        end, busy, program = self.end(core)
        context, layers = core.share or chip.shape.context, chip.shape.layers
        count = min(MEAN_OVER, context)
        for blocks in range(1, context + 1):
            banks = ceil_div(context, blocks)
            if ceil_div(context, banks) != blocks or banks > 64:
                continue
            n = np.arange(count) // banks + 1  # blocks in use: Schedule.span, all positions at once
            span = (program.walks - 1) * np.maximum(n, program.spacing) + 2 * (n - 1)
            mean = end + layers * float(np.mean(np.maximum(span - program.slack, 0)))
            if core.streams > 1:
                mean = max(mean / core.streams, busy)
            if mean > below:
                return
            yield replace(core, banks=banks), mean

    def _cost(self, geometry: Geometry, board: Board) -> tuple[Geometry, Cost] | None:
        """The geometry with its products divided among multiplier blocks and LUTs so that it fits, or None."""
        budget, core = budget_of(board), replace(geometry, banks=1, streams=1, share=0)
        if core not in self.repeated:
            stretched = schedule_of_layers(self.chip, self.end(core)[2], core)
            self.repeated[core] = stretched, weight_words(stretched)
        full, words = self.repeated[core]
        full = replace(full, geometry=geometry)
        placed = self._placed(geometry, full, board, words)
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

    def _placed(
        self, g: Geometry, full: Schedule, board: Board, words: list[int]
    ) -> tuple[Geometry, dict[str, int]] | None:
        """Weights in block RAM, their last few words in LUTs if it takes that, or as many depths in URAM."""
        ways: list[dict[str, Any]] = [{"split": False}, {"split": True}]
        ways += [{"uram": uram} for uram in range(2, g.depth + 1 if board.uram else 1, 2)]
        for way in ways:
            placed = replace(g, **way)
            memory = memories(self.chip, replace(full, geometry=placed), self.widths, words)
            if memory["bram18"] <= board.bram18 and memory["uram"] <= board.uram:
                return placed, memory
        return None


def _stages(board: Board) -> dict[str, Any]:
    """Pipeline registers and forms that go with a board's family and clock."""
    planning = board.device_family.planning
    by_clock = [stages for above, stages in planning.stages if board.clock_mhz > above]
    return {**(dict(board.stages) or by_clock[-1]), "minus": planning.minus}


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
