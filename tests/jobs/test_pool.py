# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps on a cluster in this process: outcomes, licences, memory, Ctrl-C, and who listens where."""

from __future__ import annotations

import _thread
import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hardwire.errors import BuildError, HardwireError
from hardwire.jobs.cluster import Place, batch_system
from hardwire.jobs.needs import Needs, read_bytes, read_needs
from hardwire.jobs.pool import Pool, StepFailed, run_steps
from hardwire.jobs.step import Step
from hardwire.progress import Progress
from hardwire.tools.process import Stop, run_tool

pytestmark = pytest.mark.tools

SMALL = Needs(memory=1 << 30)


def on(
    place: Place,
    work: Callable[[Pool], Awaitable[None]],
    told: Any = lambda job, stage, share: None,
    most: Needs = SMALL,
) -> bool:
    return run_steps(work, place, most, told)


def tool(folder: Path, name: str, code: str) -> Callable[[Progress, Stop], int]:
    """A step that runs a Python program."""

    def work(progress: Progress, stop: Stop) -> int:
        progress("begun", 0.0)
        return run_tool([sys.executable, "-c", code], folder, folder / f"{name}.log", stop=stop)

    return work


def test_a_step_gives_its_value_tells_how_far_it_is_and_leaves_a_line(tmp_path: Path) -> None:
    seen, values = [], []

    def half(progress: Progress, stop: Stop) -> int:
        progress("half", 0.5)
        return 42

    async def work(pool: Pool) -> None:
        values.append(await pool.run(Step(job="a", kind="k", work=half, needs=SMALL, span=(0.5, 1.0), ledger=tmp_path)))
        await asyncio.sleep(0.2)

    assert not on(Place(), work, lambda *event: seen.append(event))
    assert values == [42] and seen == [("a", "half", 0.75)]
    begun, ended = (json.loads(line) for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines())
    assert begun["id"] == ended["id"] and (ended["status"], ended["job"], ended["kind"]) == ("done", "a", "k")


