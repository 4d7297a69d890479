# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire synth`` of a build for a bitstream, with and without a program that answers to vivado."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hardwire.build.collect import check, collect
from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.cli.main import main
from hardwire.errors import BuildError
from hardwire.manifest import read_manifest
from hardwire.proof.verify import rungs_of
from hardwire.synth.builds import checked_netlist, choose_top, project_of
from hardwire.synth.placed import REPORT
from hardwire.synth.vivado import KEPT, RECEIPT
from hardwire.synth.vivado_reports import read_timing, read_utilization
from hardwire.targets.board import load_board

from . import fake, reports
from .conftest import run

pytestmark = pytest.mark.tools


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called vivado, first on the PATH."""
    path = fake.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    return path


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda **more: monkeypatch.setenv("FAKE_VIVADO", json.dumps(more))


def synth(*arguments: str | Path) -> tuple[Result, dict[str, Any]]:
    result = CliRunner().invoke(main, ["synth", *map(str, arguments), "--json"])
    return result, json.loads(result.stdout)[0]


def test_without_the_tool_it_is_not_run_and_says_what_to_run_where(build: Build) -> None:
    result, row = synth(build.folder)
    assert result.exit_code == 1 and row["status"] == "not run" and row["bitstream"] is None
    said = f"vivado -mode batch -nojournal -nolog -notrace -source {build.folder}/vivado/build.tcl"
    assert said in row["error"] and "Vivado 2020.2 or later is installed (the free edition will do)" in row["error"]
    manifest = read_manifest(build.folder)
    assert manifest.synthesis is None and manifest.tools["vivado"] == "not run"
    with pytest.raises(BuildError, match="has no bitstream"):
        collect(build, build.folder.parent / "out")


def test_a_bitstream_is_made_read_kept_and_collected(build: Build, tool: Path, tmp_path: Path) -> None:
    result, row = synth(build.folder, "--collect", tmp_path / "bitstreams")
    assert result.exit_code == 0 and row["status"] == "done", row["error"]
    assert row["resources"] == {"lut": 41020, "ff": 23456, "dsp": 200, "bram18": 131, "uram": 0}
    assert (row["clock_mhz"], row["clock_source"], row["place_and_route"]) == (100.0, "routed", "Vivado 2024.1")
    assert row["fmax_mhz"] == pytest.approx(1000 / (10 - 0.312), abs=0.01)
    assert row["critical_path"]["logic_ns"] == 3.2 and row["tokens_per_second"] > 0
    folder = tmp_path / "bitstreams" / "pynq-z2" / "build"
    assert {path.name for path in folder.iterdir()} == {"hardwire.bit", "hardwire.hwh", "manifest.json", "model.chip"}
    manifest = check(folder)
    assert manifest.board.part == "xc7z020clg400-1" and manifest.chip.digest == build.chip.digest
    assert manifest.slack_ns == {"setup": 0.312, "hold": 0.021, "pulse": 1.5}
    receipt = read_manifest(build.folder).synthesis
    assert receipt is not None and receipt.tools == {"vivado": "2024.1"}
    assert {Path(name).name for name in receipt.files} == {*KEPT, REPORT}
    stamp = (build.folder / "synth" / "vivado" / "hardwire.bit").stat().st_mtime_ns
    assert synth(build.folder)[1]["status"] == "kept"
    assert (build.folder / "synth" / "vivado" / "hardwire.bit").stat().st_mtime_ns == stamp
    (folder / "hardwire.hwh").write_text("<EDKSYSTEM/>")
    with pytest.raises(BuildError, match=r"hardwire\.hwh: missing, or not what its manifest says"):
        check(folder)


def test_a_changed_bitstream_or_another_version_is_made_again(build: Build, tool: Path, behave: Any) -> None:
    assert synth(build.folder)[1]["status"] == "done"
    bit = build.folder / "synth" / "vivado" / "hardwire.bit"
    whole = bit.read_bytes()
    bit.write_bytes(whole + b"x")
    with pytest.raises(BuildError, match=r"hardwire\.bit: missing, or not the receipt's"):
        collect(open_build(build.folder), build.folder.parent / "out")
    behave(version="2025.1")
    row = synth(build.folder)[1]
    assert (row["status"], row["place_and_route"]) == ("done", "Vivado 2025.1") and bit.read_bytes() == whole


def test_a_build_that_misses_its_time_has_no_bitstream(build: Build, tool: Path, behave: Any, tmp_path: Path) -> None:
    for missed, said, do in (
        ({"setup": -0.4}, "slack -0.4 ns of setup, 0.021 of hold", "build again with --clock 96, or plan fewer lanes"),
        (
            {"hold": -0.1},
            "slack 0.312 ns of setup, -0.1 of hold",
            "a slower clock does not help hold: build again with",
        ),
        ({"pulse": -0.2}, "-0.2 of the pulse", "build again with --clock 96"),
    ):
        behave(**missed)
        result, row = synth(build.folder, "--collect", tmp_path / "bitstreams")
        assert result.exit_code == 1 and row["status"] == "too slow" and row["bitstream"] is None, row
        assert said in row["error"] and do in row["error"]
        assert not (build.folder / "synth" / RECEIPT).exists() and not (tmp_path / "bitstreams").exists()
    receipt = read_manifest(build.folder).synthesis
    assert receipt is not None and receipt.status == "too slow"
    with pytest.raises(BuildError):
        collect(open_build(build.folder), tmp_path / "bitstreams")


def test_a_failure_and_a_crash_are_told_from_each_other(build: Build, tool: Path, behave: Any) -> None:
    for bad, said in (
        ({"fails": "synth_1"}, "synth_1 ended with 'synth_design ERROR'"),
        ({"crashes": "impl_1"}, "Vivado was ended by signal 11"),
        ({"setup": None}, "the processor's clock is not constrained"),
        ({"version": "2018.3"}, "this is Vivado 2018.3; this script needs 2020.2 or later"),
        ({"parts": []}, "this Vivado does not know xc7z020clg400-1"),
    ):
        behave(**bad)
        result, row = synth(build.folder)
        assert result.exit_code == 1 and row["status"] == "failed" and said in row["error"], row
        assert read_manifest(build.folder).synthesis is None
    behave()
    assert synth(build.folder)[1]["status"] == "done"


def test_ctrl_c_ends_vivado_and_the_next_run_begins_again(build: Build, tool: Path, behave: Any) -> None:
    behave(hangs="impl_1")
    command = [sys.executable, "-m", "hardwire", "synth", str(build.folder), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log = build.folder / "synth" / "vivado.log"
    deadline = time.monotonic() + 60
    while not (log.exists() and "place and route" in log.read_text()):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and json.loads(out)[0]["status"] == "stopped", err
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tool) not in left
    behave()
    assert synth(build.folder)[1]["status"] == "done"


def test_a_time_limit_is_kept(build: Build, tool: Path, behave: Any) -> None:
    behave(hangs="synth_1")
    result, row = synth(build.folder, "--timeout", "0.05")
    assert result.exit_code == 1 and "did not end within" in row["error"]


def test_a_run_of_elsewhere_is_judged_and_one_of_other_sources_refused(build: Build, tmp_path: Path) -> None:
    assert run(build.folder)[0] == 0
    result, row = synth(build.folder)
    assert (result.exit_code, row["status"], row["place_and_route"]) == (0, "done", "Vivado 2024.1"), row["error"]
    assert synth(build.folder)[1]["status"] == "kept"
    assert collect(open_build(build.folder), tmp_path / "out").joinpath("hardwire.bit").is_file()
    other = open_build(Path(shutil.copytree(build.folder, tmp_path / "other")))
    (other.folder / "synth" / RECEIPT).unlink()
    result_file = other.folder / "synth" / "vivado" / "result.txt"
    text = result_file.read_text()
    for old, new, said in (
        ("sources ", "sources 0", "made from other sources than the build's"),
        ("part xc7z020clg400-1", "part xc7z010clg400-1", "of xc7z010clg400-1 by Vivado 2024.1, the build is for"),
    ):
        result_file.write_text(text.replace(old, new))
        result, row = synth(other.folder)
        assert result.exit_code == 1 and said in row["error"], row
    result_file.write_text(text)
    (other.folder / "synth" / "vivado" / "hardwire.hwh").unlink()
    assert "hardwire.hwh: missing or empty, though timing is met" in synth(other.folder)[1]["error"]


def test_options_that_vivado_does_not_have_are_refused(build: Build, tool: Path) -> None:
    for option, said in (
        (("--clock", "90"), "--clock and --seed are not for Vivado; the clock is in the build"),
        (("--seed", "3"), "--clock and --seed are not for Vivado"),
        (("--allow-slow",), "--allow-slow: the processor's clock is fixed"),
    ):
        result, row = synth(build.folder, *option)
        assert result.exit_code == 1 and said in row["error"]


def test_yosys_sees_the_engine_and_a_bitstream_is_no_netlist(build: Build, tool: Path) -> None:
    project = project_of(build)
    assert project.top == choose_top(build).module == "hardwire_top"
    assert not any(name.startswith("board/") for name in project.files)
    assert synth(build.folder)[1]["status"] == "done"
    made = open_build(build.folder)
    assert not made.has_netlist and "netlist" not in rungs_of(made)
    with pytest.raises(BuildError, match="has no netlist; run hardwire synth --no-route"):
        checked_netlist(made)


def test_a_build_with_results_may_be_replaced(build: Build, tool: Path) -> None:
    assert synth(build.folder)[1]["status"] == "done"
    again = make_build(build.folder / "model.chip", load_board("pynq-z2"), build.folder, target="rtl")
    assert not (again.folder / "synth").exists() and not (again.folder / "vivado").exists()


def test_reports_that_say_nothing_or_contradict_themselves_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "timing.rpt"
    whole = reports.timing("2024.1", "xc7z020clg400-1", 10.0, 0.3, 0.02, 1.0)
    for text, said in (
        ("There are no user specified timing constraints.\n", "no design timing summary"),
        (whole.replace(" 0.300 ", "    NA "), r"WNS\(ns\) is NA, which is no slack"),
        (whole.replace("All user specified timing constraints are met.", ""), "its summary and its verdict disagree"),
    ):
        path.write_text(text)
        with pytest.raises(BuildError, match=said):
            read_timing(path)
    path.write_text(whole)
    assert read_timing(path).met and not read_timing(path).setup < 0
    path.write_text("| Slice LUTs |  5 | 0 | 0 | 53200 | 0.01 |\n")
    with pytest.raises(BuildError, match="no row for dsp, ff, tile"):
        read_utilization(path)
    with pytest.raises(BuildError, match="No such file"):
        read_utilization(tmp_path / "none.rpt")


MISSED = {
    "2019.1-setup": (-1.238, 0.021, 3.75),
    "2020.2-hold": (0.104, -0.008, 2.458),
    "2021.2-pulse": (0.310, 0.030, -0.155),
    "2022.2-tight": (-11.904, 0.010, 0.458),
    "2023.2-both": (-0.241, -0.012, 0.0),
    "2025.2-setup": (-0.001, 0.010, 1.224),
}
TIMING = Path(__file__).parent / "timing"


@pytest.mark.parametrize("name", MISSED)
def test_reports_that_miss_are_read_in_every_years_form(name: str) -> None:
    timing = read_timing(TIMING / f"{name}.rpt")
    assert (timing.setup, timing.hold, timing.pulse) == MISSED[name] and not timing.met
    assert timing.slowest is not None and timing.slowest.start.endswith("sum_q_reg[3]/C")
    assert timing.slowest.end.endswith("mix_q_reg[7]/D") and timing.slowest.routing_ns > timing.slowest.logic_ns


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2024.1-unconstrained", r"WNS\(ns\) is inf, which is no slack; is a clock constrained\?"),
        ("2025.1-infinite", r"WNS\(ns\) is inf, which is no slack; is a clock constrained\?"),
    ],
)
def test_a_report_without_a_constrained_path_is_no_success_in_any_year(name: str, said: str) -> None:
    with pytest.raises(BuildError, match=said):
        read_timing(TIMING / f"{name}.rpt")


def test_every_fixture_of_a_report_is_read() -> None:
    names = {path.stem for path in TIMING.glob("*.rpt")}
    assert names == {*MISSED, "2024.1-unconstrained", "2025.1-infinite"}
    assert {name[:4] for name in names} == {str(year) for year in range(2019, 2026)}


def test_the_vendors_own_forms_are_read(tmp_path: Path) -> None:
    """Columns as the Vitis tutorials' routed summary has them, utilisation with and without the newer column."""
    path = tmp_path / "r.rpt"
    path.write_text(
        "| Design Timing Summary\n| ---------------------\n-----\n\n"
        "    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)  THS Failing "
        "Endpoints  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints  TPWS Total Endpoints  \n"
        "    -------      -------  ---------------------  -------------------      -------      -------  -------------"
        "--------  -------------------     --------     --------  ----------------------  --------------------  \n"
        "     0.001     0.000                   0             644174        0.000        0.000                      0 "
        "              634958        0.000        0.000                       0                274422  \n\n\n"
        "All user specified timing constraints are met.\n"
    )
    timing = read_timing(path)
    assert (timing.setup, timing.hold, timing.pulse, timing.slowest) == (0.001, 0.0, 0.0, None)
    path.write_text(
        "| CLB LUTs*                  | 1,2 |\n"
        "| CLB LUTs*                  | 40123 |     0 |    117120 | 34.26 |\n"
        "|   LUT as Logic             | 39000 |     0 |    117120 | 33.30 |\n"
        "| CLB Registers              | 50000 |     0 |    234240 | 21.35 |\n"
        "| Block RAM Tile    | 100.5 |     0 |       144 | 69.79 |\n"
        "| URAM              |    12 |     0 |        64 | 18.75 |\n"
        "| DSPs           |   600 |     0 |      1248 | 48.08 |\n"
    )
    assert read_utilization(path) == {"lut": 40123, "ff": 50000, "dsp": 600, "bram18": 201, "uram": 12}
