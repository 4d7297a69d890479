# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The netlist as a simulation: the gates that are routed, by Verilator, behind the same C++ as the RTL.

Models of the cells come from Yosys (registers, LUTs, carries, DSP48E1) and, for the block RAMs, the multiplier and the
PLL that it lacks, from ``rtl/cells``. ``of_netlist`` takes the netlist as Yosys writes it, ``of_flat`` bit by bit
(``flat.py``): equal, and what a large design can afford.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import BuildError, ToolMissing
from ..synth.yosys import Synthesis
from ..targets.families import FAMILIES, family_of
from .flat import flatten
from .verilator import Simulation

# Signals that nothing initialises are zero, as in a configured device; the default computes a value for each.
_ZEROS = ("--x-assign", "fast", "--x-initial", "fast")


def of_netlist(
    synthesis: Synthesis, family: str, top: str, shim: Sequence[Path], cells: Path | None = None, **more: Any
) -> Simulation:
    """The simulation of a synthesized netlist: its top has the RTL's ports, so the RTL's shim drives it."""
    return _of(synthesis.netlist_verilog, family, top, shim, cells, more)


def of_flat(
    netlist: Path, family: str, top: str, shim: Sequence[Path], work: Path, cells: Path | None = None, **more: Any
) -> Simulation:
    """The same of a ``netlist.json``; writes ``work/flat.sv``."""
    work = work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    lines = flatten(json.loads(netlist.read_text()), top)
    (work / "flat.sv").write_text("\n".join(lines) + "\n")
    return _of(work / "flat.sv", family, top, shim, cells, {"flags": _ZEROS, **more})


def _of(
    netlist: Path, family: str, top: str, shim: Sequence[Path], cells: Path | None, more: Mapping[str, Any]
) -> Simulation:
    mapping = family_of(family).yosys
    if mapping.models is None:
        able = [key for key, traits in FAMILIES.items() if traits.simulated]
        raise BuildError(f"there are no models for netlists of {family}; simulate {' or '.join(able)}")
    cells = cells or cells_folder()
    ours = [cells / name for name in mapping.models]
    sources = (*ours, yosys_share() / mapping.share, netlist)
    includes = ((yosys_share() / mapping.share).parent,)
    return Simulation(top=top, sources=sources, shim=tuple(shim), includes=includes, **more)


def cells_folder() -> Path:
    """``rtl/cells``: of the checkout, or of the installed package."""
    spec = importlib.util.find_spec("hardwire.rtl")
    places = list(spec.submodule_search_locations or []) if spec else []
    folders = [Path(place) / "cells" for place in places] + [Path(__file__).resolve().parents[3] / "rtl" / "cells"]
    for folder in folders:
        if (folder / "bram_core.sv").is_file():
            return folder
    raise BuildError(f"no cell models (looked in {', '.join(map(str, folders))}); install hardwire again")


def yosys_share() -> Path:
    """Yosys's data folder, which has the cells' models."""
    spec = importlib.util.find_spec("pyosys")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "share").is_dir():
            return Path(place) / "share"
    raise ToolMissing('Yosys is not installed (looked for the Python package pyosys); pip install "hardwire[synth]"')
