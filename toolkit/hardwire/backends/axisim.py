# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The chip in simulation, at its AXI4-Lite port: words are read and written as a processor would.

Time passes while something is read or written, and in ``run``: a processor that is away leaves the chip alone. Several
threads may use one chip: accesses follow each other.
"""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path

from ..emit.rtl.around_hls import core_of
from ..emit.rtl.project import read_meta
from ..emit.top.axi import AXI_TOP, SHIM, read_axi, sources
from ..errors import BuildError, LinkError
from ..progress import Progress
from .verilator import Simulation, build, in_folder, load

ALL_BYTES = 0b1111  # write strobes


class AxiSim:
    """The chip of a project that has an AXI top. ``compile`` first; the library is kept and found again.

    ``away``: cycles that the processor takes between two accesses; a Zynq's loads of device memory take some 20.
    ``contents``: a project of the same Verilog whose ROM files are read instead, as ``hardwire.plant`` makes one.
    """

    def __init__(self, folder: Path, *, away: int = 16, work: Path | None = None, contents: Path | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.work = work or self.folder / "sim"
        self.contents = Path(contents).resolve() if contents is not None else self.folder
        self.axi, self.meta = read_axi(self.folder), read_meta(self.folder)
        self.away = away
        self.reads = self.writes = 0  # since power-up
        self._library: ctypes.CDLL | None = None
        self._handle: ctypes.c_void_p | None = None
        self._one = threading.RLock()  # a chip has one bus

    def simulation(self) -> Simulation:
        """The library to verilate: top, RTL files of the build and the C++ around them."""
        files = tuple(self.folder / name for name in sources(self.folder))
        core = core_of(self.folder, self.meta)
        shim = (self.folder / "board" / SHIM, *core.cpp)
        return Simulation(
            top=AXI_TOP,
            sources=(*files, *core.verilog),
            shim=shim,
            library=True,
            includes=core.headers,
            stamp=core.stamp,
        )

    def compile(self, progress: Progress = lambda stage, share: None) -> Path:
        """Verilate and compile unless the library is there; switch the chip on."""
        path = build(self.simulation(), self.work, progress)
        library = self._library = load(path, private="core" in self.meta)
        handle, word = ctypes.c_void_p, ctypes.c_uint32
        library.chip_new.restype = handle
        library.chip_cycle.restype = ctypes.c_uint64
        library.chip_irq.restype = word
        for name in ("delete", "cycle", "irq", "reset"):
            getattr(library, f"chip_{name}").argtypes = [handle]
        for name in ("run", "await"):
            getattr(library, f"chip_{name}").argtypes = [handle, ctypes.c_uint64]
        library.chip_read.argtypes = [handle, word, ctypes.POINTER(word)]
        library.chip_write.argtypes = [handle, word, word, word]
        self.power_up()
        return path

    def power_up(self) -> None:
        """A fresh chip: memories empty, ROMs read again."""
        self.close()
        with in_folder(self.contents):  # the ROM files are named relative to the project
            self._handle = ctypes.c_void_p(self._loaded().chip_new())
        self.reads = self.writes = 0

    def reset(self) -> None:
        """The reset line of the bus: registers begin anew, memories stay."""
        self._loaded().chip_reset(self._handle)

    def close(self) -> None:
        if self._handle is not None:
            self._loaded().chip_delete(self._handle)
            self._handle = None

    def _loaded(self) -> ctypes.CDLL:
        if self._library is None:
            raise BuildError(f"{self.folder}: not compiled yet; call compile() first")
        return self._library

    # -- the bus -------------------------------------------------------------------------------------

    def read(self, address: int) -> int:
        """The word at a byte address. Raises LinkError where the port does not answer as it should."""
        word = ctypes.c_uint32()
        with self._one:
            self.run(self.away)
            self._checked("read", address, self._loaded().chip_read(self._handle, address, ctypes.byref(word)))
            self.reads += 1
        return word.value

    def write(self, address: int, word: int, strobe: int = ALL_BYTES) -> None:
        """Write a word, or those of its bytes that ``strobe`` has. Raises LinkError as ``read``."""
        with self._one:
            self.run(self.away)
            self._checked("write", address, self._loaded().chip_write(self._handle, address, word & 0xFFFFFFFF, strobe))
            self.writes += 1

    def _checked(self, access: str, address: int, outcome: int) -> None:
        if outcome:
            symptom = "no handshake" if outcome == 1 else f"the response {outcome - 2}"
            raise LinkError(f"AXI {access} of {address:#07x}: {symptom}; the simulated port is broken")

    # -- the bench -----------------------------------------------------------------------------------

    def run(self, cycles: int) -> None:
        """Run so many clock cycles."""
        with self._one:
            self._loaded().chip_run(self._handle, cycles)

    def await_irq(self, cycles: int) -> bool:
        """Let time pass until the interrupt is high, or so many cycles; whether it is."""
        with self._one:
            self._loaded().chip_await(self._handle, cycles)
            return self.irq

    @property
    def irq(self) -> bool:
        return bool(self._loaded().chip_irq(self._handle))

    @property
    def cycle(self) -> int:
        """Clock cycles since power-up."""
        return int(self._loaded().chip_cycle(self._handle))

    def now(self) -> float:
        """Simulated seconds since power-up, by the clock that the board would have."""
        return self.cycle / (float(self.axi["clock_mhz"]) * 1e6)
