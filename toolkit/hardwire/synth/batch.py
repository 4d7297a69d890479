# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Many jobs, unattended: a failure stops no other job, a finished step is not run again, a killed run continues.

Each job is a few steps on a cluster (jobs/): Yosys; a try of the router per seed, of which the first good one ends the
others; the bitstream. Vitis HLS and Vivado are steps of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import BuildError, HardwireError
from ..jobs.cluster import Place
from ..jobs.needs import Needs
from ..jobs.pool import Pool, StepFailed, run_steps
from ..jobs.step import Step, is_full
from ..progress import JobProgress, Progress
from ..targets.families import family_of
from ..tools.process import OutOfMemory, OutOfTime, Stop, Stopped
from . import nextpnr
from .nextpnr import HOUR, MissedClock, Route
from .paths import Paths, faults
from .project import Project
from .resources import compare
from .rows import Row, Table
from .yosys import Synthesis, synthesize

# The largest process of docs/results.md held 1.4 GiB. A machine that has less than is asked gives all that it has.
NEEDS: Mapping[str, Needs] = {
    "yosys": Needs(memory=4 << 30),
    "route": Needs(memory=4 << 30),
    "pack": Needs(memory=1 << 30),
    # Hours for a part that is full.
    "vitis": Needs(memory=16 << 30, cores=4, hours=24, licences={"vitis": 1}),
    "vivado": Needs(memory=16 << 30, cores=4, hours=24, licences={"vivado": 1}),
}
SYNTHESIZED = 0.25  # of a job's time; synthesis of a large design takes about a third of the time that its route does


@dataclass(frozen=True)
class Options:
    """How all jobs are run. ``limit``: seconds that a tool may take; without it an hour, and a day for AMD's."""

    limit: float | None = None
    allow_slow: bool = False
    route: bool = True
    check_paths: bool = False  # of the netlist: against ``paths.Limits``, and the stages that the plan has
    needs: Mapping[str, Needs] = field(default_factory=dict)  # in place of NEEDS, by the kind of a step
    ledger: Path | None = None  # a folder for what ran where

    def needs_of(self, kind: str) -> Needs:
        """What a step of a kind asks for; its hours are what its tool may take."""
        needs = self.needs.get(kind, NEEDS[kind])
        return replace(needs, hours=self.limit / HOUR) if self.limit else needs

    def timeout(self, kind: str) -> float:
        """Seconds that the tool of a kind of step may take."""
        return self.needs_of(kind).hours * HOUR


@dataclass(frozen=True, kw_only=True)
class Job:
    """A name, the folder to work in, and what gives the project: reading a broken build is the job's failure.

    What is called here travels to the workers that call it.
    """

    name: str
    work: Path
    project: Callable[[], Project]
    predicted: Callable[[], Mapping[str, int]] = dict  # resources, as a plan has them; asked after ``project``
    stages: Callable[[], Mapping[str, int]] = dict  # of the plan's geometry, by its fields; the same
    record: Callable[[Project, Row, Synthesis], None] = lambda project, row, done: None  # keeps a result
    others: Callable[[Options], Sequence[Other]] = lambda options: ()  # steps of other tools, in place of ours


@dataclass(frozen=True, kw_only=True)
class Other:
    """A step by a tool that makes the whole of a job: ``run`` fills the row it is given."""

    kind: str
    run: Callable[[Row, Progress, Options, Stop], None]


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """What the first step of a job gives. Without ``project`` it failed, and ``row`` says why."""

    row: Row
    project: Project | None = None
    done: Synthesis | None = None
    race: bool = False  # whether seeds are still to be tried

    @property
    def kept(self) -> bool:
        return self.done is not None and self.done.kept


