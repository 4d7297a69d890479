# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Netlist simulation: what synthesis made of an RTL project, gates and block RAMs, called like the RTL itself.

The netlist has no parameters and reads no file: its weights are inside. The RTL project beside it says only what its
ports mean.
"""

from __future__ import annotations

from pathlib import Path

from ..chip.model import Chip
from ..emit.rtl.project import TOP
from ..progress import Progress
from ..synth.project import Project
from ..synth.yosys import Synthesis, synthesize
from .netlist import of_flat
from .rtlsim import SHIM, RtlSim
from .verilator import Simulation, build


class NetlistSim(RtlSim):
    """A netlist of a written RTL project as a callable chip. ``compile`` first; the library is kept and found again.

    folder: the RTL project. netlist: its ``netlist.json``. work: where the simulation is built.
    """

    name = "the netlist's simulation"

    def __init__(self, folder: Path, netlist: Path, family: str, work: Path, chip: Chip | None = None) -> None:
        super().__init__(folder, chip)
        self.netlist, self.family, self.work = Path(netlist).resolve(), family, Path(work).resolve()

    @staticmethod
    def write(project: Project, work: Path, progress: Progress = lambda stage, share: None) -> Synthesis:
        """Make the netlist: synthesis, kept where it is finished."""
        return synthesize(project, work, progress)

    def compile(self, progress: Progress = lambda stage, share: None) -> Path:
        """Verilate and compile unless the library of this netlist is there; load it.

        A design of 40,000 LUTs takes minutes. Raises BuildError for a family without models, or with a tool's error.
        """
        library = build(self.simulation(), self.work, progress)
        self._open(library)
        return library

    def simulation(self) -> Simulation:
        """The library to verilate: the netlist, written flat, and the C++ around it."""
        shim = [self.folder / SHIM]
        return of_flat(self.netlist, self.family, TOP, shim, self.work, library=True, optimize="-O1")
