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
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import HardwireError
from ..files import sha256
from ..jobs.cluster import Place
from ..jobs.pool import Pool, StepFailed, run_steps
from ..jobs.step import Outcome, Step
from ..manifest import SYNTH, read_manifest
from ..plan.capacity import MEAN_OVER
from ..progress import JobProgress
from ..synth.batch import Options, Synthesized, finish_route, largest, run_job, step_of, synthesize_job, try_route
from ..synth.builds import job_of
from ..synth.project import SYNTHESIS_TOOLS, budget, route_tools, tool_versions
from ..synth.rows import Row
from ..targets.board import load_board
from ..version import __version__
from .commands import Command, Ran, run_command
from .grid import Grid, Model, Point
from .results import Result, Results

Finished = Callable[[int, int, float | None], None]  # points that are final, of how many, seconds left
AREA = ("lut", "ff", "dsp", "bram18", "uram")


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
        self.ledger = out / "steps"
        self.options = Options(needs=grid.needs, ledger=self.ledger)
        self._hashes: dict[Path, str] = {}
        self._shared: dict[str, asyncio.Task[Any]] = {}
        self._took: list[float] = []  # seconds of groups that had work to do
        self.done = 0
        results.read_ledger(self.ledger)
        self.before = sum(1 for step in results.steps() if step["ended"] and not step["kept"])

    # -- what is to be done ----------------------------------------------------------------------------

    def prepare(self, retry: bool) -> list[list[Point]]:
        """Write the rows that are new or of other inputs; the points with work to do, by build."""
        known = self.results.all()
        builds: dict[str, list[Point]] = {}
        for point in self.grid.points:
            if not self._holds(point, known.get(point.name), retry):
                self.results.put(self._blank(point))
                builds.setdefault(point.build, []).append(point)
        todo = list(builds.values())
        self.results.keep_only(point.name for point in self.grid.points)
        self.done = len(self.grid.points) - sum(map(len, todo))
        return todo

    def _holds(self, point: Point, row: Result | None, retry: bool) -> bool:
        if row is None or not row.is_final or row.key != self.key(point):
            return False
        if row.is_of_needs and row.needs != self._needs():
            return False
        if row.status != "done":
            return not retry
        return row.build is not None and (self.out / row.build / "manifest.json").is_file()

    def _needs(self) -> str:
        return json.dumps({kind: asdict(needs) for kind, needs in self.grid.needs.items()}, sort_keys=True)

    def _blank(self, point: Point) -> Result:
        return Result(
            name=point.name,
            model=point.model.name,
            board=point.board,
            weights=point.weights,
            option=point.option.name,
            seed=point.seed,
            model_digest=self._hash(point.model.onnx) if point.model.onnx else None,
            build=f"builds/{point.build}",
            command=" && ".join(self._commands(point)),
            key=self.key(point),
            needs=self._needs(),
        )

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = sha256(path)
        return self._hashes[path]

    def key(self, point: Point) -> str:
        """Of all that decides a point's row, known before any of it is run."""
        board = load_board(point.board)
        tools = () if point.model.until == "build" else SYNTHESIS_TOOLS + route_tools(board.family)
        return _digest(
            {
                "chip": self.chip_key(point),
                "board": repr(board),
                "option": asdict(point.option),
                "until": point.model.until,
                "seed": point.seed,
                "text": self._hash(self.grid.text) if self.grid.text else None,
                "prove": self.grid.prove,
                "tools": tool_versions(tools),
            }
        )

    def chip_key(self, point: Point) -> str:
        """Of all that decides a chip."""
        model = point.model
        files = [model.onnx, *_beside(model)] if model.onnx else []
        return _digest(
            {
                "files": [self._hash(path) if path else None for path in files],
                "random": [model.random, model.seed],
                "weights": point.weights,
                "hardwire": __version__,
            }
        )

    # -- commands --------------------------------------------------------------------------------------

    def _chip_words(self, point: Point) -> tuple[str, ...]:
        model, chip = point.model, str(self.out / "chips" / f"{point.chip}.chip")
        if model.random is not None:
            return ("random", "-o", chip, "--shape", model.random, "--seed", str(model.seed), *_weights(point))
        more = [(name, getattr(model, name)) for name in ("calibration", "tokenizer")]
        files = [word for name, path in more if path for word in (f"--{name}", str(path))]
        return ("quantize", str(model.onnx), "-o", chip, *_weights(point), *files)

    def _build_words(self, point: Point) -> tuple[str, ...]:
        option, chip = point.option, str(self.out / "chips" / f"{point.chip}.chip")
        more = ["--geometry", option.geometry] if option.geometry else []
        more += ["--clock", f"{option.clock:g}"] if option.clock else []
        return ("build", chip, "-o", str(self._folder(point)), "--board", point.board, "--target", option.target, *more)

    def _folder(self, point: Point) -> Path:
        return self.out / "builds" / point.build

    def _commands(self, point: Point) -> list[str]:
        """What a person would type for this point, in ``out``."""
        lines = [self._chip_words(point), self._build_words(point)]
        if point.model.until != "build":
            route = () if point.model.until == "clock" else ("--no-route",)
            seed = () if point.seed is None else ("--seed", str(point.seed))
            lines.append(("synth", str(self._folder(point)), *route, *seed))
        return [" ".join(("hardwire", *words)).replace(f"{self.out}/", "") for words in lines]

    # -- steps -----------------------------------------------------------------------------------------

    async def run(self, pool: Pool, todo: list[list[Point]]) -> None:
        """All groups, side by side as far as there are workers."""
        self._tell()
        await asyncio.gather(*(self._group(pool, points) for points in todo))

    def _tell(self, remaining: int | None = None) -> None:
        total = len(self.grid.points)
        left = None
        if self._took:
            left = sum(self._took) / len(self._took) * (total - self.done) / self.jobs
        self.finished(self.done, total, left)

    async def _group(self, pool: Pool, points: list[Point]) -> None:
        """The points of one build."""
        work = _Work(self, pool, points)
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


