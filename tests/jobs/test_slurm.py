# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps on a real Slurm of three nodes on loopback: a node dies, a job is cancelled by hand, a step holds too much."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import slurm

from hardwire.errors import BuildError
from hardwire.jobs.cluster import Place
from hardwire.jobs.needs import Needs
from hardwire.jobs.pool import Pool, StepFailed, run_steps
from hardwire.jobs.step import Outcome, Step
from hardwire.progress import Progress
from hardwire.tools.process import Stop, run_tool

pytestmark = [pytest.mark.tools, pytest.mark.slurm]

QUEUED = ("q1", "q2", "q3", "q4", "q5", "q6")
NEEDS = Needs(memory=200 << 20)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[slurm.Slurm]:
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.running(Path(folder), 3, 900) as daemons:
        for name, value in daemons.environment.items():
            monkeypatch.setenv(name, value)
        yield daemons


def waiting(folder: Path, name: str, code: str = "") -> Callable[[Progress, Stop], int]:
    """A step whose tool waits until the folder has ``go``."""
    loop = f"import os, time\n{code}\nwhile not os.path.exists('go'): time.sleep(0.05)"

    def work(progress: Progress, stop: Stop) -> int:
        code = run_tool([sys.executable, "-c", loop], folder, folder / f"{name}.log", stop=stop)
        if code:
            raise BuildError(f"{name}: exit {code}")
        return code

    return work


def lines(folder: Path) -> list[dict[str, Any]]:
    """What the steps' ledger has."""
    return [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]


def test_a_lost_node_costs_time_and_a_cancelled_job_is_a_reason(cluster: slurm.Slurm, tmp_path: Path) -> None:
    ended: dict[str, Outcome | str] = {}
    ledger = tmp_path / "ledger"

    async def one(pool: Pool, name: str, code: str = "") -> None:
        step = Step(job=name, kind="k", work=waiting(tmp_path, name, code), needs=NEEDS, ledger=ledger)
        try:
            ended[name] = await pool.outcome(step)
        except StepFailed as error:
            ended[name] = f"{error.status}: {error}"

    async def begun(name: str) -> str:
        """The job of the batch system in which a step runs."""
        while True:
            found = [line for line in lines(ledger) if line["job"] == name and "started" in line]
            if found:
                return str(found[-1]["batch_job"])
            await asyncio.sleep(0.1)

    async def work(pool: Pool) -> None:
        steps = [asyncio.ensure_future(one(pool, name)) for name in ("lost", "cancelled", "fine")]
        jobs = {name: await begun(name) for name in ("lost", "cancelled", "fine")}
        assert len(set(jobs.values())) == 3
        nodes = {name: cluster.jobs()[job][1] for name, job in jobs.items()}
        # More wait in the workers' queues, which are lost with them: those are no losses of theirs.
        steps += [asyncio.ensure_future(one(pool, name, "raise SystemExit")) for name in QUEUED]
        await asyncio.sleep(1)
        cluster.kill_node(nodes["lost"])
        cluster.call("scancel", jobs["cancelled"])
        await steps[1]
        steps.append(asyncio.ensure_future(one(pool, "hungry", "held = bytearray(300 << 20); time.sleep(600)")))
        while sum(line["job"] == "lost" and "started" in line for line in lines(ledger)) < 2:
            await asyncio.sleep(0.1)
        (tmp_path / "go").touch()
        await asyncio.gather(*steps)
        assert ended["cancelled"] == (
            f"cancelled: cancelled: k: Slurm job {jobs['cancelled']} is CANCELLED; somebody cancelled it; run it again "
            "to continue"
        )

    assert not run_steps(work, Place(on="slurm", jobs=3, logs=tmp_path / "logs"), NEEDS, lambda *event: None)
    fine, lost, hungry = ended["fine"], ended["lost"], ended["hungry"]
    assert isinstance(fine, Outcome) and isinstance(lost, Outcome) and fine.batch_job != lost.batch_job
    assert isinstance(hungry, str) and hungry.startswith("over memory: ") and "MiB held, 200 asked for" in hungry
    done = [line["job"] for line in lines(ledger) if line.get("status") == "done"]
    assert sorted(done) == sorted(("fine", "lost", *QUEUED))