def run_batch(
    builds: Sequence[Job],
    jobs: int = 1,
    progress: JobProgress = lambda name, stage, share: None,
    options: Options = Options(),
    place: Place | None = None,
) -> Table:
    """Synthesize every job, and route those for ECP5. Never raises for a job's own failure.

    ``place``: where; by default this machine, ``jobs`` steps at a time. Ctrl-C ends the running tools and gives the
    table as it stands.
    """
    table = Table([Row(name=job.name) for job in builds])
    place = place or Place(jobs=jobs)
    kinds = ("yosys", "route", "pack", *(other.kind for job in builds for other in _others(job, options)))
    ended: set[str] = set()

    def told(name: str, stage: str, share: float) -> None:
        if name not in ended:  # news of a step may come after its end
            progress(name, stage, share)

    async def one(pool: Pool, index: int, job: Job) -> None:
        row = table.rows[index] = await run_job(pool, job, options)
        ended.add(job.name)
        progress(job.name, row.status, 1.0)

    async def work(pool: Pool) -> None:
        await asyncio.gather(*(one(pool, index, job) for index, job in enumerate(builds)))

    table.interrupted = run_steps(work, place, largest([options.needs_of(kind) for kind in kinds]), told)
    for row in table.rows:
        row.error = row.error or (STOPPED if row.status == "stopped" else None)
    return table


STOPPED = "stopped; run it again to continue"


def largest(needs: Sequence[Needs]) -> Needs:
    """The room in which each of them fits."""
    return Needs(
        memory=max(need.memory for need in needs),
        cores=max(need.cores for need in needs),
        hours=max(need.hours for need in needs),
    )


def _others(job: Job, options: Options) -> Sequence[Other]:
    with contextlib.suppress(HardwireError):  # told when its turn comes
        return job.others(options)
    return ()


async def run_job(pool: Pool, job: Job, options: Options) -> Row:
    """The steps of one job, to its row. Never raises for the job's own failure."""
    row = Row(name=job.name)
    try:
        others = job.others(options)
        for other in others:
            row = await pool.run(step_of(job, other.kind, functools.partial(_by_other, other, row, options), options))
            if row.failed:
                break
        return row if others else await _by_open_tools(pool, job, options)
    except StepFailed as error:
        row.status, row.error = error.status, str(error)
    except HardwireError as error:
        row.status, row.error = "failed", str(error)
    except Exception as error:  # a fault of ours must not take the other jobs with it
        row.status, row.error = "failed", f"{type(error).__name__}: {error}"
    return row


def step_of(
    job: Job, kind: str, work: Callable[[Progress, Stop], Any], options: Options, span: tuple[float, float] = (0, 1)
) -> Step:
    return Step(job=job.name, kind=kind, work=work, needs=options.needs_of(kind), span=span, ledger=options.ledger)


def _by_other(other: Other, row: Row, options: Options, progress: Progress, stop: Stop) -> Row:
    """The row that another tool fills, also where it fails."""
    try:
        other.run(row, progress, options, stop)
    except (Stopped, OutOfMemory):
        raise
    except HardwireError as error:
        row.status, row.error = "failed", str(error)
    return row


async def _by_open_tools(pool: Pool, job: Job, options: Options) -> Row:
    synthesis = functools.partial(synthesize_job, job, options)
    first: Synthesized = await pool.run(step_of(job, "yosys", synthesis, options, (0.0, SYNTHESIZED)))
    if first.project is None or first.row.failed or not _routed(first.project, options):
        return first.row
    failure = await _race(pool, job, first, options) if first.race else None
    finish = functools.partial(finish_route, job, first, options, failure)
    row: Row = await pool.run(step_of(job, "pack", finish, options, (0.95, 1.0)))
    return row


def _routed(project: Project, options: Options) -> bool:
    return family_of(project.family).routing is not None and options.route


def synthesize_job(job: Job, options: Options, progress: Progress, stop: Stop) -> Synthesized:
    """Runs on a worker: Yosys, and what the job is."""
    row = Row(name=job.name)
    try:
        project = job.project()
        row.family, row.cycles_per_token = project.family, project.cycles_per_token
        row.clock_mhz = row.target_mhz = project.clock_mhz
        row.log = str(job.work / "synth.log")
        done = synthesize(project, job.work, progress, timeout=options.timeout("yosys"), stop=stop)
    except (Stopped, OutOfMemory, OutOfTime):
        raise
    except HardwireError as error:
        if stop.signal or is_full(str(error)):  # whoever gave the step out judges it
            raise
        row.status, row.error = "failed", str(error)
        return Synthesized(row=row)
    _count(job, row, done)
    if options.check_paths:
        row.path_faults = _path_faults(job, project, done)
    if row.failed or not _routed(project, options):
        _rate(project, row)
        job.record(project, row, done)
    return Synthesized(row=row, project=project, done=done, race=nextpnr.to_be_tried(project, done))


