# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Where steps run: a Dask cluster for each kind of place. Whatever we start listens on loopback unless told otherwise.

A worker is this package on the same file system. Who reaches a scheduler can run programs on its workers.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import math
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import HardwireError, ToolMissing
from .needs import Needs

LOOPBACK = "127.0.0.1"
SYSTEMS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
WORKER_OWN = 512 << 20  # bytes that a worker takes beside what a step asks for
PATIENCE = 60  # seconds that a worker looks for its scheduler
SCHEMES = ("tcp://", "tls://", "ucx://", "ws://", "wss://")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where steps run, and how many at a time.

    on: "local", "slurm", "pbs", "lsf", "sge", "ssh:HOST,HOST..." or a scheduler's address, as "tcp://127.0.0.1:8786".
    jobs: local: steps of one core at a time; a batch system: its jobs, each of which is a worker for one step.
    licences: how many of each there are; a step that needs one waits for it. One that is not named is not counted.
    directives: more lines for a batch system's script, as "--qos=long".
    """

    on: str = "local"
    jobs: int = 1
    listen: str = LOOPBACK
    licences: Mapping[str, int] = field(default_factory=dict)
    queue: str | None = None
    directives: tuple[str, ...] = ()
    logs: Path | None = None  # of a batch system's jobs

    @property
    def is_address(self) -> bool:
        return self.on.startswith(SCHEMES)

    @property
    def is_ssh(self) -> bool:
        return self.on.startswith("ssh:")

    def check(self) -> None:
        """Raise HardwireError for a place that there is no such kind of, ToolMissing without Dask."""
        known = self.on == "local" or self.on in SYSTEMS or self.is_ssh or self.is_address
        if not known:
            raise HardwireError(
                f"--on {self.on!r}: give local, {', '.join(SYSTEMS)}, ssh:HOST,HOST or a scheduler's address, as "
                "tcp://127.0.0.1:8786"
            )
        for package in ("distributed", *(["dask_jobqueue"] if self.on in SYSTEMS else [])):
            if importlib.util.find_spec(package) is None:
                raise ToolMissing(
                    f'--on {self.on}: the Python package {package} is not installed; pip install "hardwire[batch]"'
                )
        if self.on in SYSTEMS:
            _jobqueue()


def _jobqueue() -> Any:
    """The package, whose import takes Ctrl-C and the end of the process for itself (0.9); so not in a thread."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in signals]
    import dask_jobqueue

    for number, handler in zip(signals, before, strict=True):
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
    return dask_jobqueue


@contextlib.asynccontextmanager
async def open_client(place: Place, most: Needs) -> AsyncIterator[tuple[Any, Any]]:
    """A Dask client, and the cluster where it is ours (else None). ``most`` is what the largest step asks for."""
    from distributed import Client

    with _quiet():
        if place.is_address:
            async with Client(place.on, asynchronous=True, timeout=10) as client:
                yield client, None
            return
        async with _cluster(place, most) as cluster, Client(cluster, asynchronous=True) as client:
            yield client, cluster


def _cluster(place: Place, most: Needs) -> Any:
    if place.on == "local":
        from distributed import LocalCluster

        # Threads are enough, as the tools are processes of their own; in one process nothing listens for workers.
        return LocalCluster(
            n_workers=1,
            threads_per_worker=place.jobs,
            processes=False,
            asynchronous=True,
            memory_limit=0,
            dashboard_address=f"{place.listen}:0",
            worker_dashboard_address=f"{place.listen}:0",
        )
    if place.is_ssh:
        return _over_ssh(place)
    return batch_system(place, most)


def _over_ssh(place: Place) -> Any:
    """The first host has the scheduler, each a worker."""
    from distributed import SSHCluster

    hosts = [host for host in place.on[len("ssh:") :].split(",") if host]
    if not hosts:
        raise HardwireError("--on ssh: names no host; give ssh:HOST,HOST")
    web = {"dashboard_address": f"{place.listen}:0"}
    # On loopback, where all hosts are this one, workers are too; another address is the scheduler's alone.
    alike = {"host": place.listen} if place.listen == LOOPBACK else {}
    return SSHCluster(
        [hosts[0], *hosts],
        worker_options={"nthreads": place.jobs, **alike},
        scheduler_options={"host": place.listen, **web},
        remote_python=sys.executable,
        asynchronous=True,
    )


def batch_system(place: Place, most: Needs) -> Any:
    """Slurm, PBS, LSF or SGE: each of its jobs is a worker that has room for the largest step."""
    mebibytes = math.ceil((most.memory + WORKER_OWN) / (1 << 20))
    hours, minutes = divmod(math.ceil(most.hours * 2 * 60), 60)  # a step may begin late in a worker's life
    web = {"dashboard_address": f"{place.listen}:0"}
    has = {"cores": most.cores, "memory": most.memory, **place.licences}
    return getattr(_jobqueue(), SYSTEMS[place.on])(
        n_workers=place.jobs,
        cores=most.cores,
        memory=f"{mebibytes}MiB",
        processes=1,
        nanny=False,
        walltime=f"{hours}:{minutes:02}" if place.on == "lsf" else f"{hours}:{minutes:02}:00",
        queue=place.queue,
        python=sys.executable,
        death_timeout=PATIENCE,
        job_name="hardwire",
        log_directory=None if place.logs is None else str(place.logs),
        job_extra_directives=[*place.directives, *(["--no-requeue"] if place.on == "slurm" else [])],
        worker_extra_args=[
            *("--host", place.listen, "--dashboard-address", f"{place.listen}:0", "--resources"),
            # From the start: a worker that gets them later is not offered what waits already.
            ",".join(f"{name}={count}" for name, count in has.items()),
        ],
        scheduler_options={"host": place.listen, "allowed_failures": 0, **web},
        asynchronous=True,
    )


def room(place: Place, most: Needs) -> tuple[int, int] | None:
    """Cores and bytes of memory of a worker, where they are ours to say."""
    if place.on == "local":
        from distributed.system import MEMORY_LIMIT

        return place.jobs, int(MEMORY_LIMIT)
    return (most.cores, most.memory) if place.on in SYSTEMS else None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own log, while we run: what matters of it comes back as a step's outcome."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
