# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Netlists with block RAMs and multipliers equal the RTL, cycle by cycle, in Verilator."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hardwire.backends.netlist import cells_folder, of_flat, of_netlist
from hardwire.backends.verilator import Simulation, build
from hardwire.errors import BuildError
from hardwire.synth.project import Project, for_board
from hardwire.synth.yosys import Synthesis, synthesize
from hardwire.targets.board import load_board
from hardwire.tools.verilator import lint

from .conftest import BOARDS, HERE, SOURCES, first_difference, run

pytestmark = [pytest.mark.tools, pytest.mark.slow]  # minutes: synthesis, netlists, a route

CYCLES = 20_000
QUICK = "-O0"  # these run for a fraction of the second that optimizing takes
ZOO_SOURCES = ("zoo_rom.sv", "zoo_ram.sv", "zoo_one.sv", "zoo.sv")
ZOO_ROMS = {"rom8.hex": (8, 512), "rom40.hex": (40, 300), "rom2.hex": (2, 8192), "rom1.hex": (1, 65536)}

Get = Callable[[str], tuple[Project, Synthesis]]


@pytest.fixture(scope="session")
def tiny_rtl(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    folder = HERE / "tiny"
    simulation = Simulation(
        top="tiny",
        sources=tuple(folder / name for name in SOURCES),
        shim=(folder / "compare.cpp",),
        parameters=(("File", "weights.hex"),),
        optimize=QUICK,
    )
    return run(build(simulation, tmp_path_factory.mktemp("tiny_rtl")), folder, CYCLES, 7)


@pytest.mark.parametrize("family", ["xc7", "ecp5"])
def test_tiny_netlist_equals_rtl(synthesized: Get, tiny_rtl: list[list[str]], tmp_path: Path, family: str) -> None:
    job, done = synthesized(family)
    assert {"xc7": {"DSP48E1", "RAMB18E1"}, "ecp5": {"MULT18X18D", "DP16KD"}}[family] <= set(done.usage.cells)
    simulation = of_netlist(done, family, job.top, [HERE / "tiny" / "compare.cpp"], optimize=QUICK)
    flat = of_flat(done.netlist_json, family, job.top, [HERE / "tiny" / "compare.cpp"], tmp_path / "f", optimize=QUICK)
    assert not re.search(r"\b(LUT\d|FDRE|CARRY4|TRELLIS_FF) ", (tmp_path / "f" / "flat.sv").read_text())
    for each in (simulation, flat):
        program = build(each, tmp_path)
        # Its weights are inside: it runs where no hex file is.
        got = run(program, tmp_path, CYCLES, 7)
        assert first_difference(tiny_rtl, got) is None
        assert len({tuple(row) for row in got}) > CYCLES // 2
        assert build(each, tmp_path) == program


def test_one_wrong_weight_is_seen(synthesized: Get, tiny_rtl: list[list[str]], tmp_path: Path) -> None:
    job, done = synthesized("ecp5")
    text = done.netlist_verilog.read_text()
    place = re.search(r"INITVAL_04\(320'h([0-9a-f]+)\)", text)
    assert place is not None
    digit = f"{int(place[1][-1], 16) ^ 1:x}"
    planted = replace(done, work=tmp_path)
    planted.netlist_verilog.write_text(text[: place.end(1) - 1] + digit + text[place.end(1) :])
    program = build(of_netlist(planted, "ecp5", job.top, [HERE / "tiny" / "compare.cpp"], optimize=QUICK), tmp_path)
    assert first_difference(tiny_rtl, run(program, tmp_path, CYCLES, 7)) is not None


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """Block RAMs and multipliers of many shapes: the folder, and what the RTL gives."""
    folder = tmp_path_factory.mktemp("zoo") / "src"
    shutil.copytree(HERE / "zoo", folder)
    draw = random.Random(3)
    for name, (width, depth) in ZOO_ROMS.items():
        (folder / name).write_text("".join(f"{draw.getrandbits(width):x}\n" for _ in range(depth)))
    simulation = Simulation(
        top="zoo", sources=tuple(folder / name for name in ZOO_SOURCES), shim=(folder / "compare.cpp",), optimize=QUICK
    )
    return folder, run(build(simulation, folder.parent / "rtl"), folder, CYCLES, 11)


@pytest.mark.parametrize("family", ["xc7", "ecp5"])
def test_cell_models_in_every_shape(zoo: tuple[Path, list[list[str]]], tmp_path: Path, family: str) -> None:
    folder, want = zoo
    job = for_board(
        load_board(BOARDS[family]),
        name="zoo",
        root=folder,
        sources=ZOO_SOURCES,
        top="zoo",
        data=tuple(ZOO_ROMS),
    )
    done = synthesize(job, tmp_path / "w")
    netlist = done.netlist_verilog.read_text()
    shapes = {
        "xc7": ["READ_WIDTH_A(32'd72", 'RAM_EXTENSION_A("UPPER")', 'WRITE_MODE_A("NO_CHANGE")', "RAMB18E1", "DSP48E1"],
        "ecp5": ["DATA_WIDTH_A(32'd36", "DATA_WIDTH_B(32'd18", "DATA_WIDTH_A(32'd2)", 'WRITEMODE_A("WRITETHROUGH")'],
    }[family]
    assert [shape for shape in shapes if shape not in netlist] == []
    shim = [folder / "compare.cpp"]
    flat = of_flat(done.netlist_json, family, "zoo", shim, tmp_path / "flat", optimize=QUICK)
    for each in (of_netlist(done, family, "zoo", shim, optimize=QUICK), flat):
        program = build(each, tmp_path / "sim")
        assert first_difference(want, run(program, tmp_path, CYCLES, 11)) is None
    lanes = list(zip(*want, strict=True))
    assert len(lanes) == 19 and all(len(set(lane)) > 1 for lane in lanes)


UNMODELLED = {
    'DP16KD #(.RESETMODE("ASYNC")) u ();': "DP16KD: a reset mode",
    "DP16KD #(.DATA_WIDTH_A(3)) u ();": "bram_core: no width 3/3",
    'MULT18X18D #(.REG_OUTPUT_CLK("CLK0")) u ();': "MULT18X18D: registers",
    'EHXPLLL #(.FEEDBK_PATH("CLKOS")) u ();': "EHXPLLL: a feedback or an output",
    'RAMB36E1 #(.EN_ECC_READ("TRUE")) u ();': "RAMB36E1: a mode or an error correction",
    'RAMB18E1 #(.RAM_MODE("SDP"), .WRITE_WIDTH_A(18)) u ();': "RAMB18E1: widths that RAM_MODE",
}


@pytest.mark.parametrize("cell", UNMODELLED)
def test_what_is_not_modelled_is_fatal(tmp_path: Path, cell: str) -> None:
    (tmp_path / "top.sv").write_text(f"module top;\n{cell}\nendmodule\n")
    cells = [cells_folder() / name for name in ("bram_core.sv", f"{cell.split(' ')[0]}.sv")]
    with pytest.raises(BuildError, match=re.escape(UNMODELLED[cell])):
        lint("top", [*cells, "top.sv"], tmp_path, tmp_path / "log", ["-Wno-lint"])


@pytest.mark.parametrize("cell", ["bram_core", "DP16KD", "MULT18X18D", "EHXPLLL", "RAMB18E1", "RAMB36E1"])
def test_models_lint_without_a_warning(tmp_path: Path, cell: str) -> None:
    files = ["bram_core.sv"] * (cell not in ("bram_core", "MULT18X18D", "EHXPLLL")) + [f"{cell}.sv"]
    lint(cell, files, cells_folder(), tmp_path / "log")


def test_no_models_for_ultrascale(synthesized: Get) -> None:
    with pytest.raises(BuildError, match="no models for netlists of xcup"):
        of_netlist(synthesized("xcup")[1], "xcup", "tiny", [])


def test_simulation_failures_name_the_tool(tmp_path: Path) -> None:
    (tmp_path / "bad.sv").write_text("module bad; assign x = ; endmodule\n")
    with pytest.raises(BuildError, match="verilator_bin failed: %Error: .*bad.sv:1"):
        build(Simulation(top="bad", sources=(tmp_path / "bad.sv",), shim=()), tmp_path / "w")