def _count(job: Job, row: Row, done: Synthesis) -> None:
    row.resources, row.budget, row.seconds = done.usage.total.as_dict(), done.budget, done.seconds
    row.share = {key: round(row.resources[key] / most, 4) for key, most in done.budget.items() if most}
    row.modules = {name: used.as_dict() for name, used in done.usage.modules.items()}
    row.predicted = compare(job.predicted(), row.resources)
    row.digest, row.status = done.digest, "kept" if done.kept else "done"
    if done.timing:
        row.estimated_mhz, row.longest_paths = done.timing.mhz, list(done.timing.longest)
        row.clock_mhz, row.clock_source = min(row.target_mhz or done.timing.mhz, done.timing.mhz), "estimated"
    if done.over:
        row.status, row.error = "over budget", f"{'; '.join(done.over)}; {done.remedy}"


def _path_faults(job: Job, project: Project, done: Synthesis) -> list[str]:
    netlist = json.loads(done.netlist_json.read_text())
    return [str(fault) for fault in faults(Paths(netlist, project.top, project.family), stages=job.stages())]


def _rate(project: Project, row: Row) -> None:
    if project.cycles_per_token and not row.failed and row.clock_mhz is not None:
        row.tokens_per_second = round(row.clock_mhz * 1e6 / project.cycles_per_token, 1)


async def _race(pool: Pool, job: Job, first: Synthesized, options: Options) -> str | None:
    """All seeds at once, as far as there are workers: the first that meets the clock ends the others.

    Returns what the last of the failures said; a try that ended, also too slow, has left its receipt.
    """
    assert first.project is not None
    tries = [
        asyncio.ensure_future(pool.run(step_of(job, "route", work, options, (SYNTHESIZED, 0.95))))
        for work in (functools.partial(try_route, first, seed, options) for seed in first.project.seeds)
    ]
    failure: str | None = None
    try:
        for ended in asyncio.as_completed(tries):
            try:
                if (await ended)["met"]:
                    break
            except StepFailed as error:
                if error.status not in ("failed", "out of time"):
                    raise
                failure = str(error)
    finally:
        for other in tries:
            other.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    return failure


def try_route(first: Synthesized, seed: int, options: Options, progress: Progress, stop: Stop) -> dict[str, Any]:
    """Runs on a worker: one seed."""
    assert first.project is not None and first.done is not None
    return nextpnr.try_seed(first.project, first.done, seed, progress, timeout=options.timeout("route"), stop=stop)


def finish_route(
    job: Job, first: Synthesized, options: Options, failure: str | None, progress: Progress, stop: Stop
) -> Row:
    """Runs on a worker: the best of the tries, its bitstream, and the job's record.

    That no try came to an end is a row too, since the synthesis before it is a result of its own.
    """
    row, project, done = first.row, first.project, first.done
    assert project is not None and done is not None
    row.log = str(done.work / f"route-{project.seeds[0]}.log")
    try:
        seconds, slow = options.timeout("pack"), options.allow_slow
        result = nextpnr.finish(project, done, progress, timeout=seconds, allow_slow=slow, stop=stop, failure=failure)
        row.status = "kept" if done.kept and result.kept else "done"
        _fill(project, row, result)
    except MissedClock as error:
        row.status, row.error = "too slow", str(error)
        _fill(project, row, error.route)
    except (Stopped, OutOfMemory):
        raise
    except BuildError as error:
        row.status, row.error = "failed", str(error)
    _rate(project, row)
    job.record(project, row, done)
    return row


def _fill(project: Project, row: Row, result: Route) -> None:
    row.place_and_route, row.clock_source = f"nextpnr, seed {result.seed}", "routed"
    row.fmax_mhz = row.clock_mhz = result.clock_mhz
    if project.fixed_clock:
        row.clock_mhz = min(result.clock_mhz, result.target_mhz)
    row.critical_path = asdict(result.critical_path) | {"text": str(result.critical_path)}
    row.bitstream = str(result.bitstream) if result.bitstream else None
    row.digest, row.seconds = result.digest, round(row.seconds + result.seconds, 2)
