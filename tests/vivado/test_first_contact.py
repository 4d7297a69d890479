# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What an audit by public evidence expects of a first build in a real Vivado; docs/first-board.md says which row."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardwire.build.folder import Build, open_build
from hardwire.emit.rtl.roms import hex_lines
from hardwire.emit.top.vivado import read_vivado
from hardwire.manifest import read_manifest
from hardwire.synth.vitis import slow_loops
from hardwire.targets.board import load_board
from hardwire.targets.zynq import BUS, CHIP, DESIGN, INTC, PS, RESET

from .catalog import RESERVED
from .conftest import BOARDS, Of, run
from .hierarchy import unreached
from .model import Behaviour
from .test_failures import behave, tool  # noqa: F401
from .test_synth import synth
from .vitis import summary

pytestmark = pytest.mark.tools
PACK, BUILD = "vivado/package_ip.tcl", "vivado/build.tcl"
KEEP = "    set_property source_mgmt_mode None [current_project]\n"


def change(build: Build, name: str, *pairs: tuple[str, str]) -> None:
    path = build.folder / name
    text = path.read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)


def packaged(vivado: Any, build: Build) -> list[str]:
    core = vivado.cores[str(build.folder / "synth" / "vivado" / "ip")]
    return [path.name for path in core.sources]


# -- B1: files that the packager drops ------------------------------------------------------------------


def test_the_model_drops_what_only_generate_blocks_reach(build: Build) -> None:
    files = [build.folder / "rtl" / name for name in _listed(build)]
    dropped = {path.name for path in unreached(files, "hardwire_chip")}
    assert {"renorm.sv", "lane_packed.sv", "window.sv", "soft_cap.sv", "trace.sv"} <= dropped
    assert not dropped & {"engine_pkg.sv", "host_pkg.sv", "board_pkg.sv", "engine.sv", "axi_lite.sv"}


def _listed(build: Build) -> list[str]:
    text = (build.folder / PACK).read_text().partition("set rtl_sources {")[2].partition("}")[0]
    return [*text.split(), "hardwire_top.sv"]


@pytest.mark.parametrize("board", BOARDS)
def test_every_file_is_packaged_in_its_order(original: Of, board: str) -> None:
    made = original(board)
    code, vivado = run(made.folder)
    assert code == 0 and packaged(vivado, made) == [Path(name).name for name in _listed(made)]
    assert not any("19-3833" in line for line in vivado.output)


def test_what_the_packager_leaves_out_all_the_same_is_added(build: Build) -> None:
    code, vivado = run(build.folder, Behaviour(drops=("renorm.sv", "host_pkg.sv")))
    assert code == 0 and packaged(vivado, build) == [Path(name).name for name in _listed(build)]
    assert any("the packager left out host_pkg.sv, renorm.sv; they are added" in line for line in vivado.output)
    change(build, PACK, (KEEP, ""))
    code, vivado = run(build.folder)
    assert code == 0 and packaged(vivado, build) == [Path(name).name for name in _listed(build)]
    assert any("19-3833" in line for line in vivado.output)


def test_without_either_a_module_is_not_found(build: Build) -> None:
    change(build, PACK, (KEEP, ""), ("    hw_complete_sources $core [file join $work ip] $paths\n", ""))
    code, vivado = run(build.folder)
    assert code == 1 and "[Synth 8-439] module '" in "\n".join(vivado.output)


# -- B2: wait_on_run throws --------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2021.2", "2025.1"])
@pytest.mark.parametrize("failing", ["synth_1", "impl_1"])
def test_a_failed_run_is_quoted_whether_waiting_throws_or_not(build: Build, version: str, failing: str) -> None:
    code, vivado = run(build.folder, Behaviour(version=version, fails=failing))
    said = next(line for line in vivado.output if line.startswith("ERROR: [hardwire]"))
    assert code == 1 and f"the model was told to fail in {failing} (see " in said and "runme.log)" in said
    assert ("wait_on_runs" in "".join(vivado.violations)) == (version == "2025.1")


# -- B4: a ROM that is not found ----------------------------------------------------------------------

