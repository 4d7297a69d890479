# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A scheduler and a worker that somebody else started, on loopback: steps on them, and the scheduler's end."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardwire.jobs.cluster import Place
from hardwire.jobs.needs import Needs
from hardwire.jobs.pool import Pool, StepFailed, run_steps
from hardwire.jobs.step import Step
from hardwire.progress import Progress
from hardwire.tools.process import Stop, run_tool

pytestmark = pytest.mark.tools

LOOPBACK = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process, with a worker of two threads."""
    file = tmp_path / "scheduler.json"
    words = [sys.executable, "-m", "distributed.cli.dask_scheduler", *LOOPBACK, "--port", "0"]
    with (tmp_path / "log").open("w") as log:
        head = subprocess.Popen([*words, "--scheduler-file", str(file)], stdout=log, stderr=log)
        more = ["--scheduler-file", str(file), "--nthreads", "2", "--no-nanny", "--memory-limit", "1GiB"]
        worker = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", *LOOPBACK, *more], stdout=log, stderr=log
        )
        end = time.monotonic() + 60
        while "Registered to" not in (tmp_path / "log").read_text():
            assert time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], head
        for process in (head, worker):
            process.kill()
            process.wait()


def test_its_workers_get_resources_and_its_end_ends_the_steps(
    scheduler: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    address, head = scheduler
    found: list[object] = []
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"

    def wait(progress: Progress, stop: Stop) -> int:
        return run_tool([sys.executable, "-c", code], tmp_path, tmp_path / "tool.log", stop=stop)

    async def refused(pool: Pool, step: Step) -> tuple[str, str]:
        with pytest.raises(StepFailed) as caught:
            await pool.run(step)
        return caught.value.status, str(caught.value)

    async def work(pool: Pool) -> None:
        small, large = Needs(memory=1 << 28, cores=2), Needs(memory=1 << 40)
        found.append(await pool.run(Step(job="a", kind="k", work=lambda progress, stop: 42, needs=small)))
        found.append(await refused(pool, Step(job="a", kind="k", work=wait, needs=large)))
        task = asyncio.ensure_future(refused(pool, Step(job="b", kind="k", work=wait, needs=small)))
        while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
            await asyncio.sleep(0.1)
        head.kill()
        found.append(await task)
        while Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists():
            await asyncio.sleep(0.1)

    assert not run_steps(work, Place(on=address), Needs(memory=1 << 28), lambda *event: None)
    assert found == [
        42,
        ("failed", f"a: k asks for 1024.0 GiB, the largest worker of {address} has 1.0 GiB"),
        ("stopped", "the scheduler is gone; run it again to continue"),
    ]
