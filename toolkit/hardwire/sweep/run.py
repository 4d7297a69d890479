# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of every point on a cluster, and the row that each comes to.

OUT/chips/<model>-w<bits>.chip        shared by its boards and options; .receipt, .log, .quality
OUT/builds/<point>/                   shared by its seeds; <point>.receipt, <point>.log
OUT/results.sqlite, results.csv       what came of it
OUT/steps/                            what each worker ran, for the table "steps"
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..jobs.cluster import Place
from ..jobs.pool import Pool, run_steps
from ..progress import JobProgress
from ..synth.batch import Options, largest
from .grid import Grid, Point
from .inputs import Inputs
from .results import Result, Results
from .work import Work

Finished = Callable[[int, int, float | None], None]  # points that are final, of how many, seconds left


@dataclass(frozen=True)
class Summary:
    """What a run of a sweep did."""

    points: int
    kept: int  # that were final before it
    steps: int  # that ran
    interrupted: bool


def run_sweep(
    grid: Grid,
    out: Path,
    place: Place = Place(),
    *,
    retry: bool = False,
    progress: JobProgress = lambda job, stage, share: None,
    finished: Finished = lambda done, total, left: None,
) -> Summary:
    """Bring every point of the grid to its row in ``out``; what is there and still holds is not run again.

    ``retry`` runs again what failed. A point's failure is its row; Ctrl-C leaves the rows as they stand.
    """
    out.mkdir(parents=True, exist_ok=True)
    results = Results(out / "results.sqlite")
    try:
        sweep = Sweep(grid, out.resolve(), results, place.jobs, finished)
        todo = sweep.prepare(retry)
        interrupted = False
        if todo:
            most = largest([grid.needs[kind] for kind in sorted(_kinds(grid, todo))])
            interrupted = run_steps(functools.partial(sweep.run, todo=todo), place, most, progress)
        results.read_ledger(out / "steps")
        results.write_csv(out / "results.csv")
        ran = sum(1 for step in results.steps() if step["ended"] and not step["kept"]) - sweep.before
        return Summary(len(grid.points), len(grid.points) - sum(map(len, todo)), ran, interrupted)
    finally:
        results.close()


class Sweep:
    """One run of a sweep."""

    def __init__(self, grid: Grid, out: Path, results: Results, jobs: int, finished: Finished) -> None:
        self.grid, self.out, self.results, self.jobs, self.finished = grid, out, results, jobs, finished
        self.inputs = Inputs(grid, out)
        self.options = Options(needs=grid.needs, ledger=out / "steps")
        self._shared: dict[str, asyncio.Task[Any]] = {}
        self._took: list[float] = []  # seconds of groups that had work to do
        self.done = 0
        results.read_ledger(out / "steps")
        self.before = sum(1 for step in results.steps() if step["ended"] and not step["kept"])

    # -- what is to be done ----------------------------------------------------------------------------

    def prepare(self, retry: bool) -> list[list[Point]]:
        """Write the rows that are new or of other inputs; the points with work to do, by build."""
        known, builds = self.results.all(), dict[str, list[Point]]()
        for point in self.grid.points:
            builds.setdefault(point.build, []).append(point)
        # All seeds of a build together, as the best of them gets the bitstream.
        holds = {point.name: self._holds(point, known.get(point.name), retry) for point in self.grid.points}
        todo = [points for points in builds.values() if not all(holds[point.name] for point in points)]
        waiting = {point.name for points in todo for point in points}
        for point in self.grid.points:
            if point.name in waiting:
                self.results.put(self.inputs.blank(point))
        self.results.keep_only(point.name for point in self.grid.points)
        self.done = len(self.grid.points) - len(waiting)
        return todo

    def _holds(self, point: Point, row: Result | None, retry: bool) -> bool:
        if row is None or not row.is_final or row.key != self.inputs.key(point):
            return False
        if row.is_of_needs and row.needs != self.inputs.needs():
            return False
        if row.status != "done":
            return not retry
        return row.build is not None and (self.out / row.build / "manifest.json").is_file()

    # -- steps -----------------------------------------------------------------------------------------

    async def run(self, pool: Pool, todo: list[list[Point]]) -> None:
        """All groups, side by side as far as there are workers."""
        self._tell()
        await asyncio.gather(*(self._group(pool, points) for points in todo))

    def _tell(self) -> None:
        total = len(self.grid.points)
        left = None
        if self._took:
            left = sum(self._took) / len(self._took) * (total - self.done) / self.jobs
        self.finished(self.done, total, left)

    async def _group(self, pool: Pool, points: list[Point]) -> None:
        """The points of one build."""
        work = Work(self.inputs, self.options, self.shared, pool, points)
        await work.run()
        for row in work.rows:
            self.results.put(row)
        self.done += len(points)
        if work.seconds:
            self._took.append(work.seconds / len(points))
        self._tell()

    async def shared(self, name: str, start: Callable[[], Awaitable[Any]]) -> Any:
        """A step that several groups wait for, given out once."""
        if name not in self._shared:
            self._shared[name] = asyncio.ensure_future(start())
        return await asyncio.shield(self._shared[name])


def _kinds(grid: Grid, todo: Sequence[Sequence[Point]]) -> set[str]:
    """Of the steps that there are."""
    kinds = {"quantize", "build"} | ({"evaluate"} if grid.text else set())
    for point in (point for points in todo for point in points if point.model.until != "build"):
        vendor = {"vivado"} if point.model.until == "clock" else {"yosys"}
        kinds |= vendor if point.option.target == "bitstream" else {"yosys"}
        kinds |= ({"route", "pack"} if point.seed is not None else set()) | ({"proof"} if grid.prove else set())
    return kinds
