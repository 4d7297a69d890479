# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Batches: one broken job, one interrupted, finished ones kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hardwire.errors import BuildError
from hardwire.jobs.needs import Needs
from hardwire.synth.batch import Job, Options, run_batch
from hardwire.synth.project import Project

from .conftest import Make

pytestmark = [pytest.mark.tools, pytest.mark.slow]  # minutes: synthesis, netlists, a route


def unreadable() -> Project:
    raise BuildError("d: no readable manifest.json")


def faulty() -> Project:
    raise ZeroDivisionError("a fault of ours")


@pytest.fixture
def four(make: Make, tmp_path: Path) -> Callable[[], list[Job]]:
    def jobs() -> list[Job]:
        routed, broken = make(), replace(make(), name="broken", top="nothing")
        small = make(board=replace(routed.board, lut=10))
        projects: dict[str, Callable[[], Project]] = {
            "routed": lambda: routed,
            "broken": lambda: broken,
            "small": lambda: small,
            "unreadable": unreadable,
            "faulty": faulty,
        }
        return [Job(name=name, work=tmp_path / name, project=project) for name, project in projects.items()]

    return jobs


def test_one_failure_does_not_stop_the_rest(four: Callable[[], list[Job]]) -> None:
    seen: dict[str, list[tuple[str, float]]] = {}
    table = run_batch(four(), 2, lambda name, stage, share: seen.setdefault(name, []).append((stage, share)))
    rows = {row.name: row for row in table.rows}
    assert list(rows) == ["routed", "broken", "small", "unreadable", "faulty"]
    assert table.failed and not table.interrupted
    done = rows["routed"]
    assert (done.status, done.clock_source, done.error) == ("done", "routed", None)
    assert done.clock_mhz >= 40 and done.tokens_per_second == pytest.approx(done.clock_mhz * 1e4, abs=0.1)
    assert done.resources["bram18"] == 2 and done.budget["bram18"] == 208
    assert done.modules["tiny_pair"]["dsp"] == 1
    assert done.fmax_mhz == done.clock_mhz and done.target_mhz == 40 and done.place_and_route == "nextpnr, seed 1"
    assert done.critical_path["start"] == "u_rom.mem.0.0 (tiny_rom)" and "tiny_pair" in done.critical_path["modules"]
    assert done.critical_path["text"].startswith("u_rom.mem.0.0 (tiny_rom) to ") and Path(done.bitstream).is_file()
    assert done.share["bram18"] == pytest.approx(2 / 208, abs=1e-4) and done.predicted == {}
    assert rows["broken"].status == "failed" and "nothing" in rows["broken"].error
    assert (rows["small"].status, rows["small"].clock_source) == ("over budget", "estimated")
    assert "LUTs of 10; plan fewer lanes, or build for a larger board" in rows["small"].error
    assert rows["small"].resources["dsp"] == 1 and rows["small"].tokens_per_second is None
    assert rows["unreadable"].error == "d: no readable manifest.json"
    assert rows["faulty"].error == "ZeroDivisionError: a fault of ours"
    assert {name: told[-1] for name, told in seen.items()} == {row.name: (row.status, 1.0) for row in table.rows}
    json.dumps([row.as_dict() for row in table.rows])

    again = {row.name: row for row in run_batch(four(), 2).rows}
    assert again["routed"].status == "kept"
    assert replace(again["routed"], status="done") == done
    assert not run_batch(four()[:1]).failed


def test_interrupt_ends_the_tools_and_gives_the_table_and_a_second_run_continues(make: Make, tmp_path: Path) -> None:
    import _thread

    jobs = [Job(name=name, work=tmp_path / name, project=make) for name in ("first", "second")]

    def until_second(name: str, stage: str, share: float) -> None:
        if name == "second" and stage == "coarse":
            _thread.interrupt_main()

    table = run_batch(jobs, 1, until_second, Options(route=False))
    assert [row.status for row in table.rows] == ["done", "stopped"] and table.failed and table.interrupted
    assert table.rows[1].error == "stopped; run it again to continue"
    assert not (tmp_path / "second" / "synth.receipt").exists()
    table = run_batch(jobs, 1, options=Options(route=False))
    assert [row.status for row in table.rows] == ["kept", "done"] and not table.failed


def test_a_step_that_holds_more_than_it_asked_for_is_ended(make: Make, tmp_path: Path) -> None:
    jobs = [Job(name="a", work=tmp_path / "a", project=make)]
    row = run_batch(jobs, options=Options(needs={"yosys": Needs(memory=40 << 20)})).rows[0]
    assert row.status == "over memory" and re.fullmatch(
        r".*/a/synth\.log: \d+ MiB held, 40 asked for; ask for more memory", row.error
    )
    assert not (tmp_path / "a" / "synth.receipt").exists()


def test_the_first_good_seed_ends_the_others(make: Make, tmp_path: Path) -> None:
    project = make(seeds=(1, 2, 3))
    jobs = [Job(name="a", work=tmp_path / "a", project=lambda: project)]
    row = run_batch(jobs, 1).rows[0]
    finished = list((tmp_path / "a").glob("route-?.receipt"))
    assert row.status == "done" and len(finished) == 1
    assert row.place_and_route == f"nextpnr, seed {finished[0].stem[-1]}"
    again = run_batch(jobs, 2).rows[0]
    assert again.status == "kept" and list((tmp_path / "a").glob("route-?.receipt")) == finished


def test_a_missed_clock_and_a_failed_route_keep_what_was_measured(make: Make, tmp_path: Path) -> None:
    fast, pinned = make(clock_mhz=300.0), make(constraints="pins.lpf")
    (fast.root / "pins.lpf").write_text('LOCATE COMP "clk_i" SITE "G2";\nIOBUF PORT "clk_i" IO_TYPE=LVCMOS33;\n')
    told = tmp_path / "recorded"
    jobs = [
        Job(
            name=name,
            work=tmp_path / name,
            project=lambda p=project: p,
            predicted=lambda: {"dsp": 2},
            record=lambda p, row, done, name=name: Path(f"{told}-{name}").write_text(row.status),
        )
        for name, project in (("fast", fast), ("pinned", pinned))
    ]
    slow, failed = run_batch(jobs, 2).rows
    assert (slow.status, slow.bitstream, slow.clock_source, slow.tokens_per_second) == (
        "too slow",
        None,
        "routed",
        None,
    )
    assert 40 < slow.clock_mhz < 300 and slow.critical_path["text"] in slow.error and "put a register" in slow.error
    assert failed.status == "failed" and "correct the pin constraints" in failed.error
    assert failed.resources == slow.resources and failed.predicted["dsp"] == {"predicted": 2, "used": 1, "error": 1.0}
    assert [Path(f"{told}-{job.name}").read_text() for job in jobs] == ["too slow", "failed"]
    taken = run_batch(jobs[:1], 1, options=Options(allow_slow=True)).rows[0]
    assert taken.status == "done" and Path(taken.bitstream).is_file() and taken.clock_mhz == slow.clock_mhz
    assert not run_batch(jobs[1:], 1, options=Options(route=False)).failed


def test_a_pll_gives_the_clock_it_makes(make: Make, tmp_path: Path) -> None:
    row = run_batch([Job(name="a", work=tmp_path / "a", project=lambda: make(fixed_clock=True))]).rows[0]
    assert row.clock_mhz == 40 < row.fmax_mhz and row.tokens_per_second == 400_000