class _Work:
    """What is done for the points of one build."""

    def __init__(self, sweep: Sweep, pool: Pool, points: list[Point]) -> None:
        self.sweep, self.pool, self.points, self.point = sweep, pool, points, points[0]
        self.rows = [sweep._blank(point) for point in points]
        self.seconds = 0.0

    def every(self, **values: Any) -> None:
        """The same for every row."""
        self.rows = [replace(row, **values) for row in self.rows]

    async def run(self) -> None:
        """Fill the rows; a failure is theirs."""
        try:
            await self._steps()
        except StepFailed as error:
            self._end(error.status, str(error), error.kind)
        except HardwireError as error:
            self._end("failed", str(error), None)
        except Exception as error:  # a fault of ours must not take the other points with it
            self._end("failed", f"{type(error).__name__}: {error}", None)
        self.every(seconds=round(self.seconds, 2))

    def _end(self, status: str, reason: str, step: str | None) -> None:
        self.rows = [
            replace(row, status=status, reason=reason, step=step) if row.status == "waiting" else row
            for row in self.rows
        ]

    async def _steps(self) -> None:
        chip = await self._chip()
        if self.sweep.grid.text is not None and self.point.model.onnx is not None:
            await self._quality(chip)
        await self._build(chip)
        if self.point.model.until == "build":
            self.every(status="done")
        elif self.point.option.target == "bitstream":
            await self._vivado()
        else:
            await self._gates()

    def _note(self, outcome: Outcome) -> Any:
        if not getattr(outcome.value, "kept", False):
            self.seconds += outcome.seconds
        self.every(peak_bytes=max([outcome.peak, *(row.peak_bytes for row in self.rows)]))
        return outcome.value

    async def _command(self, job: str, kind: str, command: Command) -> Ran:
        needs = self.sweep.grid.needs[kind]
        command = replace(command, hours=needs.hours)
        step = Step(
            job=job,
            kind=kind,
            work=functools.partial(run_command, command),
            needs=needs,
            ledger=self.sweep.ledger,
        )
        ran: Ran = self._note(await self.pool.outcome(step))
        return ran

    async def _chip(self) -> str:
        """The chip's file, by its hash."""
        sweep, point = self.sweep, self.point
        place = sweep.out / "chips" / f"{point.chip}.chip"
        command = Command(
            words=sweep._chip_words(point),
            receipt=place.with_suffix(".receipt"),
            digest=sweep.chip_key(point),
            outputs=(place.name,),
        )
        await sweep.shared(f"chip {point.chip}", lambda: self._command(point.chip, "quantize", command))
        return await asyncio.to_thread(sha256, place)

    async def _quality(self, chip: str) -> None:
        sweep, point = self.sweep, self.point
        place = sweep.out / "chips" / f"{point.chip}.chip"
        command = Command(
            words=("evaluate", str(place), "--text", str(sweep.grid.text)),
            receipt=place.with_suffix(".quality"),
            digest=_digest({"chip": chip, "text": sweep._hash(sweep.grid.text or place), "hardwire": __version__}),
        )
        ran: Ran = await sweep.shared(f"quality {point.chip}", lambda: self._command(point.chip, "evaluate", command))
        integer = ran.data["integer"]
        self.every(bits_per_char=integer["bits_per_char"], perplexity=integer["perplexity"])

    async def _build(self, chip: str) -> None:
        sweep, point = self.sweep, self.point
        folder = sweep._folder(point)
        key = {"chip": chip, "board": repr(load_board(point.board)), "option": asdict(point.option)}
        command = Command(
            words=sweep._build_words(point),
            receipt=folder.with_name(f"{folder.name}.receipt"),
            digest=_digest({**key, "hardwire": __version__}),
            build=folder,
        )
        await self._command(point.build, "build", command)
        manifest = await asyncio.to_thread(read_manifest, folder)
        cycles = (manifest.cycles or ())[:MEAN_OVER]
        mean = round(sum(cycles) / len(cycles), 4) if cycles else None
        self.every(chip_digest=manifest.chip.digest, build_digest=manifest.digest, cycles_per_token=mean)
        self.every(versions={"hardwire": __version__})
        self._figures(dict(manifest.plan.resources or {}), "predicted")
        clock = manifest.plan.clock_mhz
        self.every(clock_mhz=clock, clock_source="assumed", tokens_per_second=mean and round(clock * 1e6 / mean, 1))

    def _figures(self, used: Mapping[str, int], source: str) -> None:
        have = budget(load_board(self.point.board))
        shares = [used[name] / most for name, most in have.items() if most and name in used]
        figures = {name: used.get(name) for name in AREA}
        self.every(**figures, area=round(max(shares), 4) if shares else None, area_source=source)

    async def _vivado(self) -> None:
        job = job_of(self.sweep._folder(self.point), self.point.build)
        options = replace(self.sweep.options, route=self.point.model.until == "clock")
        self._row(await run_job(self.pool, job, options))

    def _row(self, row: Row) -> None:
        """A synthesis' row into ours."""
        if row.resources:
            self._figures(row.resources, "synthesis")
        self.seconds += row.seconds if row.status != "kept" else 0
        status = "done" if row.status == "kept" else row.status
        self.every(
            status=status,
            reason=row.error,
            step=None if status == "done" else "vivado",
            clock_mhz=row.clock_mhz,
            clock_source=row.clock_source,
            cycles_per_token=row.cycles_per_token,
            tokens_per_second=row.tokens_per_second,
            bitstream_digest=sha256(Path(row.bitstream)) if row.bitstream else None,
        )

    async def _gates(self) -> None:
        """Yosys, the proof of its netlist, and every seed."""
        sweep, folder = self.sweep, self.sweep._folder(self.point)
        seeds = tuple(point.seed for point in self.points if point.seed is not None)
        job = job_of(folder, self.point.build, seeds=seeds or (1,))
        options = replace(sweep.options, route=bool(seeds))
        synthesis = functools.partial(synthesize_job, job, options)
        first: Synthesized = self._note(await self.pool.outcome(step_of(job, "yosys", synthesis, options)))
        if first.row.resources:
            self._figures(first.row.resources, "synthesis")
        if first.project is None or first.row.failed:
            return self._end(first.row.status, first.row.error or first.row.status, "yosys")
        netlist = await asyncio.to_thread(sha256, folder / SYNTH / "netlist.json")
        tools = tool_versions(SYNTHESIS_TOOLS + (route_tools(first.project.family) if seeds else ()))
        self.every(netlist_digest=netlist, versions={"hardwire": __version__, **tools})
        self._rate(first.project.clock_mhz, "assumed", first.project.cycles_per_token)
        if sweep.grid.prove:
            await self._proof(netlist)
        if seeds:
            await self._seeds(job, first, options)
        self._end("done", "", None)
        self.rows = [replace(row, reason=row.reason or None) for row in self.rows]

    def _rate(self, clock: float, source: str, cycles: float | None) -> None:
        rate = round(clock * 1e6 / cycles, 1) if cycles else None
        self.every(clock_mhz=clock, clock_source=source, cycles_per_token=cycles, tokens_per_second=rate)

    async def _proof(self, netlist: str) -> None:
        folder = self.sweep._folder(self.point)
        command = Command(
            words=("verify", str(folder), "--rungs", "netlist"),
            receipt=folder.with_name(f"{folder.name}.proof"),
            digest=_digest({"netlist": netlist, "hardwire": __version__}),
        )
        ran = await self._command(self.point.build, "proof", command)
        self.every(proof=f"netlist {ran.data['rungs']['netlist']['status']}")

    async def _seeds(self, job: Any, first: Synthesized, options: Options) -> None:
        """Each seed is a row; the best of them gets the bitstream."""
        assert first.project is not None
        tries = await asyncio.gather(*(self._seed(job, first, index, options) for index in range(len(self.points))))
        failure = next((row.reason for row in self.rows if row.status != "waiting"), None)
        finish = functools.partial(finish_route, job, first, options, failure)
        best: Row = self._note(await self.pool.outcome(step_of(job, "pack", finish, options)))
        for index, tried in enumerate(tries):
            if tried is not None and best.bitstream and best.place_and_route.endswith(f" {tried['seed']}"):
                digest = await asyncio.to_thread(sha256, Path(best.bitstream))
                self.rows[index] = replace(self.rows[index], bitstream_digest=digest)

    async def _seed(self, job: Any, first: Synthesized, index: int, options: Options) -> dict[str, Any] | None:
        """One seed into its row; None where it leads nowhere."""
        project, seed = first.project, self.points[index].seed
        assert project is not None and seed is not None
        step = step_of(job, "route", functools.partial(try_route, first, seed, options), options)
        try:
            tried: dict[str, Any] = self._note(await self.pool.outcome(step))
        except StepFailed as error:
            self.rows[index] = replace(self.rows[index], status=error.status, reason=str(error), step="route")
            return None
        clock, cycles = tried["clock_mhz"], project.cycles_per_token
        clock = min(clock, project.clock_mhz) if project.fixed_clock else clock
        rate = round(clock * 1e6 / cycles, 1) if cycles else None
        self.rows[index] = replace(
            self.rows[index],
            clock_mhz=clock,
            clock_source="routed",
            tokens_per_second=rate if tried["met"] else None,
        )
        if not tried["met"]:
            missed = f"{tried['clock_mhz']:.1f} MHz after routing, {project.clock_mhz:g} wanted"
            self.rows[index] = replace(self.rows[index], status="too slow", reason=missed, step="route")
        return tried


def _kinds(grid: Grid, todo: Sequence[Sequence[Point]]) -> set[str]:
    """Of the steps that there are."""
    kinds = {"quantize", "build"} | ({"evaluate"} if grid.text else set())
    for point in (point for points in todo for point in points if point.model.until != "build"):
        vendor = {"vivado"} if point.model.until == "clock" else {"yosys"}
        kinds |= vendor if point.option.target == "bitstream" else {"yosys"}
        kinds |= ({"route", "pack"} if point.seed is not None else set()) | ({"proof"} if grid.prove else set())
    return kinds


def _weights(point: Point) -> tuple[str, str]:
    return ("--weights", str(point.weights))


def _beside(model: Model) -> Sequence[Path | None]:
    """What quantize reads of a model beside its ONNX file."""
    assert model.onnx is not None
    folder = model.onnx.parent
    given = (model.calibration or folder / "calibration.txt", model.tokenizer or folder / "tokenizer.json")
    return [path if path.is_file() else None for path in given]


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
