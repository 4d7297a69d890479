# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Many jobs, unattended: a failure stops no other job, a finished one is not run again, a killed run continues."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import BuildError, HardwireError
from ..progress import JobProgress, Progress
from ..targets.families import family_of
from ..tools.process import Stop, Stopped
from .nextpnr import HOUR, MissedClock, Route, route
from .project import Project
from .resources import compare
from .rows import Row, Table
from .yosys import Synthesis, synthesize


@dataclass(frozen=True)
class Job:
    """A name, the folder to work in, and what gives the project: reading a broken build is the job's failure."""

    name: str
    work: Path
    project: Callable[[], Project]
    predicted: Callable[[], Mapping[str, int]] = dict  # resources, as a plan has them; asked after ``project``
    record: Callable[[Project, Row, Synthesis], None] = lambda project, row, done: None  # keeps a result
    other: Callable[[Row, Progress, Options, Stop], bool] = lambda row, told, options, stop: (
        False
    )  # did it by another tool


@dataclass(frozen=True)
class Options:
    """How all jobs are run. ``limit``: seconds that a tool may take; without it an hour, and a day for AMD's."""

    limit: float | None = None
    allow_slow: bool = False
    route: bool = True

    @property
    def timeout(self) -> float:
        """Of an open tool."""
        return self.limit or HOUR

    @property
    def vendor_timeout(self) -> float:
        """Of Vivado and Vitis HLS, which take hours for a part that is full."""
        return self.limit or 24 * HOUR


def run_batch(
    builds: Sequence[Job],
    jobs: int = 1,
    progress: JobProgress = lambda name, stage, share: None,
    options: Options = Options(),
    *,
    stop: Stop | None = None,
) -> Table:
    """Synthesize every job, and route those for ECP5, ``jobs`` at a time. Never raises for a job's own failure.

    Ctrl-C ends the running tools and gives the table as it stands.
    """
    stop = stop or Stop()
    table = Table([Row(job.name) for job in builds])
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        runs: list[Future[None]] = []
        for job, row in zip(builds, table.rows, strict=True):
            told = functools.partial(progress, job.name)
            runs.append(pool.submit(_run_job, job, row, told, options, stop))
        try:
            for run in runs:
                run.result()
        except KeyboardInterrupt:
            table.interrupted = True
            stop.stop()
            for run in runs:
                run.cancel()
    return table


def _run_job(job: Job, row: Row, progress: Progress, options: Options, stop: Stop) -> None:
    try:
        _run(job, row, progress, options, stop)
    except Stopped as error:
        row.status, row.error = "stopped", str(error)
    except HardwireError as error:
        row.status, row.error = "failed", str(error)
    except Exception as error:  # a fault of ours must not take the other jobs with it
        row.status, row.error = "failed", f"{type(error).__name__}: {error}"
    progress(row.status, 1.0)


def _run(job: Job, row: Row, progress: Progress, options: Options, stop: Stop) -> None:
    if job.other(row, progress, options, stop):
        return
    project = job.project()
    routed = family_of(project.family).routing is not None and options.route
    # Synthesis of a large design takes about a third of the time that its route does.
    part = 0.25 if routed else 1.0
    row.family, row.cycles_per_token = project.family, project.cycles_per_token
    row.clock_mhz = row.target_mhz = project.clock_mhz
    row.log = str(job.work / "synth.log")

    def first(stage: str, share: float) -> None:
        progress(stage, part * share)

    done = synthesize(project, job.work, first, timeout=options.timeout, stop=stop)
    _count(job, row, done)
    if routed and not row.failed:
        _route(project, done, row, lambda stage, share: progress(stage, part + (1 - part) * share), options, stop)
    if project.cycles_per_token and not row.failed:
        row.tokens_per_second = round(row.clock_mhz * 1e6 / project.cycles_per_token, 1)
    job.record(project, row, done)


def _count(job: Job, row: Row, done: Synthesis) -> None:
    row.resources, row.budget, row.seconds = done.usage.total.as_dict(), done.budget, done.seconds
    row.share = {key: round(row.resources[key] / most, 4) for key, most in done.budget.items() if most}
    row.modules = {name: used.as_dict() for name, used in done.usage.modules.items()}
    row.predicted = compare(job.predicted(), row.resources)
    row.digest, row.status = done.digest, "kept" if done.kept else "done"
    if done.over:
        row.status, row.error = "over budget", f"{'; '.join(done.over)}; {done.remedy}"


def _route(project: Project, done: Synthesis, row: Row, progress: Progress, options: Options, stop: Stop) -> None:
    """The route into the row; its failure too, since the synthesis before it is a result of its own."""
    row.log = str(done.work / f"route-{project.seeds[0]}.log")
    try:
        result = route(project, done, progress, timeout=options.timeout, allow_slow=options.allow_slow, stop=stop)
        row.status = "kept" if done.kept and result.kept else "done"
        _fill(project, row, result)
    except MissedClock as error:
        row.status, row.error = "too slow", str(error)
        _fill(project, row, error.route)
    except Stopped:
        raise
    except BuildError as error:
        row.status, row.error = "failed", str(error)


def _fill(project: Project, row: Row, result: Route) -> None:
    row.place_and_route, row.clock_source = f"nextpnr, seed {result.seed}", "routed"
    row.fmax_mhz = row.clock_mhz = result.clock_mhz
    if project.fixed_clock:
        row.clock_mhz = min(result.clock_mhz, result.target_mhz)
    row.critical_path = asdict(result.critical_path) | {"text": str(result.critical_path)}
    row.bitstream = str(result.bitstream) if result.bitstream else None
    row.digest, row.seconds = result.digest, round(row.seconds + result.seconds, 2)
