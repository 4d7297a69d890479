# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An RTL project onto a ULX3S: a top with the board's pins, a clock, and a serial line in front of the engine.

<folder>/board/board_pkg.sv    generated: the parameters of the top
               ulx3s_top.sv    the top, as it is in boards/
               ulx3s.lpf       its pins
               EHXPLLL.sv      the PLL for simulation; synthesis sees its pins only
               board.json      what the parameters are, for drivers and tools
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...chip.model import chip_id
from ...errors import BuildError
from ...host.frames import BAUDS
from ...targets.board import boards_folder
from ..rtl.project import TOP, read_meta, rtl_folder
from .host import HOST_CYCLES, META, PACKAGE, Host, check, package

if TYPE_CHECKING:
    pass

BOARD = "ulx3s-85f"
BOARD_TOP = "ulx3s_top"
PINS = "board/ulx3s.lpf"
OSCILLATOR_MHZ = 25
LEAST_DIVISOR = 8  # clock cycles per bit: a bit is found within an eighth
MOST_BAUD_ERROR = 0.01  # of what was asked for; the host's clock and the sampling have their part of some 4 % too


@dataclass(frozen=True)
class Pll:
    """Dividers of an EHXPLLL that is fed back from its output: f = oscillator * feedback / input."""

    input: int
    feedback: int
    output: int

    @property
    def mhz(self) -> Fraction:
        return Fraction(OSCILLATOR_MHZ * self.feedback, self.input)

    @property
    def vco_mhz(self) -> Fraction:
        return self.mhz * self.output


def pll_for(mhz: float) -> Pll:
    """Dividers for the clock nearest to ``mhz`` and not above it; the oscillator of the PLL near its middle, 600 MHz.

    Ranges (ECP5 data sheet FPGA-DS-02012, sysCLOCK PLL timing): output 3.125 to 400 MHz, VCO 400 to 800 MHz, phase
    detector from 3.125 MHz on, dividers 1 to 128. Raises BuildError for a clock outside of them.
    """
    if not 3.125 <= mhz <= 400:
        raise BuildError(f"a clock of {mhz:g} MHz: the PLL of an ECP5 makes 3.125 to 400 MHz; ask for one of these")
    wanted = Fraction(str(mhz))
    found: Pll | None = None
    for divider in range(1, 9):  # 25 / 8 MHz at the phase detector is the least
        feedback = int(wanted * divider / OSCILLATOR_MHZ)
        if not 1 <= feedback <= 128:
            continue
        clock = Fraction(OSCILLATOR_MHZ * feedback, divider)
        outputs = [n for n in range(1, 129) if 400 <= clock * n <= 800]
        if outputs and (found is None or clock > found.mhz):
            found = Pll(divider, feedback, min(outputs, key=lambda n: abs(clock * n - 600)))
    assert found is not None  # 3.125 MHz is among what is tried
    return found


@dataclass(frozen=True)
class Serial(Host):
    """What is chosen for a board with a serial line. Of the clock, the PLL makes the nearest that is not above it."""

    baud: int | None = None  # None: the fastest of BAUDS that the clock makes

    def rate(self) -> int:
        """Bits per second."""
        if self.baud is None:
            return next((baud for baud in BAUDS if self._makes(baud)), BAUDS[-1])
        return self.baud

    def _makes(self, baud: int) -> bool:
        clock = pll_for(self.clock_mhz).mhz * 1_000_000
        divisor = round(clock / baud) if baud > 0 else 0
        return divisor >= LEAST_DIVISOR and abs(clock / divisor - baud) <= baud * MOST_BAUD_ERROR

    def divisor(self) -> int:
        """Clock cycles per bit. Raises BuildError for a rate that the clock cannot make within 1 %."""
        clock, baud = pll_for(self.clock_mhz).mhz * 1_000_000, self.rate()
        divisor = round(clock / baud) if baud > 0 else 0
        if not self._makes(baud):
            best = float(clock / max(divisor, LEAST_DIVISOR))
            raise BuildError(
                f"{baud} baud from {float(clock) / 1e6:g} MHz: a bit takes a whole number of cycles, at least "
                f"{LEAST_DIVISOR}, and may be 1 % off; {best:.0f} baud would do"
            )
        return divisor


def write_board_top(folder: Path, serial: Serial = Serial()) -> dict[str, Any]:
    """Add the board's top to a written RTL project; what is in board.json. Raises BuildError for what cannot be."""
    meta = read_meta(folder)
    values, pll = meta["parameters"], pll_for(serial.clock_mhz)
    check(values, serial)
    made = {
        "board": BOARD,
        "id": chip_id(meta["chip"]),
        "chip": meta["chip"],
        "pll": asdict(pll),
        "clock_mhz": float(pll.mhz),
        "divisor": serial.divisor(),
        "serial": {**asdict(serial), "baud": serial.rate()},
        "cycles_per_token": meta["cycles"]["mean_0_255"] + HOST_CYCLES,
    }
    board = folder / "board"
    shutil.rmtree(board, ignore_errors=True)
    board.mkdir()
    for name in (f"{BOARD_TOP}.sv", "ulx3s.lpf"):
        shutil.copyfile(boards_folder() / BOARD / name, board / name)
    shutil.copyfile(rtl_folder() / "cells" / "EHXPLLL.sv", board / "EHXPLLL.sv")
    note = f"{made['clock_mhz']:g} MHz, {serial.rate()} baud"
    own = {"PllIn": pll.input, "PllFeedback": pll.feedback, "PllOut": pll.output, "Divisor": made["divisor"]}
    (folder / PACKAGE).write_text(package(meta["chip"], values, serial, made["clock_mhz"], note, **own))
    (folder / META).write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    return made


def read_board(folder: Path) -> dict[str, Any]:
    """What write_board_top left. Raises BuildError where it is missing, or of another chip than the project's."""
    try:
        made: dict[str, Any] = json.loads((folder / META).read_text())
        same = made["chip"] == read_meta(folder)["chip"]
    except (OSError, ValueError, KeyError) as error:
        raise BuildError(f"{folder}: no board top in it ({error}); write_board_top adds one") from None
    if not same:
        raise BuildError(f"{folder / META}: of chip {made['chip'][:12]}, not the project's; write_board_top again")
    return made


def sources(folder: Path) -> tuple[str, ...]:
    """The project's SystemVerilog, packages first, as paths below ``folder``."""
    packages = ("rtl/engine_pkg.sv", "rtl/host_pkg.sv", PACKAGE)
    others = sorted(path.relative_to(folder).as_posix() for path in (folder / "rtl").glob("*.sv"))
    modules = [name for name in others if name not in packages]
    return (*packages, *modules, f"{TOP}.sv", "board/EHXPLLL.sv", f"board/{BOARD_TOP}.sv")
