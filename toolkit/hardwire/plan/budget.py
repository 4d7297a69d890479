# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a device has, what of it a plan may use, and what its host takes."""

from __future__ import annotations

from dataclasses import replace

from ..chip.model import Chip
from ..targets.board import Board
from .cost import Cost, axi_cost, axi_memory
from .program import Schedule

MOST_ROWS = 32  # of an engine that is planned
HOST = {"none": {"lut": 3000, "ff": 1700, "bram18": 6}}  # without a processor: the serial line


def resources(cost: Cost, board: Board) -> dict[str, int]:
    """Resources by name that an engine takes, with those that its board's host needs beside it."""
    host = HOST.get(board.processor, {})
    return {name: amount + host.get(name, 0) for name, amount in cost.as_dict().items()}


def bitstream_cost(chip: Chip, program: Schedule, board: Board) -> Cost | None:
    """What a Zynq's bitstream has beside the engine, as ``--target bitstream`` builds it; None without one.

    A plan's budget is the engine's alone. These come on top, and have the rest of the device.
    """
    return axi_cost(chip, program) if board.zynq is not None else None


def beside_host(chip: Chip, board: Board) -> Board:
    """What a bitstream's host leaves of the board: block RAM, as of all else a plan leaves enough."""
    return replace(board, bram18=board.bram18 - axi_memory(chip, MOST_ROWS), zynq=None) if board.zynq else board


def device_of(board: Board) -> dict[str, int]:
    """Resources of the whole device by name: a plan's budget, but with every LUT of it."""
    return budget_of(board) | {"lut": board.lut}


def beyond_device(totals: dict[str, int], board: Board) -> list[str]:
    """What is more than the device has, in words."""
    return [
        f"{NAMES[name]} {totals[name] / most:.0%} of the device ({totals[name]:,} of {most:,})"
        for name, most in device_of(board).items()
        if totals[name] > most
    ]


def budget_of(board: Board) -> dict[str, int]:
    """Resources by name that a plan may use, its host included: LUTs by a share of the device, the others all."""
    return {
        "lut": int(board.lut * board.device_family.planning.lut_budget),
        "dsp": board.dsp,
        "bram18": board.bram18,
        "uram": board.uram,
        **({"ff": board.ff} if board.ff else {}),
    }


NAMES = {"lut": "LUTs", "ff": "registers", "dsp": "multipliers", "bram18": "block RAM", "uram": "URAM"}