LOST = ('list $mark ".Folder(\\"$folder/\\")"', "list $mark $mark")
PROMOTED = ("    set_msg_config -id {Synth 8-4445} -new_severity ERROR\n", "")
SEARCHED = ("    hw_check_log $log\n", "")


def test_a_rom_that_is_not_found_is_an_error_and_not_a_chip_of_zeros(build: Build) -> None:
    change(build, PACK, LOST)
    for pairs, code in (([], 1), ([PROMOTED], 1), ([PROMOTED, SEARCHED], 0)):
        for pair in pairs[-1:]:
            change(build, PACK if pair is PROMOTED else BUILD, pair)
        found, vivado = run(build.folder)
        assert found == code, "a chip of zeros" if code else "the model lets it pass, as Vivado does"
        if code:
            assert any("ERROR: [hardwire]" in line and "8-4445" in line for line in vivado.output)


# -- C ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [1, 4, 5, 8, 13, 17, 24, 31, 64, 65])
def test_words_of_a_rom_are_no_wider_than_its_memory(bits: int) -> None:
    """A digit more than the memory's bits is what the parser of 2026.1 refuses."""
    top = (1 << min(bits, 62)) - 1
    values = np.array([[0], [1], [top]], np.int64)
    lines = hex_lines((values, min(bits, 62)), (np.zeros((3, 1), np.int64), bits - min(bits, 62)))
    assert {len(line) for line in lines} == {-(-bits // 4)}
    assert [int(line, 16) for line in lines] == [0, 1, top] and all(int(line, 16) < 1 << bits for line in lines)


def test_no_name_of_the_design_is_a_reserved_word() -> None:
    assert not {DESIGN, PS, RESET, BUS, INTC, CHIP} & RESERVED and "bus" in RESERVED


def test_a_user_whose_language_is_vhdl_gets_the_same_design(build: Build) -> None:
    code, vivado = run(build.folder, Behaviour(language="VHDL"))
    assert code == 0 and not vivado.violations
    assert list((build.folder / "synth/vivado/project").rglob("hardwire_wrapper.v"))
    verilog = ("    set_property target_language Verilog [current_project]\n", "")
    change(build, PACK, verilog)
    assert run(build.folder, Behaviour(language="VHDL"))[0] == 0, "its names stand in VHDL too"
    change(build, BUILD, (" axi]", " bus]"), (" axi/", " bus/"))
    code, vivado = run(build.folder, Behaviour(language="VHDL"))
    assert code == 1 and any('Syntax error near "bus", a reserved word' in line for line in vivado.output)


@pytest.mark.parametrize("board", ["pynq-z2", "kv260"])
def test_without_an_axi_interconnect_there_is_a_smartconnect(original: Of, board: str, tmp_path: Path) -> None:
    made = open_build(Path(shutil.copytree(original(board).folder, tmp_path / "b")))
    code, vivado = run(made.folder, Behaviour(lacks=("axi_interconnect",)))
    assert code == 0 and not vivado.violations, vivado.output
    assert 'VLNV="xilinx.com:ip:smartconnect:1.0"' in (made.folder / "synth/vivado/hardwire.hwh").read_text()
    code, vivado = run(made.folder, Behaviour(lacks=("axi_interconnect", "smartconnect")))
    assert code == 1 and any("the IP catalog of this Vivado has no smartconnect" in line for line in vivado.output)


def test_the_kria_needs_a_version_that_knows_it(original: Of, tmp_path: Path) -> None:
    made = original("kv260")
    assert read_vivado(made.folder / "vivado")["vivado"]["since"] == "2021.1"
    copied = Path(shutil.copytree(made.folder, tmp_path / "b"))
    code, vivado = run(copied, Behaviour(version="2020.2"))
    assert code == 1 and any(
        "this is Vivado 2020.2; this script needs 2021.1 or later" in line for line in vivado.output
    )


def test_more_block_ram_than_planned_is_a_warning(build: Build, tool: Path, behave: Any) -> None:  # noqa: F811
    planned = (read_manifest(build.folder).plan.resources or {})["bram18"]
    used = {"lut": 41020, "ff": 23456, "dsp": 200, "bram18": planned, "uram": 0}
    behave(used=used)
    assert synth(build.folder)[1]["warnings"] == []
    behave(used=used | {"bram18": planned + 4}, version="2024.2")
    (said,) = synth(build.folder)[1]["warnings"]
    assert said.startswith(
        f"{planned + 4} block RAMs of 18 Kbit for {planned} planned: a table of two ports (rom_pair)"
    )


SINGLE = """\
        * Loop:
        +----------+---------+---------+----------+-----------+-----------+------+----------+
        |          |  Latency (cycles) | Iteration|  Initiation Interval  | Trip |          |
        | Loop Name|   min   |   max   |  Latency |  achieved |   target  | Count| Pipelined|
        +----------+---------+---------+----------+-----------+-----------+------+----------+
        |- KEYS    |      260|      260|         8|          2|          1|   128|       yes|
        |- VALUES  |      136|      136|         8|          1|          1|   128|       yes|
        |- OUTER   |     5000|     5000|       500|          -|          -|    10|        no|
        +----------+---------+---------+----------+-----------+-----------+------+----------+
"""


def test_a_loop_that_starts_less_often_than_asked_is_a_warning(tmp_path: Path) -> None:
    assert slow_loops(tmp_path) == []
    folder = tmp_path / "vitis" / "hardwire_chip_core_prj" / "solution1" / "syn" / "report"
    folder.mkdir(parents=True)
    (folder / "decode_csynth.rpt").write_text(SINGLE)
    assert slow_loops(tmp_path) == [
        "HLS: KEYS starts every 2 cycles, not 1: slower than its report expected (csynth.rpt)"
    ]
    (folder / "csynth.rpt").write_text(summary("II", 2))
    assert slow_loops(tmp_path) == ["HLS: KEYS starts every 2 cycles: slower than its report expected (csynth.rpt)"]
    (folder / "csynth.rpt").write_text(summary("-", 1))
    assert slow_loops(tmp_path) == []


# -- A1, in the build -----------------------------------------------------------------------------------


def test_a_build_keeps_what_the_processors_ip_made_of_the_clock(build: Build, tool: Path, behave: Any) -> None:  # noqa: F811
    behave()
    assert synth(build.folder)[1]["status"] == "done"
    found = open_build(build.folder).synthesis.processor or {}
    assert found["PCW_IO_IO_PLL_FREQMHZ"] == "1600.000" and found["PCW_FCLK0_PERIPHERAL_DIVISOR0"] == "4"
    assert "hardwire: PCW_IO_IO_PLL_FREQMHZ is 1600.000" in (build.folder / "synth/vivado.log").read_text()


def test_a_build_that_was_timed_at_another_clock_is_refused(build: Build, tool: Path, behave: Any) -> None:  # noqa: F811
    behave(made_mhz=93.75)
    said = synth(build.folder)[1]["error"]
    assert "timed it at 93.747 MHz, which its processor's IP made of the 100 that the build is for" in said
    assert "build again for another clock with --clock" in said


def test_every_board_says_where_its_facts_are_from() -> None:
    for name in BOARDS:
        zynq = load_board(name).zynq
        assert zynq is not None
        for key, text in zynq.sources:
            assert "selects the IOPLL" not in text, f"{name}: {key}: pynq's selection does nothing"


# -- the page ---------------------------------------------------------------------------------------------


def test_every_row_of_the_page_names_tests_that_are_there() -> None:
    tests = Path(__file__).parents[1]
    page = (tests.parent / "docs" / "first-board.md").read_text()
    table = page.partition("## The audit")[2].partition("Not held by")[0]
    code = "\n".join(
        path.read_text() for folder in ("vivado", "driver", "axi") for path in (tests / folder).glob("*.py")
    )
    rows = [line for line in table.splitlines() if line.startswith(("| A", "| B", "| C"))]
    assert [row[2:4].strip() for row in rows] == ["A1", "A2", "B1", "B2", "B3", "B4", *["C"] * 7]
    for row in rows:
        named = re.findall(r"`(?:test_|…)(\w+)…`", row.split("|")[4])
        assert named and all(f"{name}" in code for name in named), row
        for path in re.findall(r"`(tests/[\w/]+\.py)`", row):
            assert (tests.parent / path).is_file(), path
