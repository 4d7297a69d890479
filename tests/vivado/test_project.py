# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The Vivado project of every board runs to its end in the model, and the handoff says the same as the scripts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from outlines import MICRO

from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.emit.top.axi import sources
from hardwire.emit.top.hwh import hwh_text, write_hwh
from hardwire.emit.top.vivado import braced, read_vivado, write_vivado
from hardwire.errors import BoardError, BuildError
from hardwire.host.registers import REGISTERS, address
from hardwire.plan.geometry import geometry_of
from hardwire.quantize import random_chip
from hardwire.targets.board import load_board
from hardwire.tools.verilator import lint

from .conftest import BOARDS, SMALLEST, Of, run
from .model import Behaviour

pytestmark = pytest.mark.tools

Handoff = dict[str, object]


def read_handoff(root: ElementTree.Element) -> Handoff:
    """What a driver takes from a .hwh: cells, the address, registers and fields, what is wired to the interrupt."""
    cells = {m.get("INSTANCE"): (m.get("FULLNAME"), m.get("VLNV"), m.get("MODTYPE")) for m in root.iter("MODULE")}
    keys = ("INSTANCE", "ADDRESSBLOCK", "BASEVALUE", "HIGHVALUE", "MASTERBUSINTERFACE", "SLAVEBUSINTERFACE", "MEMTYPE")
    registers = {}
    chip = next(module for module in root.iter("MODULE") if module.get("INSTANCE") == "chip")
    for register in chip.iter("REGISTER"):
        about = {p.get("NAME"): p.get("VALUE") for p in register.findall("PROPERTY")}
        fields = {
            field.get("NAME"): {
                p.get("NAME"): p.get("VALUE")
                for p in field.findall("PROPERTY")
                if p.get("NAME") in ("DESCRIPTION", "BIT_OFFSET", "BIT_WIDTH", "ACCESS")
            }
            for field in register.iter("FIELD")
        }
        kept = ("DESCRIPTION", "ADDRESS_OFFSET", "SIZE", "ACCESS")
        registers[register.get("NAME")] = ({name: about[name] for name in kept}, fields)
    nets: dict[str | None, set[tuple[str | None, str | None]]] = {}
    for module in root.iter("MODULE"):
        for port in module.iter("PORT"):
            nets.setdefault(port.get("SIGNAME"), set()).add((module.get("INSTANCE"), port.get("NAME")))
    block = next(chip.iter("ADDRESSBLOCK"))
    return {
        "design": root.find("SYSTEMINFO").get("NAME"),  # type: ignore[union-attr]
        "arch": root.find("SYSTEMINFO").get("ARCH"),  # type: ignore[union-attr]
        "cells": cells,
        "ranges": [tuple(r.get(key) for key in keys) for r in root.iter("MEMRANGE")],
        "block": tuple(block.get(key) for key in ("NAME", "INTERFACE", "RANGE", "USAGE")),
        "registers": registers,
        "interrupt": (nets["chip_irq"], nets["intc_irq"]),
    }


@pytest.mark.parametrize("board", BOARDS)
def test_the_scripts_of_every_board_make_a_bitstream_and_a_handoff(original: Of, board: str, tmp_path: Path) -> None:
    made = original(board)
    code, vivado = run(made.folder)
    assert (code, vivado.violations) == (0, []), vivado.output
    work = made.folder / "synth" / "vivado"
    assert load_board(board).part.encode() in (work / "hardwire.bit").read_bytes()
    real = read_handoff(ElementTree.parse(work / "hardwire.hwh").getroot())
    write_hwh(tmp_path / "hardwire.hwh", load_board(board))
    ours = read_handoff(ElementTree.parse(tmp_path / "hardwire.hwh").getroot())
    assert ours == real


@pytest.mark.parametrize("board", BOARDS)
def test_the_address_is_the_interfaces_and_every_register_is_described(original: Of, board: str) -> None:
    zynq = "zynq" if board.startswith("pynq") else "zynquplus"
    base, port = (0x43C0_0000, "M_AXI_GP0") if zynq == "zynq" else (0xA000_0000, "M_AXI_HPM0_FPD")
    found = read_handoff(ElementTree.fromstring(hwh_text(load_board(board))))
    behind = base + 0x80000
    assert found["ranges"] == [
        ("chip", "registers", f"0x{base:08X}", f"0x{behind - 1:08X}", port, "S_AXI", "REGISTER"),
        ("intc", "Reg", f"0x{behind:08X}", f"0x{behind + 0xFFF:08X}", port, "s_axi", "REGISTER"),
    ]
    line = "IRQ_F2P" if zynq == "zynq" else "pl_ps_irq0"
    assert found["interrupt"] == ({("chip", "irq"), ("intc", "intr")}, {("intc", "irq"), ("ps", line)})
    assert found["arch"] == zynq and found["cells"]["chip"][1] == "hardwire:hardwire:hardwire_chip:1.0"  # type: ignore[index]
    registers = found["registers"]
    assert isinstance(registers, dict) and len(registers) == sum(r.count for r in REGISTERS)
    for register in REGISTERS:
        for index in range(register.count):
            name = register.name if register.count == 1 else f"{register.name}_{index}"
            about, fields = registers[name.upper()]
            assert int(about["ADDRESS_OFFSET"], 16) == address(register.name, index)
            assert {n: (int(f["BIT_OFFSET"]), int(f["BIT_WIDTH"])) for n, f in fields.items()} == {
                f.name.upper(): (f.low, f.bits) for f in register.fields
            }


