# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The simulators of a build folder: for everyday use as they were compiled before, for a proof compiled anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..build.folder import Build
from ..chip.model import chip_id
from ..emit.rtl.project import TOP
from ..host.requests import Backend
from ..manifest import SYNTH
from ..progress import Progress
from ..synth.builds import checked_netlist
from .axisim import AxiSim
from .csim import CSim
from .netlistsim import NetlistSim
from .rtlsim import RtlSim
from .serialsim import SerialSim

LOCKED_BITS = 40  # of the line, in which a board's PLL locks and its reset ends


def csim(build: Build) -> CSim:
    """The C-simulation for everyday use; a library that was compiled before is taken as it is."""
    return _compiled_hls(build, build.folder / "hls")


def rtlsim(build: Build) -> RtlSim:
    """The RTL simulation for everyday use; a model that was compiled before is taken as it is."""
    return _compiled_rtl(build, build.folder / "rtl")


def netlistsim(build: Build) -> NetlistSim | SerialSim:
    """The simulation of the synthesized netlist: of the engine, or of a board at its wires.

    A model that was compiled before is taken as it is.
    """
    return _compiled_netlist(build, build.folder / "rtl", build.folder / SYNTH / "sim")


# ---------------------------------------------------------------------------------------------------
# For a proof: only files that the manifest knows, compiled anew in a scratch folder.


@dataclass(frozen=True, kw_only=True)
class Proved:
    """A backend of files that the manifest knows. bit_cycles: of a bit on its line, where it is a board at its wires;
    note: what a receipt says of it."""

    backend: Backend
    close: Callable[[], None]
    bit_cycles: int = 0
    note: str = ""


def fresh_csim(build: Build, scratch: Path, progress: Progress = lambda stage, share: None) -> Proved:
    """The C-simulation."""
    sim = _compiled_hls(build, _copied(build, "hls", scratch))
    return Proved(backend=sim, close=sim.close)


def fresh_rtlsim(build: Build, scratch: Path, progress: Progress = lambda stage, share: None) -> Proved:
    """The RTL simulation."""
    sim = _compiled_rtl(build, _copied(build, "rtl", scratch))
    core = "the HLS core as C++ behind its ports, in the simulated RTL around it; its cycles are Vitis HLS's"
    return Proved(backend=sim, close=sim.close, note=core if build.of_hls else "")


def fresh_netlistsim(build: Build, scratch: Path, progress: Progress = lambda stage, share: None) -> Proved:
    """The simulation of the netlist, which is that of the synthesis receipt: of the engine, or of a board's wires."""
    from ..driver.serial import SerialChip

    sim = _compiled_netlist(build, _copied(build, "rtl", scratch), scratch / "sim", progress)
    luts = f"{build.synthesis.resources['lut']:,} LUTs"
    if isinstance(sim, RtlSim):
        return Proved(backend=sim, close=sim.close, note=luts)
    sim.run(LOCKED_BITS)
    board = SerialChip(sim, chip_id=chip_id(build.manifest.identity))
    note = f"{luts}; a board at its serial line, PLL and UART included"
    return Proved(backend=board, close=sim.close, bit_cycles=sim.made["divisor"], note=note)


def fresh_board(build: Build, scratch: Path, progress: Progress = lambda stage, share: None) -> Proved:
    """The RTL at its AXI4-Lite port, behind the registers that a board has. Raises BuildError for a build without."""
    from ..driver.mmio import MappedChip

    sim = AxiSim(_copied(build, "rtl", scratch), work=scratch / "board")
    sim.compile(progress)
    return Proved(backend=MappedChip(sim, chip_id=build.chip.id), close=sim.close)


FRESH = {"csim": fresh_csim, "rtl": fresh_rtlsim, "netlist": fresh_netlistsim}


def _copied(build: Build, part: str, scratch: Path) -> Path:
    """A project's files, those that the manifest knows and no others."""
    build.require(part)
    parts = (f"{part}/", "hls/") if build.of_hls else (f"{part}/",)
    for name in (name for name in build.manifest.files if name.startswith(parts)):
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(build.folder / name, scratch / name)  # with its mode: one of them is a script
    return scratch / part


def _compiled_hls(build: Build, project: Path) -> CSim:
    build.require("hls")
    sim = CSim(project, build.chip)
    sim.compile()
    return sim


def _compiled_rtl(build: Build, project: Path) -> RtlSim:
    build.require("rtl")
    sim = RtlSim(project, build.chip)
    sim.compile()
    return sim


def _compiled_netlist(
    build: Build, project: Path, work: Path, progress: Progress = lambda stage, share: None
) -> NetlistSim | SerialSim:
    netlist, receipt = checked_netlist(build)
    if receipt.top == TOP:
        sim = NetlistSim(project, netlist, str(receipt.family), work, build.chip)
        sim.compile(progress)
        return sim
    board = SerialSim(project, work=work)
    board.compile(netlist, progress)
    return board
