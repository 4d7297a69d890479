# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A board in simulation, at its serial line: reads and writes bytes like a port, so that drivers cannot tell.

The model is the whole top in Verilator, PLL and UART included. The same C++ drives the RTL and a netlist of it.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

from ..emit.top.serial import read_board, sources
from ..errors import BuildError
from ..progress import Progress
from ..targets.board import load_board
from .netlist import of_flat
from .verilator import Simulation, build, in_folder

SHIM, PREFIX = "serial_sim.cpp", "Vboard"  # the same C++ for the tops of all boards
PATIENCE_BITS = 40  # how long a read waits for its first byte, in bits of the line


class SerialSim:
    """The board of a project that has a board top. ``compile`` first; the library is kept and found again.

    ``clock_error``: how much longer than right the host's bits are; 0.02 is 2 %. ``work``: where it is built, by
    default in the project.
    """

    def __init__(self, folder: Path, *, clock_error: float = 0.0, work: Path | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.work = work or self.folder / "sim"
        self.made = read_board(self.folder)
        self.bit_cycles = self.made["divisor"] * (1 + clock_error)
        self._library: ctypes.CDLL | None = None
        self._handle: ctypes.c_void_p | None = None

    def simulation(self, netlist: Path | None = None) -> Simulation:
        """What Verilator is to make: of the RTL, or of a ``netlist.json`` of it."""
        shim = self.folder / "rtl" / SHIM
        if netlist is not None:
            family = load_board(self.made["board"]).family
            return of_flat(
                netlist, family, self.made["top"], [shim], self.work, library=True, optimize="-O1", prefix=PREFIX
            )
        files = tuple(self.folder / name for name in sources(self.folder))
        return Simulation(self.made["top"], files, (shim,), library=True, prefix=PREFIX)

    def compile(self, netlist: Path | None = None, progress: Progress = lambda stage, share: None) -> Path:
        """Verilate and compile unless the library is there; switch the board on."""
        path = build(self.simulation(netlist), self.work, progress)
        library = self._library = ctypes.CDLL(str(path))
        handle, count = ctypes.c_void_p, ctypes.c_uint32
        library.board_new.restype = handle
        library.board_new.argtypes = [ctypes.c_double, count]
        library.board_send.argtypes = [handle, ctypes.c_char_p, count]
        library.board_level.argtypes = [handle, ctypes.c_int, ctypes.c_double]
        library.board_run.argtypes = [handle, ctypes.c_uint64, count]
        library.board_receive.argtypes = [handle, ctypes.c_char_p, count]
        library.board_button.argtypes = [handle, count]
        library.board_cycle.restype = ctypes.c_uint64
        for name in ("receive", "lights", "errors", "waiting", "unsent"):
            getattr(library, f"board_{name}").restype = count
        for name in ("delete", "lights", "cycle", "errors", "waiting", "unsent"):
            getattr(library, f"board_{name}").argtypes = [handle]
        self.power_up()
        return path

    def power_up(self) -> None:
        """A fresh board: memories empty, ROMs read again; bytes on the way are gone."""
        self.close()
        with in_folder(self.folder):  # the ROM files are named relative to the project
            self._handle = ctypes.c_void_p(self._loaded().board_new(self.bit_cycles, self.made["released"]))

    def close(self) -> None:
        if self._handle is not None:
            self._loaded().board_delete(self._handle)
            self._handle = None

    def _loaded(self) -> ctypes.CDLL:
        if self._library is None:
            raise BuildError(f"{self.folder}: not compiled yet; call compile() first")
        return self._library

    # -- the port ------------------------------------------------------------------------------------

    def write(self, data: bytes) -> int:
        """Put bytes onto the wire; they arrive while the simulation runs, which it does in ``read`` and ``run``."""
        self._loaded().board_send(self._handle, bytes(data), len(data))
        return len(data)

    def read(self, size: int = 1) -> bytes:
        """The bytes that came, ``size`` at most. Waits a little for the first; empty when none came."""
        self.run(PATIENCE_BITS, until=1)
        buffer = ctypes.create_string_buffer(size)
        count = self._loaded().board_receive(self._handle, buffer, size)
        return buffer.raw[:count]

    def now(self) -> float:
        """Simulated seconds since power-up, by the clock that the board would have."""
        return int(self._loaded().board_cycle(self._handle)) / (self.made["clock_mhz"] * 1e6)

    # -- the bench -----------------------------------------------------------------------------------

    def run(self, bits: float, until: int = 0) -> None:
        """Let time pass: so many bits of the line, or until ``until`` bytes wait to be read."""
        self._loaded().board_run(self._handle, int(bits * self.bit_cycles), until)

    def send_all(self) -> None:
        """Run until everything that was written is on the other side."""
        while self._loaded().board_unsent(self._handle):
            self.run(10)
        self.run(10)

    def level(self, level: int, bits: float) -> None:
        """Hold the wire to the board at a level for a time: noise, breaks, pauses."""
        self._loaded().board_level(self._handle, level, bits)

    def press(self, *buttons: int) -> None:
        """Hold these buttons down, and no others."""
        self._loaded().board_button(self._handle, sum(1 << button for button in buttons))

    @property
    def lights(self) -> int:
        return int(self._loaded().board_lights(self._handle))

    @property
    def waiting(self) -> int:
        """Bytes from the board that have not been read."""
        return int(self._loaded().board_waiting(self._handle))

    @property
    def errors(self) -> int:
        """Stop bits of the board that were low."""
        return int(self._loaded().board_errors(self._handle))
