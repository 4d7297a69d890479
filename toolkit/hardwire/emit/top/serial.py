# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An RTL project onto a board with a serial line: its top and pins, a clock, and the line in front of the engine.

<folder>/board/board_pkg.sv    generated: the parameters of the top
               <top>.sv, .lpf  the board's own, as they are in boards/<board>/
               serial_board.sv, ...  what all such boards share, from boards/serial/, and the family's clock
               board.json      what the parameters are, for drivers and tools
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from ...chip.model import chip_id
from ...errors import BoardError, BuildError
from ...host.frames import BAUDS
from ...manifest.projects import BoardTop
from ...targets.board import Board, Serial, board_names, boards_folder, load_board
from ...targets.family import Routing
from ..rtl.choice import joined_board
from ..rtl.loads import packages, threaded_board
from ..rtl.packages import PACKAGES
from ..rtl.project import TOP, best_of, read_meta, rtl_folder
from .host import HOST_CYCLES, META, PACKAGE, Host, check, package

COMMON = ("serial_board.sv",)
SHARED = "serial"  # the folder in boards/ with what boards with a serial line share
LEAST_DIVISOR = 8  # clock cycles per bit: a bit is found within an eighth
MOST_BAUD_ERROR = 0.01  # of what was asked for; the host's clock and the sampling have their part of some 4 % too


@dataclass(frozen=True)
class SerialHost(Host):
    """What is chosen for a board with a serial line. Of the clock, the PLL makes the nearest that is not above it."""

    baud: int | None = None  # None: the fastest of BAUDS that the clock makes

    def rate(self, clock: Fraction) -> int:
        """Bits per second from a clock in MHz."""
        if self.baud is None:
            return next((baud for baud in BAUDS if _makes(clock, baud)), BAUDS[-1])
        return self.baud

    def divisor(self, clock: Fraction) -> int:
        """Cycles per bit of a clock in MHz. Raises BuildError for a rate that it cannot make within 1 %."""
        hertz, baud = clock * 1_000_000, self.rate(clock)
        divisor = round(hertz / baud) if baud > 0 else 0
        if not _makes(clock, baud):
            best = float(hertz / max(divisor, LEAST_DIVISOR))
            raise BuildError(
                f"{baud} baud from {float(clock):g} MHz: a bit takes a whole number of cycles, at least "
                f"{LEAST_DIVISOR}, and may be 1 % off; {best:.0f} baud would do"
            )
        return divisor


def _makes(clock: Fraction, baud: int) -> bool:
    hertz = clock * 1_000_000
    divisor = round(hertz / baud) if baud > 0 else 0
    return divisor >= LEAST_DIVISOR and abs(hertz / divisor - baud) <= baud * MOST_BAUD_ERROR


def require_serial(board: Board) -> tuple[Serial, Routing]:
    """The board's line, and what routes it. Raises BoardError for a board without."""
    routing = board.device_family.routing
    if board.serial is None or routing is None:
        able = [key for key in board_names() if load_board(key).serial is not None]
        raise BoardError(f"{board.key} has no serial line that we know; boards that have are {', '.join(able)}")
    return board.serial, routing


def write_board_top(folder: Path, board: Board, host: SerialHost = SerialHost()) -> BoardTop:
    """Add the board's top to a written RTL project; what is in board.json. Raises BuildError for what cannot be."""
    serial, routing = require_serial(board)
    meta = read_meta(folder)
    if meta["cycles"] is None:
        raise BuildError(f"{folder}: its decoder is an HLS core, which serial boards do not take; build with --ip rtl")
    pll = routing.pll(serial.oscillator_mhz, host.clock_mhz)
    check(meta["parameters"], host)
    board_meta: BoardTop = {
        "board": board.key,
        "top": serial.module,
        "pins": f"board/{serial.pins}",
        "released": serial.released,
        "reset_button": serial.reset_button,
        "clock_sources": [f"board/{name}" for name in (*routing.clock, routing.clock_model)],
        "id": chip_id(meta["chip"]),
        "chip": meta["chip"],
        "pll": {"input": pll.input, "feedback": pll.feedback, "output": pll.output},
        "clock_mhz": float(pll.mhz),
        "divisor": host.divisor(pll.mhz),
        "serial": {**asdict(host), "baud": host.rate(pll.mhz)},
        "cycles_per_token": meta["cycles"]["mean_0_255"] + HOST_CYCLES,
    }
    place = folder / "board"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in (serial.top, serial.pins):
        shutil.copyfile(boards_folder() / board.key / name, place / name)
    for name in (*COMMON, *routing.clock):
        shutil.copyfile(boards_folder() / SHARED / name, place / name)
    if "contents" in meta:
        for around in (place / name for name in COMMON):
            around.write_text(threaded_board(around.read_text()))
    if best_of(meta):
        for around in (place / name for name in COMMON):
            around.write_text(joined_board(around.read_text()))
    shutil.copyfile(rtl_folder() / "cells" / routing.clock_model, place / routing.clock_model)
    note = f"{board_meta['clock_mhz']:g} MHz, {board_meta['serial']['baud']} baud"
    own = {"PllIn": pll.input, "PllFeedback": pll.feedback, "PllOut": pll.output, "Divisor": board_meta["divisor"]}
    (folder / PACKAGE).write_text(package(meta["chip"], host, board_meta["clock_mhz"], note, **own))
    (folder / META).write_text(json.dumps(board_meta, indent=1, sort_keys=True) + "\n")
    return board_meta


def read_board(folder: Path) -> BoardTop:
    """What write_board_top left. Raises BuildError where it is missing, or of another chip than the project's."""
    try:
        board_meta: BoardTop = json.loads((folder / META).read_text())
        same = board_meta["chip"] == read_meta(folder)["chip"]
    except (OSError, ValueError, KeyError) as error:
        raise BuildError(f"{folder}: no board top in it ({error}); write_board_top adds one") from None
    if not same:
        raise BuildError(
            f"{folder / META}: of chip {board_meta['chip'][:12]}, not the project's; write_board_top again"
        )
    return board_meta


def sources(folder: Path) -> tuple[str, ...]:
    """The project's SystemVerilog, packages first, as paths below ``folder``."""
    board_meta = read_board(folder)
    listed = (*packages(folder, PACKAGES), PACKAGE)
    paths = sorted(path.relative_to(folder).as_posix() for path in (folder / "rtl").glob("*.sv"))
    modules = [name for name in paths if name not in listed]
    around = (*(f"board/{name}" for name in COMMON), *board_meta["clock_sources"])
    return (*listed, *modules, f"{TOP}.sv", *around, f"board/{board_meta['top']}.sv")
