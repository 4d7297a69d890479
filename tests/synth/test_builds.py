# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Builds as synthesis jobs: what is chosen, what a receipt holds, what is refused. No tool is run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.cli.main import main
from hardwire.emit.rtl.packages import PACKAGES
from hardwire.emit.top.host import HOST_CYCLES
from hardwire.errors import BuildError
from hardwire.manifest import read_manifest
from hardwire.proof.plant import plant
from hardwire.proof.verify import rungs_of
from hardwire.synth.builds import checked_netlist, jobs_of, project_of, record
from hardwire.synth.project import SYNTHESIS_TOOLS, tool_versions
from hardwire.synth.resources import Resources, Usage, compare
from hardwire.synth.rows import Row
from hardwire.synth.yosys import Synthesis
from hardwire.targets.board import load_board

from .conftest import mini_build, renewed

TOOLS = tool_versions(SYNTHESIS_TOOLS)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return mini_build(tmp_path_factory.mktemp("mini"))


@pytest.fixture
def build(original: Build, tmp_path: Path) -> Build:
    return open_build(Path(shutil.copytree(original.folder, tmp_path / "build")))


def finished(build: Build, **more: object) -> Row:
    """A receipt as synthesis would leave it, with a netlist of one cell."""
    project, work = project_of(build), build.folder / "synth"
    work.mkdir(exist_ok=True)
    lut = {
        "type": "LUT1",
        "parameters": {"INIT": "01"},
        "attributes": {},
        "port_directions": {"I0": "input", "O": "output"},
        "connections": {"I0": [2], "O": [3]},
    }
    ports = {"logits_o": {"direction": "output", "bits": [3]}}
    module = {"ports": ports, "cells": {"lut": lut}, "netnames": {}}
    (work / "netlist.json").write_text(json.dumps({"modules": {"hardwire_top": module}}))
    (work / "netlist.v").write_text("module hardwire_top; endmodule\n")
    row = Row(name="mini", status="done", resources=Resources(lut=1).as_dict(), family="xc7", **more)  # type: ignore[arg-type]
    digest = project.synthesis_digest(TOOLS)
    record(
        build.folder,
        project,
        row,
        Synthesis(work=work, usage=Usage(Resources(lut=1)), budget={}, seconds=1.0, digest=digest, kept=False),
    )
    return row


@pytest.mark.tools
def test_a_build_is_a_job(build: Build) -> None:
    project = project_of(build, 80.0, (3, 4))
    assert (project.family, project.part, project.top) == ("xc7", "xc7z020clg400-1", "hardwire_top")
    assert (project.clock_mhz, project.seeds, project.fixed_clock) == (80.0, (3, 4), False)
    assert project_of(build).clock_mhz == 100.0
    assert project.sources[0] == "rtl/engine_pkg.sv" and "hardwire_top.sv" in project.sources
    assert "rom/program.hex" in project.data and not any(name.endswith(".cpp") for name in project.files)
    assert project.cycles_per_token == pytest.approx(sum(build.manifest.cycles or ()) / 12, abs=1e-3)
    project.check_files()


@pytest.mark.tools
def test_a_stray_file_is_not_synthesized(build: Build) -> None:
    (build.folder / "rtl" / "rtl" / "mine.sv").write_text("module mine; endmodule\n")
    assert "rtl/mine.sv" not in project_of(open_build(build.folder)).sources


def test_a_boards_own_top_is_chosen_with_its_pins_and_its_clock(tmp_path: Path) -> None:
    build = mini_build(tmp_path, "ulx3s-85f")
    project = project_of(build)
    assert (project.top, project.constraints, project.fixed_clock) == ("ulx3s_top", "board/ulx3s.lpf", True)
    assert (project.family, project.package, project.speed) == ("ecp5", "CABGA381", "6")
    assert project.clock_mhz == pytest.approx(125 / 3, abs=1e-3)
    assert project.sources[:4] == (*PACKAGES, "board/board_pkg.sv")
    assert project.cycles_per_token == pytest.approx(sum(build.manifest.cycles or ()) / 12 + HOST_CYCLES, abs=1e-3)
    assert len(set(project.sources)) == len(project.sources) and "board/EHXPLLL.sv" in project.sources
    with pytest.raises(BuildError, match="PLL of ulx3s_top makes 41.6667 MHz, --clock asks for 60; build again"):
        project_of(build, 60.0)


@pytest.mark.tools
def test_the_receipt_stands_in_the_manifest_and_keeps_its_digest(build: Build) -> None:
    finished(build, tokens_per_second=5.0, clock_mhz=100.0)
    again = open_build(build.folder)
    receipt = again.synthesis
    assert again.manifest.digest == build.manifest.digest
    assert set(receipt.files) == {"synth/netlist.json", "synth/netlist.v"}
    assert (receipt.status, receipt.top, receipt.place_and_route) == ("done", "hardwire_top", "not run")
    assert receipt.tools == TOOLS and receipt.resources["lut"] == 1
    assert again.manifest.resources == receipt.resources and again.manifest.tools["nextpnr"] == "not run"
    assert rungs_of(again) == (*rungs_of(build), "netlist")
    assert checked_netlist(again)[1] == receipt


