# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Synthesis for three families: what is counted, what is refused, what is not done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest

from hardwire.errors import BuildError, ToolMissing
from hardwire.synth.project import Project
from hardwire.synth.resources import Resources
from hardwire.synth.yosys import Synthesis, exclusive, synthesize
from hardwire.tools import process
from hardwire.tools.process import OutOfTime, Stop, Stopped

from .conftest import HERE, Make

pytestmark = [pytest.mark.tools, pytest.mark.slow]  # minutes: synthesis, netlists, a route

Get = Callable[[str], tuple[Project, Synthesis]]


@pytest.mark.parametrize("family", ["xc7", "xcup", "ecp5"])
def test_resources_and_modules(synthesized: Get, family: str) -> None:
    job, done = synthesized(family)
    used, modules = done.usage.total, done.usage.modules
    assert (used.dsp, used.bram18, used.bram36, used.uram) == (1, 2, 0, 0)
    assert 40 <= used.lut <= 150 and 60 <= used.ff <= 90 and used.carry > 10
    for field in fields(Resources):  # nothing is lost between the modules
        assert sum(getattr(part, field.name) for part in modules.values()) == getattr(used, field.name)
    # Registers of the accumulators, the multiplier and the memories are where they were written.
    assert (modules["tiny_pair"].ff, modules["tiny_pair"].dsp) == (48, 1)
    assert modules["tiny_rom"].bram18 == modules["tiny_ram"].bram18 == 1
    assert max(modules, key=lambda name: modules[name].lut) == "tiny_pair"
    assert not done.over and done.budget["lut"] == job.board.lut
    assert done.netlist_verilog.stat().st_size > 10_000


def test_progress_and_log(make: Make, tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    done = synthesize(make(), tmp_path / "w", lambda stage, share: seen.append((stage, share)))
    shares = [share for _, share in seen]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert {"read", "map_luts", "write", "coarse: CHECK"} <= {stage for stage, _ in seen}
    assert "Executing SLANG frontend" in (tmp_path / "w" / "synth.log").read_text()
    again: list[str] = []
    kept = synthesize(make(), tmp_path / "w", lambda stage, share: again.append(stage))
    assert kept.kept and not done.kept and again == ["synthesis"]
    assert replace(kept, kept=False) == done


def test_changed_and_damaged_are_made_again(make: Make, tmp_path: Path) -> None:
    work = tmp_path / "w"
    job = make(clock_mhz=20.0)
    synthesize(job, work)
    assert synthesize(replace(job, clock_mhz=30.0), work).kept  # the clock is the route's
    (work / "netlist.v").write_text("")
    assert not synthesize(job, work).kept
    (job.root / "weights.hex").write_text("11\n" * 256)
    assert not synthesize(job, work).kept


def test_missing_hex_file_is_refused(make: Make, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"none\.hex is missing"):
        synthesize(make(data=("none.hex",)), tmp_path / "w")
    # Named by the source but not by the job: there, yet out of the digest's sight.
    with pytest.raises(BuildError, match=r"failed to open file 'weights\.hex'"):
        synthesize(make(data=()), tmp_path / "w")


BROKEN = {
    "always @* if (valid_i) valid_o = keep_i;": "loop|latch",
    "logic z; assign valid_o = z & valid_i;": r"z is used but has no driver",
    "assign valid_o = valid_i; assign valid_o = keep_i;": "driver",
    "missing u_missing (.a(valid_i), .b(valid_o));": "unknown module 'missing'",
    "assign valid_o = valid_i": "tiny.sv:6: ERROR: expected ';'",
}


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("family", ["xc7", "ecp5"])
def test_broken_sources_are_refused(make: Make, tmp_path: Path, family: str, body: str) -> None:
    job = make("pynq-z2" if family == "xc7" else "ulx3s-85f", sources=("tiny.sv",), data=(), parameters=())
    ports = "input logic clk_i, input logic valid_i, input logic keep_i, output logic valid_o"
    (job.root / "tiny.sv").write_text(f"module tiny (\n\n\n{ports}\n);\n{body}\nendmodule\n")
    with pytest.raises(BuildError, match=BROKEN[body]) as caught:
        synthesize(job, tmp_path / "w")
    assert not (tmp_path / "w" / "synth.receipt").exists()
    assert str(tmp_path / "w" / "synth.log") in str(caught.value)


def test_over_budget_is_a_result(make: Make, tmp_path: Path) -> None:
    job = make()
    small = replace(job, board=replace(job.board, lut=20, dsp=0))
    done = synthesize(small, tmp_path / "w")
    assert done.over == [f"{done.usage.total.lut} LUTs of 20", "1 multipliers of 0"]


def test_stopped_and_out_of_time(make: Make, tmp_path: Path) -> None:
    stop = Stop()
    with pytest.raises(Stopped, match="run it again to continue"):
        synthesize(make("pynq-z2"), tmp_path / "w", lambda stage, share: stop.stop(), stop=stop)
    with pytest.raises(Stopped):
        synthesize(make("pynq-z2"), tmp_path / "w", stop=stop)
    with pytest.raises(OutOfTime, match="did not end within 0 s; allow more with --timeout"):
        synthesize(make("pynq-z2"), tmp_path / "w", timeout=0.3)


def test_killed_run_leaves_nothing_behind_and_resumes(make: Make, tmp_path: Path) -> None:
    job, work = make("pynq-z2"), tmp_path / "w"
    script = (
        f"import sys; sys.path.insert(0, {str(HERE.parent)!r})\n"
        "from pathlib import Path; from synth.conftest import tiny_job; from hardwire.synth.yosys import synthesize\n"
        f"synthesize(tiny_job(Path({str(job.root)!r}), 'pynq-z2'), Path({str(work)!r}),"
        " lambda stage, share: print(stage, flush=True))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    for line in running.stdout:
        if line.startswith("prepare"):
            break
    with pytest.raises(BuildError, match="another run is at work"), exclusive(work):
        pass
    running.send_signal(signal.SIGKILL)
    running.wait()
    for _ in range(100):  # the tool must end with the process that started it
        if not [p for p in Path("/proc").glob("[0-9]*") if _works_in(p, work)]:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the tool outlived the run that was killed")
    assert not (work / "synth.receipt").exists()
    assert not synthesize(job, work).kept
    assert synthesize(job, work).kept


def _works_in(process: Path, work: Path) -> bool:
    try:
        return Path(os.readlink(process / "cwd")).is_relative_to(work)
    except OSError:
        return False


def test_missing_tool_is_named(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolMissing, match=r'Python package pyosys\); pip install "hardwire\[synth\]"'):
        synthesize(make(), tmp_path / "w")
