# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Boards: what ``boards/<board>/board.toml`` says, checked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ..errors import BoardError
from .zynq import Zynq, parse_zynq

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BRAM18_BITS = 18_432
URAM_BITS = 294_912


@dataclass(frozen=True)
class Board:
    """One FPGA board. Resource counts are the whole device's."""

    key: str  # folder name, what --board takes
    name: str
    part: str
    family: str  # xc7, xcup or ecp5
    processor: str
    clock_mhz: float  # assumed until a tool reports one
    lut: int
    dsp: int
    bram18: int
    uram: int
    ff: int | None = None
    zynq: Zynq | None = None  # where Vivado can make a bitstream with this board's processor in it

    @property
    def bram_bits(self) -> int:
        return self.bram18 * BRAM18_BITS

    @property
    def uram_bits(self) -> int:
        return self.uram * URAM_BITS


def boards_folder() -> Path:
    """The installed ``hardwire.boards`` package, or the checkout's ``boards/``."""
    return Path(str(resources.files("hardwire.boards")))


def board_names() -> list[str]:
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
            family=data["family"],
            processor=data["processor"],
            clock_mhz=float(data["clock_mhz"]),
            zynq=parse_zynq(data["vivado"], data["part"]) if "vivado" in data else None,
            **data["resources"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BoardError(f"{path}: {type(error).__name__}: {error}; see CONTRIBUTING, 'Add a board'") from None