@pytest.mark.tools
def test_a_netlist_that_is_not_the_receipts_is_refused(build: Build) -> None:
    with pytest.raises(BuildError, match=r"build has no netlist; run hardwire synth .*build"):
        checked_netlist(build)
    with pytest.raises(BuildError, match="has no netlist"):
        plant(build, "netlist", build.folder.parent / "p")
    finished(build)
    netlist = build.folder / "synth" / "netlist.json"
    whole = netlist.read_text()
    netlist.write_text(whole + " ")
    with pytest.raises(BuildError, match=r"netlist\.json: missing, or not the one of the synthesis receipt"):
        checked_netlist(open_build(build.folder))
    netlist.write_text(whole)
    rom = build.folder / "rtl" / "rom" / "weight00.hex"
    rom.write_text(rom.read_text()[::-1].strip() + "\n")
    changed = renewed(Build(build.folder, read_manifest(build.folder), build.chip))
    with pytest.raises(BuildError, match="its netlist is of other RTL than it holds now"):
        checked_netlist(changed)


@pytest.mark.tools
def test_a_planted_gate_changes_one_lut_and_its_receipt(build: Build, tmp_path: Path) -> None:
    finished(build)
    faulty, done = plant(open_build(build.folder), "netlist", tmp_path / "p")
    assert done == "INIT of LUT lut from 01 to 10"
    netlist, _ = checked_netlist(faulty)
    assert json.loads(netlist.read_text())["modules"]["hardwire_top"]["cells"]["lut"]["parameters"]["INIT"] == "10"
    assert "01" in (build.folder / "synth" / "netlist.json").read_text()


@pytest.mark.tools
def test_a_planted_rom_word_is_one_bit(build: Build, tmp_path: Path) -> None:
    finished(build)
    faulty, done = plant(open_build(build.folder), "rom", tmp_path / "p")
    before, after = ((b.folder / "rtl" / "rom" / "weight00.hex").read_text().split() for b in (build, faulty))
    different = [(i, int(a, 16) ^ int(b, 16)) for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert len(different) == 1 and different[0][1].bit_count() == 1
    assert done.startswith(f"word {different[0][0]} of rom/weight00.hex from ")
    assert not (faulty.folder / "synth").exists()  # it was made of other RTL


@pytest.mark.tools
def test_a_synthesized_build_may_be_replaced_but_not_with_a_users_file_in_it(build: Build) -> None:
    finished(build)
    synth = build.folder / "synth"
    for name in ("lock", "synth.log", "route-1.config", "hardwire_top.bit", "src/rtl/engine.sv", "sim/obj-1/a.cpp"):
        (synth / name).parent.mkdir(parents=True, exist_ok=True)
        (synth / name).write_text("")
    for name in ("synth/notes.txt", "synth/src/rtl/mine.sv", "synth/a/b.json"):
        (build.folder / name).parent.mkdir(exist_ok=True)
        (build.folder / name).write_text("mine")
        with pytest.raises(BuildError, match=f"holds {name}, which is not of its build"):
            make_build(build.folder / "model.chip", load_board("pynq-z2"), build.folder, target="rtl")
        (build.folder / name).unlink()
    again = make_build(build.folder / "model.chip", load_board("pynq-z2"), build.folder, target="rtl")
    assert not (build.folder / "synth").exists() and again.manifest.synthesis is None


def test_predictions_are_compared_by_resource() -> None:
    found = compare({"lut": 110, "dsp": 3, "uram": 1, "wires": 7}, {"lut": 100, "dsp": 4, "uram": 0})
    assert found == {
        "lut": {"predicted": 110, "used": 100, "error": 0.1},
        "dsp": {"predicted": 3, "used": 4, "error": -0.25},
        "uram": {"predicted": 1, "used": 0},
    }


def test_a_build_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="is given twice; give each build once"):
        jobs_of([tmp_path / "a", tmp_path / "b", tmp_path / "b" / ".." / "a"])


def test_what_is_no_build_is_that_jobs_failure(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["synth", str(tmp_path / "none"), "--json"])
    row = json.loads(result.stdout)[0]
    assert result.exit_code == 1 and row["status"] == "failed" and "no readable manifest.json" in row["error"]
    assert not (tmp_path / "none").exists()
    usage = CliRunner().invoke(main, ["synth"])
    assert usage.exit_code == 1 and "Missing argument 'BUILDS...'" in usage.stderr
