# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Boards: what ``boards/<board>/board.toml`` says, checked."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ..errors import BoardError
from .families import family_of
from .family import Family
from .zynq import Zynq, parse_zynq

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BRAM18_BITS = 18_432
URAM_BITS = 294_912


@dataclass(frozen=True, kw_only=True)
class Serial:
    """What a board with a serial line brings: its top, its pins, and what the top's clock is made of."""

    top: str  # its SystemVerilog, and its module's name with .sv behind; ports as boards/serial says
    pins: str  # constraints of the router
    oscillator_mhz: float  # what the top's clk_i is
    released: int = 0  # levels of button_i when none is pressed
    reset_button: int = 0  # which of them holds the chip in reset

    @property
    def module(self) -> str:
        """The name of the top's module."""
        return self.top.removesuffix(".sv")


@dataclass(frozen=True, kw_only=True)
class Board:
    """One FPGA board. Resource counts are the whole device's."""

    key: str  # folder name, what --board takes
    name: str
    part: str
    family: str  # a key of families.py
    processor: str
    clock_mhz: float  # asked for
    lut: int
    dsp: int
    bram18: int
    uram: int
    ff: int | None = None
    zynq: Zynq | None = None  # where Vivado can make a bitstream with this board's processor in it
    serial: Serial | None = None  # where open tools make a bitstream with a serial line in front of the engine
    stages: tuple[tuple[str, int], ...] = ()  # of a plan's geometry, in place of its family's for the clock

    @property
    def device_family(self) -> Family:
        """The device family's facts: fabric, planning, routing, and whether HLS knows it."""
        return family_of(self.family)

    @property
    def bram_bits(self) -> int:
        """Bits that the device's block RAMs hold."""
        return self.bram18 * BRAM18_BITS

    @property
    def uram_bits(self) -> int:
        """Bits that the device's URAMs hold."""
        return self.uram * URAM_BITS


def boards_folder() -> Path:
    """The installed ``hardwire.boards`` package, or the checkout's ``boards/``."""
    return Path(str(resources.files("hardwire.boards")))


def board_names() -> list[str]:
    """The keys of all boards, sorted: what ``--board`` and ``load_board`` take."""
    return sorted(f.parent.name for f in boards_folder().glob("*/board.toml"))


def load_board(key: str) -> Board:
    """The board of that name. Raises BoardError for an unknown name or a faulty file."""
    if key not in board_names():
        raise BoardError(f"no board {key!r}; known are {', '.join(board_names())}")
    path = boards_folder() / key / "board.toml"
    try:
        data = tomllib.loads(path.read_text())
        return Board(
            key=key,
            name=data["name"],
            part=data["part"],
            family=family_of(data["family"]).key,
            processor=data["processor"],
            clock_mhz=float(data["clock_mhz"]),
            zynq=parse_zynq(data["vivado"], data["part"]) if "vivado" in data else None,
            serial=_serial(data["serial"]) if "serial" in data else None,
            **data["resources"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BoardError(f"{path}: {type(error).__name__}: {error}; see CONTRIBUTING, 'Add a board'") from None


def _serial(table: dict[str, object]) -> Serial:
    """The [serial] table. Raises ValueError for names that would leave the board's folder."""
    serial = Serial(**table)  # type: ignore[arg-type]
    for name in (serial.top, serial.pins):
        if not re.fullmatch(r"\w+\.(sv|lpf)", str(name)):
            raise ValueError(f"{name!r} must be a file's name in the board's folder, of letters, digits and _")
    return serial
