# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Twelve builds swept by a real Slurm, of which a node, a job and the submitting process are killed; then at home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import slurm

from hardwire.sweep.results import Results

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.slurm, pytest.mark.timeout(3600)]

SMALLEST = "columns=2,rows=2,depth=2,terms=2,packed_groups=0,banks=1,divides=1,lane_stages=1,round_stages=1"
GRID = f"""
[[model]]
name = "tiny"
random = "8,4,1,1,1,4,4,12"
boards = ["pynq-z2"]
weights = [2, 3, 4, 5]

[[model]]
name = "other"
random = "8,4,1,1,1,4,4,12"
seed = 1

[[model]]
name = "plans"
random = "8,4,1,1,1,4,4,12"
seed = 2
weights = [2, 3, 4, 5, 6, 8]
until = "build"

[[model]]
name = "huge"
random = "microgpt"
options = ["plan"]

[[option]]
name = "small"
geometry = "{SMALLEST}"

[[option]]
name = "plan"

[grid]
boards = ["kv260"]
weights = [4]
options = ["small"]

[needs.yosys]
memory = "450M"
[needs.quantize]
memory = "450M"
[needs.build]
memory = "450M"
"""
DIGESTS = ("chip_digest", "build_digest", "netlist_digest")
FIGURES = (*DIGESTS, "status", "lut", "ff", "dsp", "bram18", "clock_mhz", "cycles_per_token", "tokens_per_second")


@pytest.fixture(scope="module")
def cluster() -> Iterator[slurm.Slurm]:
    # A step's room and the worker's own beside it.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.running(Path(folder), 3, 1100) as daemons:
        yield daemons


class Run:
    """The sweep's process, and what its workers write down."""

    def __init__(self, folder: Path, environment: dict[str, str], *options: str) -> None:
        self.folder, self.out = folder, folder / "grid"
        words = [sys.executable, "-m", "hardwire", "sweep", "grid.toml", "-o", "grid", *options]
        self.log = (folder / f"{time.time():.0f}.log").open("w")
        self.process = subprocess.Popen(words, cwd=folder, env=environment, stdout=self.log, stderr=self.log)

    def lines(self) -> list[dict[str, Any]]:
        """Of the steps' ledger; the last one may be half written."""
        found = []
        for path in sorted((self.out / "steps").glob("*.jsonl")):
            for text in path.read_text().splitlines():
                try:
                    found.append(json.loads(text))
                except ValueError:
                    continue
        return found

    def at_work(self, kind: str) -> list[dict[str, Any]]:
        """Begun and not ended."""
        lines = self.lines()
        ended = {line["id"] for line in lines if "ended" in line}
        return [line for line in lines if "started" in line and line["kind"] == kind and line["id"] not in ended]

    def until(self, found: Callable[[], Any], seconds: float = 1500) -> Any:
        """Wait until it finds something, while the process runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := found():
                return value
            assert self.process.poll() is None, Path(self.log.name).read_text()
            time.sleep(0.2)
        raise AssertionError(f"not found in {seconds:.0f} s:\n{Path(self.log.name).read_text()}\n{self.lines()}")

    def finished(self) -> int:
        """Yosys runs that came to their end."""
        return sum(line["kind"] == "yosys" and line.get("status") == "done" for line in self.lines())


def table(folder: Path) -> dict[str, Any]:
    results = Results(folder / "results.sqlite")
    try:
        return {row.name: row for row in results.present()}
    finally:
        results.close()


def test_every_row_ends_for_its_reason_and_nothing_is_done_twice(cluster: slurm.Slurm, tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(GRID)
    events: list[tuple[float, str]] = []
    begun = time.monotonic()

    def note(words: str) -> None:
        events.append((time.monotonic() - begun, words))

    def on_slurm() -> Run:
        return Run(tmp_path, cluster.environment, "--on", "slurm", "--jobs", "3")

    def small(run: Run) -> list[dict[str, Any]]:
        return [line for line in run.at_work("yosys") if not line["job"].startswith("huge")]

    run = on_slurm()
    lost = run.until(lambda: small(run))[0]
    node = cluster.jobs()[lost["batch_job"]][1]
    note(f"node {node} dies, with Slurm job {cluster.kill_node(node)} in Yosys of {lost['job']}")
    victim = run.until(lambda: [line for line in small(run) if line["job"] != lost["job"]])[0]
    cluster.call("scancel", victim["batch_job"])
    note(f"Slurm job {victim['batch_job']} is cancelled by hand, in Yosys of {victim['job']}")
    run.until(lambda: run.finished() >= 1 and small(run))
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    note(f"the submitting process is killed, with {run.finished()} builds done")
    before = Counter(line["job"] for line in run.lines() if line["kind"] == "yosys" and line.get("status") == "done")
    end = time.monotonic() + 120  # workers find that nobody wants them any more
    while any(state in ("RUNNING", "COMPLETING") and at != node for state, at in cluster.jobs().values()):
        assert time.monotonic() < end, cluster.jobs()
        cluster.call("scancel", "--state=PENDING", "--user=root")  # it waits for the node that died
        time.sleep(0.5)
    again = on_slurm()
    code = again.process.wait(2400)
    note("the second process is done")
    rows, lines = table(again.out), again.lines()

    for when, words in events:
        print(f"{when:6.0f} s  {words}")
    for row in rows.values():
        print(
            f"{row.name:32} {row.status:12} {row.lut or '':>8} {(row.netlist_digest or '')[:12]:12} {row.reason or ''}"
        )
    assert code == 1 and len(rows) == 12
    huge = rows.pop("huge-w4-kv260-plan")
    assert huge.status == "over memory" and huge.step == "yosys" and "450 asked for; ask for more memory" in huge.reason
    cancelled = rows.pop(victim["job"])
    assert cancelled.status == "cancelled" and f"Slurm job {victim['batch_job']} is CANCELLED" in cancelled.reason
    assert {row.status for row in rows.values()} == {"done"} and lost["job"] in rows
    done = Counter((line["job"], line["kind"]) for line in lines if line.get("status") == "done" and not line["kept"])
    assert set(done.values()) == {1}, done
    assert all(done[job, "yosys"] == 1 for job in [*before, *rows] if not job.startswith("plans"))
    tries = Counter(line["job"] for line in lines if line["kind"] == "yosys" and "started" in line)
    assert tries[victim["job"]] == 1
    assert sum(line.get("status") == "over memory" for line in lines) == 1

    home = tmp_path / "home"
    home.mkdir()
    (home / "grid.toml").write_text(GRID)
    local = Run(home, dict(os.environ), "--jobs", "2")
    assert local.process.wait(2400) == 1, Path(local.log.name).read_text()
    here = table(local.out)
    assert here["huge-w4-kv260-plan"].status == "over memory" and here[victim["job"]].status == "done"
    for name, row in rows.items():
        assert {key: getattr(row, key) for key in FIGURES} == {key: getattr(here[name], key) for key in FIGURES}, name
