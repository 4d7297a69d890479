# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The simulators of a build folder: for everyday use as they were compiled before, for a proof compiled anew."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..build.folder import Build
from ..driver.model import Engine
from ..emit.rtl.project import TOP
from ..manifest import SYNTH
from ..progress import Progress
from ..synth.builds import checked_netlist
from .csim import CSim
from .netlistsim import NetlistSim
from .rtlsim import RtlSim
from .serialsim import SerialSim


def csim(build: Build) -> CSim:
    """The C-simulation for everyday use; a library that was compiled before is taken as it is."""
    return _compiled_hls(build, build.folder / "hls")


def fresh_csim(build: Build, scratch: Path) -> CSim:
    """The C-simulation for a proof: only files that the manifest knows, compiled anew in ``scratch``."""
    return _compiled_hls(build, _copied(build, "hls", scratch))


def rtlsim(build: Build) -> RtlSim:
    """The RTL simulation for everyday use; a model that was compiled before is taken as it is."""
    return _compiled_rtl(build, build.folder / "rtl")


def fresh_rtlsim(build: Build, scratch: Path) -> RtlSim:
    """The RTL simulation for a proof, as ``fresh_csim``."""
    return _compiled_rtl(build, _copied(build, "rtl", scratch))


def netlistsim(build: Build) -> NetlistSim | SerialSim:
    """The simulation of the synthesized netlist: of the engine, or of a board at its wires.

    A model that was compiled before is taken as it is.
    """
    return _compiled_netlist(build, build.folder / "rtl", build.folder / SYNTH / "sim")


def fresh_netlistsim(
    build: Build, scratch: Path, progress: Progress = lambda stage, share: None
) -> NetlistSim | SerialSim:
    """The simulation of the netlist for a proof: compiled anew, and the netlist that of the synthesis receipt."""
    return _compiled_netlist(build, _copied(build, "rtl", scratch), scratch / "sim", progress)


def csim_engine(build: Build) -> Engine:
    """The C-simulation as what a language model feeds."""
    sim = csim(build)
    return lambda sampling: lambda token, position: sim.step(token, position, position == 0, sampling)[1]


def rtl_engine(build: Build) -> Engine:
    """The RTL simulation as what a language model feeds."""
    return engine_of(rtlsim(build))


def engine_of(sim: RtlSim) -> Engine:
    """A simulated engine as what a language model feeds."""
    return lambda sampling: lambda token, position: sim.run([token], 1, sampling, clear=position == 0).tokens[0]


def _copied(build: Build, part: str, scratch: Path) -> Path:
    """A project's files, those that the manifest knows and no others."""
    build.require(part)
    parts = (f"{part}/", "hls/") if build.of_hls else (f"{part}/",)
    for name in (name for name in build.manifest["files"] if name.startswith(parts)):
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
    if receipt["top"] == TOP:
        sim = NetlistSim(project, netlist, receipt["family"], work, build.chip)
        sim.compile(progress)
        return sim
    board = SerialSim(project, work=work)
    board.compile(netlist, progress)
    return board