@pytest.mark.parametrize(("streams", "size"), [(2, 1 << 20), (3, 1 << 21), (4, 1 << 21)])
def test_several_streams_have_a_map_each(streams: int, size: int, tmp_path: Path) -> None:
    """The address of IP and design reaches all of them, the interrupt controller is behind, and the IP elaborates."""
    random_chip(MICRO, seed=0).save(tmp_path / "micro.chip")
    geometry = replace(SMALLEST, minus=True, streams=streams)
    board = load_board("pynq-z2")
    made = make_build(tmp_path / "micro.chip", board, tmp_path / "b", target="bitstream", geometry=geometry)
    code, vivado = run(made.folder)
    assert (code, vivado.violations) == (0, []), vivado.output
    real = read_handoff(ElementTree.parse(made.folder / "synth" / "vivado" / "hardwire.hwh").getroot())
    assert real == read_handoff(ElementTree.fromstring(hwh_text(board, streams)))
    ranges = real["ranges"]
    assert isinstance(ranges, list)
    assert [place[3] for place in ranges] == [f"0x{0x43C0_0000 + size - 1:08X}", f"0x{0x43C0_0000 + size + 0xFFF:08X}"]
    width = size.bit_length() - 1
    assert f"[{width - 1}:0] s_axi_araddr" in (made.folder / "rtl/board/hardwire_chip.v").read_text()
    core = vivado.cores[str(made.folder / "synth" / "vivado" / "ip")]
    assert lint(core.top, core.sources, Path(core.root), tmp_path / "log", ["-DSYNTHESIS"]) == ""


def test_a_build_for_a_bitstream_claims_no_tool_and_knows_its_files(original: Of) -> None:
    made = original("pynq-z2")
    files = set(made.manifest.files)
    assert {"vivado/build.tcl", "vivado/package_ip.tcl", "vivado/hardwire.xdc", "rtl/board/hardwire_chip.v"} <= files
    assert made.manifest.tools["vivado"] == "not run" and made.manifest.target == "bitstream"
    meta = read_vivado(made.folder / "vivado")
    assert meta["not_run"] == ["build.tcl", "package_ip.tcl"] and meta["clock_mhz"] == 100.0
    assert "NOT RUN" in (made.folder / "vivado" / "build.tcl").read_text()


def test_building_twice_gives_the_same_scripts(original: Of, tmp_path: Path) -> None:
    made = original("kv260")
    board = load_board("kv260")
    geometry = geometry_of(made.manifest.plan.geometry or {}, made.folder)
    again = make_build(
        made.folder / "model.chip",
        board,
        tmp_path / "build",
        target="bitstream",
        geometry=geometry,
    )
    assert again.manifest.digest == made.manifest.digest


def test_the_clock_is_the_nearest_that_the_processor_makes(build: Build, tmp_path: Path) -> None:
    chip, geometry = build.folder / "model.chip", geometry_of(build.manifest.plan.geometry or {}, build.folder)
    board = replace(load_board("pynq-z2"), clock_mhz=145.0)
    made = make_build(chip, board, tmp_path / "b", target="bitstream", geometry=geometry)
    assert made.manifest.plan.clock_mhz == 142.857
    assert "ClockKhz = 32'h" + f"{142857:08x}" in (made.folder / "rtl/board/board_pkg.sv").read_text()
    assert "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ {142.857}" in (made.folder / "vivado/build.tcl").read_text()
    code, vivado = run(made.folder)
    assert code == 0 and "period_ns 7.000" in (made.folder / "synth/vivado/result.txt").read_text(), vivado.output


def test_the_top_in_the_ip_names_its_roms_in_full(build: Build) -> None:
    assert run(build.folder)[0] == 0
    text = (build.folder / "synth/vivado/ip/src/hardwire_top.sv").read_text()
    assert f'.Folder("{build.folder / "rtl" / "rom"}/")' in text
    assert '.Folder("rom/")' in (build.folder / "rtl" / "hardwire_top.sv").read_text()