def test_an_answer_that_nobody_could_fetch_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker dies between its answer and the fetching of it: Dask would do the step again, and nobody learn why."""

    async def never(future: Any) -> None:
        await asyncio.sleep(3600)

    def fail(progress: Progress, stop: Stop) -> None:
        raise BuildError("a: no")

    async def work(pool: Pool) -> None:
        with pytest.raises(StepFailed, match="a: no") as found:
            await pool.run(Step(job="a", kind="k", work=fail, needs=SMALL))
        assert found.value.status == "failed" and not pool.client.futures

    monkeypatch.setattr("hardwire.jobs.pool._fetched", never)
    assert not on(Place(), work)


@pytest.mark.parametrize(
    ("error", "words"), [(BuildError("a: no"), "a: no"), (ZeroDivisionError("ours"), "ZeroDivisionError: ours")]
)
def test_what_a_step_raises_is_its_outcome(error: Exception, words: str) -> None:
    caught = []

    def fail(progress: Progress, stop: Stop) -> None:
        raise error

    async def work(pool: Pool) -> None:
        with pytest.raises(StepFailed) as found:
            await pool.run(Step(job="a", kind="k", work=fail, needs=SMALL))
        caught.append((found.value.status, str(found.value)))

    on(Place(), work)
    assert caught == [("failed", words)]


def test_a_tool_that_holds_more_than_its_step_asked_for_is_ended(tmp_path: Path) -> None:
    caught = []
    hungry = tool(tmp_path, "hungry", "import time; held = bytearray(300 << 20); time.sleep(60)")

    async def work(pool: Pool) -> None:
        with pytest.raises(StepFailed) as found:
            await pool.run(Step(job="a", kind="k", work=hungry, needs=Needs(memory=100 << 20)))
        caught.append((found.value.status, str(found.value)))

    on(Place(), work)
    ((status, words),) = caught
    assert status == "over memory" and words.endswith("MiB held, 100 asked for; ask for more memory")
    assert int(words.split(" MiB")[0].rsplit(" ", 1)[1]) > 100


LOCK, NOW, MOST = threading.Lock(), [0], [0]  # of the steps that are at work in this process


def counted(progress: Progress, stop: Stop) -> None:
    with LOCK:
        NOW[0] += 1
        MOST[0] = max(MOST[0], NOW[0])
    time.sleep(0.3)
    with LOCK:
        NOW[0] -= 1


@pytest.mark.parametrize(
    ("needs", "licences", "most"),
    [
        (SMALL, {}, 3),
        (Needs(memory=1 << 30, cores=2), {}, 1),
        (Needs(memory=1 << 30, licences={"vivado": 1}), {"vivado": 2}, 2),
        (Needs(memory=1 << 30, licences={"vivado": 1}), {}, 3),  # nobody counts them
        (Needs(memory=1 << 60), {}, 1),  # all that the machine has
    ],
)
def test_no_more_steps_at_a_time_than_resources_allow(needs: Needs, licences: dict[str, int], most: int) -> None:
    async def work(pool: Pool) -> None:
        await asyncio.gather(*(pool.run(Step(job=str(i), kind="k", work=counted, needs=needs)) for i in range(6)))

    MOST[0] = 0
    on(Place(jobs=3, licences=licences), work, most=needs)
    assert MOST[0] == most


def test_a_cancelled_step_ends_its_tool(tmp_path: Path) -> None:
    slow = tool(tmp_path, "slow", "import os, time; print(os.getpid(), flush=True); time.sleep(600)")

    async def work(pool: Pool) -> None:
        task = asyncio.ensure_future(pool.run(Step(job="a", kind="k", work=slow, needs=SMALL)))
        while not (tmp_path / "slow.log").is_file() or not (tmp_path / "slow.log").read_text().strip():
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        pid = int((tmp_path / "slow.log").read_text())
        while alive(pid):
            await asyncio.sleep(0.05)

    assert not on(Place(), work)


def test_ctrl_c_ends_what_runs(tmp_path: Path) -> None:
    slow = tool(tmp_path, "slow", "import os, time; print(os.getpid(), flush=True); time.sleep(600)")

    async def work(pool: Pool) -> None:
        task = asyncio.ensure_future(pool.run(Step(job="a", kind="k", work=slow, needs=SMALL)))
        while not (tmp_path / "slow.log").is_file() or not (tmp_path / "slow.log").read_text().strip():
            await asyncio.sleep(0.05)
        _thread.interrupt_main()
        await task

    assert on(Place(), work)
    assert not alive(int((tmp_path / "slow.log").read_text()))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def listening() -> list[str]:
    """Addresses on which this process listens, in hexadecimal as the kernel has them."""
    inodes = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            inodes.add(os.readlink(link).removeprefix("socket:[").rstrip("]"))
        except OSError:
            continue
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes]


def test_it_listens_on_loopback_only() -> None:
    before, found = len(listening()), []

    async def work(pool: Pool) -> None:
        found.extend(listening())

    on(Place(), work)
    assert len(found) > before and set(found) == {"0100007F"}


@pytest.mark.parametrize(
    ("system", "lines"),
    [
        ("slurm", ["#SBATCH --cpus-per-task=4", "#SBATCH --mem=5G", "#SBATCH -t 2:00:00", "#SBATCH --qos=long"]),
        ("pbs", ["#PBS -l select=1:ncpus=4:mem=5120MB", "#PBS -l walltime=2:00:00", "#PBS --qos=long"]),
        ("lsf", ["#BSUB -n 4", "#BSUB -W 2:00", "#BSUB --qos=long"]),
        ("sge", ["#$ -l h_rt=2:00:00", "#$ --qos=long"]),
    ],
)
def test_the_script_of_a_batch_system_asks_for_the_largest_step(system: str, lines: list[str]) -> None:
    scripts = []

    async def make() -> None:
        place = Place(on=system, jobs=0, queue="all", directives=("--qos=long",))
        async with batch_system(place, Needs(memory=9 << 29, cores=4, hours=1)) as cluster:
            scripts.append(cluster.job_script())

    asyncio.run(make())
    script = scripts[0].splitlines()
    assert [line for line in lines if line not in script] == [], scripts[0]
    assert (
        "--host 127.0.0.1 --dashboard-address 127.0.0.1:0 --resources cores=4,memory=4831838208" in scripts[0]
        and "--no-nanny" in scripts[0]
    )
    assert "tcp://127.0.0.1:" in scripts[0]


def test_a_place_that_does_not_exist_is_refused() -> None:
    with pytest.raises(
        HardwireError, match=r"--on 'cloud': give local, slurm, pbs, lsf, sge, ssh:HOST,HOST or a sched"
    ):
        Place(on="cloud").check()

    async def work(pool: Pool) -> None:
        raise AssertionError

    with pytest.raises(HardwireError, match=r"--on ssh: names no host; give ssh:HOST,HOST"):
        on(Place(on="ssh:"), work)
    with pytest.raises(HardwireError, match=r"--on tcp://127.0.0.1:1: no scheduler answers there"):
        on(Place(on="tcp://127.0.0.1:1"), work)


def test_needs_are_read_and_refused() -> None:
    assert (
        read_bytes("900 MiB", "x") == 900 << 20
        and read_bytes("4G", "x") == 4 << 30
        and read_bytes("1.5G", "") == 3 << 29
    )
    assert read_needs({"cores": 2, "licences": {"vivado": 1}}, SMALL, "needs.k") == Needs(
        memory=1 << 30, cores=2, licences={"vivado": 1}
    )
    for given, words in (
        ({"memory": "much"}, "needs.k.memory: 'much' is no memory of 1 MiB or more; give 900M or 4G"),
        ({"ram": 1}, "needs.k: {'ram': 1} is not a table of memory, cores, hours and licences"),
        ({"cores": 0}, "needs.k: cores is a whole number from 1"),
        ({"licences": ["vivado"]}, "needs.k: licences is a table of counts"),
    ):
        with pytest.raises(HardwireError) as caught:
            read_needs(given, SMALL, "needs.k")
        assert words in str(caught.value)
