# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The chip as an AXI4-Lite slave, for boards with a processor: an RTL project gets a top that a block design takes.

<folder>/board/board_pkg.sv      parameters of the registers; the only generated file
               axi_lite.sv       AXI4-Lite to the register bus
               hardwire_axi.sv   bus, registers, engine
               hardwire_chip.v   the same in Verilog, ports named as AXI names them; several streams widen its address
               board.json        what this is
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from ...chip.model import chip_id
from ...errors import BuildError
from ...host.registers import ADDRESS_BITS, aperture
from ...manifest.projects import AxiTop
from ...targets.board import boards_folder
from ..rtl.choice import joined_board
from ..rtl.loads import packages, threaded_board
from ..rtl.packages import PACKAGES
from ..rtl.project import TOP, best_of, read_meta
from .host import HOST_CYCLES, META, PACKAGE, Host, check, package

AXI_TOP = "hardwire_chip"
FOLDER = "zynq"  # of boards/: the same for all of them
BOARD = "hardwire_axi.sv"
FILES = ("axi_lite.sv", BOARD, f"{AXI_TOP}.v")
SHIM = "axi_sim.cpp"


def write_axi_top(folder: Path, host: Host = Host()) -> AxiTop:
    """Add the AXI top to a written RTL project; what is in board.json. Raises BuildError for what cannot be."""
    meta = read_meta(folder)
    check(meta["parameters"], host)
    board_meta: AxiTop = {
        "board": FOLDER,
        "top": AXI_TOP,
        "id": chip_id(meta["chip"]),
        "chip": meta["chip"],
        "clock_mhz": host.clock_mhz,
        "host": asdict(host),
        "cycles_per_token": meta["cycles"]["mean_0_255"] + HOST_CYCLES if meta["cycles"] else None,
    }
    shutil.rmtree(folder / "board", ignore_errors=True)
    (folder / "board").mkdir()
    for name in (*FILES, SHIM):
        shutil.copyfile(boards_folder() / FOLDER / name, folder / "board" / name)
    if (streams := meta["parameters"]["Streams"]) > 1:
        _widen(folder / "board" / f"{AXI_TOP}.v", streams)
    if "contents" in meta:
        around = folder / "board" / BOARD
        around.write_text(threaded_board(around.read_text()))
    if best_of(meta):
        around = folder / "board" / BOARD
        around.write_text(joined_board(around.read_text()))
    note = f"AXI4-Lite, {host.clock_mhz:g} MHz"
    (folder / PACKAGE).write_text(package(meta["chip"], host, host.clock_mhz, note))
    (folder / META).write_text(json.dumps(board_meta, indent=1, sort_keys=True) + "\n")
    return board_meta


def _widen(chip: Path, streams: int) -> None:
    """An address that reaches the maps of all streams. Verilog reads no package, so its width is written out."""
    text, bits = chip.read_text(), aperture(streams).bit_length() - 1
    wide = text.replace(f"wire [{ADDRESS_BITS - 1}:0]", f"wire [{bits - 1}:0]")
    if wide == text:
        raise BuildError(f"{chip}: no address of {ADDRESS_BITS} bits in it; the installation is damaged, install again")
    chip.write_text(wide)


def read_axi(folder: Path) -> AxiTop:
    """What write_axi_top left. Raises BuildError where it is missing, or of another chip than the project's."""
    try:
        board_meta: AxiTop = json.loads((folder / META).read_text())
        same, top = board_meta["chip"] == read_meta(folder)["chip"], board_meta.get("top")
    except (OSError, ValueError, KeyError) as error:
        raise BuildError(f"{folder}: no AXI top in it ({error}); write_axi_top adds one") from None
    if top != AXI_TOP or not same:
        raise BuildError(f"{folder / META}: of another board or chip than the project's; write_axi_top again")
    return board_meta


def sources(folder: Path) -> tuple[str, ...]:
    """The project's SystemVerilog and Verilog, packages first, as paths below ``folder``."""
    listed = (*packages(folder, PACKAGES), PACKAGE)
    paths = sorted(path.relative_to(folder).as_posix() for path in (folder / "rtl").glob("*.sv"))
    return (
        *listed,
        *(name for name in paths if name not in listed),
        f"{TOP}.sv",
        *(f"board/{name}" for name in FILES),
    )