def test_the_ip_is_whole_and_its_parts_come_in_order(build: Build, tmp_path: Path) -> None:
    """Another tool elaborates the IP from the files that were packaged alone, in their order."""
    code, vivado = run(build.folder)
    assert code == 0
    core = vivado.cores[str(build.folder / "synth" / "vivado" / "ip")]
    assert lint(core.top, core.sources, Path(core.root), tmp_path / "log", ["-Wno-lint", "-DSYNTHESIS"]) == ""


def test_what_is_not_met_is_no_success(build: Build) -> None:
    for behaviour, said in (
        (Behaviour(setup=-0.123), "timing is not met: slack -0.123 ns of setup, 0.021 ns of hold"),
        (Behaviour(hold=-0.05), "timing is not met: slack 0.312 ns of setup, -0.050 ns of hold"),
        (Behaviour(setup=None), "the processor's clock is not constrained"),
        (Behaviour(fails="synth_1"), "synth_1 ended with 'synth_design ERROR'"),
        (Behaviour(fails="impl_1"), "impl_1 ended with 'route_design ERROR'"),
        (Behaviour(version="2019.1"), "this is Vivado 2019.1; this script needs 2020.2 or later"),
        (Behaviour(parts=()), "this Vivado does not know xc7z020clg400-1"),
    ):
        code, vivado = run(build.folder, behaviour)
        assert code == 1 and any(said in line for line in vivado.output), (said, vivado.output)
        assert not (build.folder / "synth" / "vivado" / "hardwire.bit").exists()


def test_a_board_without_a_processor_and_a_clock_that_none_makes_are_refused(build: Build, tmp_path: Path) -> None:
    chip = str(build.folder / "model.chip")
    with pytest.raises(BoardError, match=r"ulx3s-85f: no bitstream flow .* is for kv260, pynq-z1, pynq-z2"):
        make_build(Path(chip), load_board("ulx3s-85f"), tmp_path / "b", target="bitstream")
    with pytest.raises(BoardError, match="a clock of 900 MHz: the processor's PLL makes 0.25 to 500 MHz"):
        make_build(Path(chip), replace(load_board("pynq-z2"), clock_mhz=900), tmp_path / "b", target="bitstream")
    assert not (tmp_path / "b").exists()


def test_a_project_of_another_clock_or_with_a_missing_file_is_not_written(build: Build, tmp_path: Path) -> None:
    rtl, board = build.folder / "rtl", load_board("pynq-z2")
    with pytest.raises(BuildError, match="its registers tell 100 MHz, the board is asked for 50"):
        write_vivado(tmp_path / "v", rtl, replace(board, clock_mhz=50.0))
    (rtl / "board" / "axi_lite.sv").unlink()
    with pytest.raises(BuildError, match=r"axi_lite\.sv is missing; write the RTL project again"):
        write_vivado(tmp_path / "v", rtl, board)
    with pytest.raises(BuildError, match="no Vivado project"):
        read_vivado(tmp_path)


def test_words_of_tcl_keep_their_meaning() -> None:
    import tkinter

    tcl = tkinter.Tcl()
    for text in ("plain", "a b", '$x [exit] ; # `q` "w"', "{nested {braces}}", "two\nlines"):
        assert tcl.eval(f"set v {braced(text)}") == text
    for text in ("}{", "{", "a\\", "é"):
        with pytest.raises(BuildError, match="cannot stand in a Tcl script"):
            braced(text)


def test_vivado_json_says_where_the_project_is_from(original: Of) -> None:
    made = original("rfsoc4x2")
    meta = json.loads((made.folder / "vivado" / "vivado.json").read_text())
    assert (meta["part"], meta["vivado"]["edition"]) == ("xczu48dr-ffvg1517-2-e", "licence")
    assert meta["base"] == 0xA000_0000 and meta["chip"] == made.chip.digest


@pytest.mark.parametrize(("key", "options"), [("pynq-z2", {"reprintable": True}), ("kv260", {})], ids=["all", "uram"])
def test_builds_whose_memories_are_written(tmp_path: Path, key: str, options: dict[str, bool]) -> None:
    """All that they have more is in the project, packages before what uses them; the handoff is as ever."""
    random_chip(MICRO, seed=0).save(tmp_path / "micro.chip")
    geometry = replace(SMALLEST, minus=True, uram=0 if options else 2)
    made = make_build(
        tmp_path / "micro.chip", load_board(key), tmp_path / "b", target="bitstream", geometry=geometry, **options
    )
    code, vivado = run(made.folder)
    assert (code, vivado.violations) == (0, []), vivado.output
    names = [Path(name).name for name in sources(made.folder / "rtl")]
    assert names.index("load_pkg.sv") < names.index("contents_loader.sv")
    assert "loading_registers.sv" in names and ("written_rom.sv" in names) == bool(options)
    assert "host_registers.sv" in names and ("rom.sv" in names) != bool(options)
