# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Many jobs, unattended: a failure stops no other job, a finished one is not run again, a killed run continues."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import HardwireError
from .nextpnr import HOUR, route
from .process import Stop, Stopped
from .project import Project
from .yosys import synthesize

Progress = Callable[[str, str, float], None]  # the job, its stage, and the share of it that is done


@dataclass(frozen=True)
class Job:
    """A name, the folder to work in, and what gives the project: reading a broken build is the job's failure."""

    name: str
    work: Path
    project: Callable[[], Project]


@dataclass
class Row:
    """What became of one job. status: "done", "kept" (finished before), "over budget", "failed" or "stopped"."""

    name: str
    status: str = "stopped"
    resources: dict[str, int] = field(default_factory=dict)
    budget: dict[str, int] = field(default_factory=dict)
    modules: dict[str, dict[str, int]] = field(default_factory=dict)
    clock_mhz: float | None = None
    clock_source: str = "assumed"  # or "routed"
    critical_path: str | None = None
    tokens_per_second: float | None = None
    bitstream: str | None = None
    digest: str | None = None
    seconds: float = 0.0
    error: str | None = None

    @property
    def failed(self) -> bool:
        return self.status not in ("done", "kept")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Table:
    """The rows, in the order of the jobs."""

    rows: list[Row]
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether any job failed; the process should then exit with 1."""
        return any(row.failed for row in self.rows)


def run_batch(
    builds: Sequence[Job],
    jobs: int = 1,
    progress: Progress = lambda name, stage, share: None,
    *,
    timeout: float | None = HOUR,
    allow_slow: bool = False,
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
            runs.append(pool.submit(_run_job, job, row, told, timeout, allow_slow, stop))
        try:
            for run in runs:
                run.result()
        except KeyboardInterrupt:
            table.interrupted = True
            stop.stop()
            for run in runs:
                run.cancel()
    return table


def _run_job(
    job: Job,
    row: Row,
    progress: Callable[[str, float], None],
    timeout: float | None,
    allow_slow: bool,
    stop: Stop,
) -> None:
    try:
        _fill(job, row, progress, timeout, allow_slow, stop)
    except Stopped as error:
        row.status, row.error = "stopped", str(error)
    except HardwireError as error:
        row.status, row.error = "failed", str(error)
    except Exception as error:  # a fault of ours must not take the other jobs with it
        row.status, row.error = "failed", f"{type(error).__name__}: {error}"
    progress(row.status, 1.0)


def _fill(
    job: Job,
    row: Row,
    progress: Callable[[str, float], None],
    timeout: float | None,
    allow_slow: bool,
    stop: Stop,
) -> None:
    project = job.project()
    routed = project.family == "ecp5"
    # Synthesis of a large design takes about a third of the time that its route does.
    part = 0.25 if routed else 1.0
    row.clock_mhz = project.clock_mhz
    done = synthesize(project, job.work, lambda stage, share: progress(stage, part * share), timeout=timeout, stop=stop)
    row.resources, row.budget, row.seconds = done.usage.total.as_dict(), done.budget, done.seconds
    row.modules = {name: used.as_dict() for name, used in done.usage.modules.items()}
    row.digest = done.digest
    if done.over:
        row.status, row.error = "over budget", "; ".join(done.over)
        return
    kept = done.kept
    if routed:
        result = route(
            project,
            done,
            lambda stage, share: progress(stage, part + (1 - part) * share),
            timeout=timeout,
            allow_slow=allow_slow,
            stop=stop,
        )
        row.clock_mhz, row.clock_source = result.clock_mhz, "routed"
        row.critical_path, row.bitstream, row.digest = str(result.critical_path), str(result.bitstream), result.digest
        row.seconds = round(row.seconds + result.seconds, 2)
        kept = kept and result.kept
    if project.cycles_per_token:
        row.tokens_per_second = round(row.clock_mhz * 1e6 / project.cycles_per_token, 1)
    row.status = "kept" if kept else "done"
