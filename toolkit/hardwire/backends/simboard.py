# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A board with PYNQ in simulation: a device for the real pynq package, whose FPGA is the simulated RTL.

board = SimBoard(AxiSim(build / "rtl"), base=0x43C0_0000)
overlay = pynq.Overlay("hardwire.bit", device=board)      # parses the .hwh, sets the clocks, powers the chip up
overlay.chip.read(0)                                      # one AXI4-Lite transaction of the RTL

pynq's Overlay, MMIO, register maps, Clocks and Interrupt are used as they are; only what they reach is ours. Of its
code one function is replaced: the one that looks for a UIO device in /proc/interrupts and /sys.
"""

from __future__ import annotations

import shutil
import threading
import warnings
from pathlib import Path
from typing import Any

import pynq.interrupt
from pynq.pl_server.device import Device
from pynq.ps import Clocks
from pynqmetadata import Module
from pynqmetadata.frontends import Metadata

from ..build.folder import Build, open_build
from ..driver.bundle import for_board
from ..driver.model import LanguageModel
from ..driver.overlay import open_board
from ..emit.rtl.project import read_meta
from ..emit.top.axi import read_axi
from ..emit.top.hwh import write_hwh
from ..emit.top.vivado import require_zynq
from ..errors import BuildError, LinkError
from ..files import sha256
from ..host.registers import aperture
from ..manifest import MANIFEST, BundleManifest, write_manifest
from ..targets.board import load_board
from ..targets.zynq import DESIGN, INTC_RANGE
from .axisim import AxiSim
from .simclocks import CLOCKS
from .simintc import AxiIntc, Uio

try:
    from pynq.metadata.runtime_metadata_parser import RuntimeMetadataParser  # 3.1
except ImportError:
    from pynqmetadata.views.runtime import RuntimeMetadataParser  # 4.0

WORD = 4
SIMULATED = "simulated"  # of a build: what a simulated board leaves
_FIRST = 0x9A11  # of the priorities that pynq orders kinds of devices by: behind all that are boards
ARCHITECTURES = {"zynq-7000": "armv7l", "zynq-ultrascale+": "aarch64"}
RAW_IRQS = {"zynq-7000": 61, "zynq-ultrascale+": 121}  # of the first line from the fabric, as pynq counts
MOMENT = 500  # cycles that pass at once while somebody waits for the interrupt


class SimBoard(Device):  # type: ignore[misc]  # pynq has no types
    """A device of pynq. ``base``: where the block design has the chip; ``processor``: as in board.toml; ``pll_mhz``:
    what the fabric's clock is divided from.

    Downloading a bitstream powers the simulated chip up, whatever is in the file: the .hwh beside it is what counts.
    """

    _probe_priority_ = _FIRST
    capabilities = {"REGISTER_RW": True}

    def __init__(
        self,
        sim: AxiSim,
        base: int,
        processor: str = "zynq-7000",
        name: str = "simulated board",
        pll_mhz: float = 1000.0,
    ) -> None:
        super().__init__(f"hardwire:{sim.folder}")
        self.sim, self.base, self.name = sim, base, name
        self.arch, self.raw_irq = ARCHITECTURES[processor], RAW_IRQS[processor]
        self.range = aperture(sim.meta["parameters"]["Streams"])  # bytes of its registers
        self.downloads = 0
        self.clocks = CLOCKS[processor](pll_mhz)
        self._dark: int | None = None  # without a bitstream: what every register of the fabric reads
        self._one = threading.RLock()  # a chip has one bus
        self.intc = AxiIntc(lambda: self.sim.irq)
        self._uio: Uio | None = None
        self.sim.compile()

    @classmethod
    def _probe_(cls) -> list[Device]:
        """None that pynq would find by itself."""
        return []

    # -- what pynq asks for --------------------------------------------------------------------------

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> RuntimeMetadataParser:
        hwh = Path(bitfile_name).with_suffix(".hwh")
        if partial or not hwh.is_file():
            raise BuildError(f"{hwh}: no hardware handoff beside the bitstream; take both files of one build")
        if hasattr(Clocks, "_real_instance"):  # pynq keeps the clocks of the first device that it saw
            del Clocks._real_instance
        module: Module = Metadata(input=str(hwh))
        return RuntimeMetadataParser(module)

    def download(self, bitstream: Any, parser: Any = None) -> None:
        with self._one:
            self._dark = None
            self.sim.power_up()
            self.intc = AxiIntc(lambda: self.sim.irq)
            self.downloads += 1
            self.clocks.fastest = self.clocks.mhz()
            self._activate()
        super().post_download(bitstream, parser, self.name)

    def _activate(self) -> None:
        """Be the device that pynq makes interrupts of, unless there is a real one."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "No devices found", UserWarning)  # that is what is asked
            try:
                active = Device.active_device
            except RuntimeError:  # pynq's word for no device at all
                active = None
        if active is None or isinstance(active, SimBoard):
            Device.active_device = self

    def read_registers(self, address: int, length: int) -> bytes:
        with self._one:
            return b"".join(self._read(at).to_bytes(WORD, "little") for at in range(address, address + length, WORD))

    def write_registers(self, address: int, data: bytes) -> None:
        words = bytes(data)
        with self._one:
            for place in range(0, len(words), WORD):
                self._write(address + place, int.from_bytes(words[place : place + WORD], "little"))

    # -- where it leads ------------------------------------------------------------------------------

    def _offset(self, address: int) -> int:
        """From the chip's first register; the interrupt controller's come behind the chip's last."""
        if address % WORD:
            raise LinkError(f"address {address:#x}: device memory is read and written in aligned words")
        return address - self.base

    def _read(self, address: int) -> int:
        offset = self._offset(address)
        if self._dark is not None and 0 <= offset < self.range + INTC_RANGE:
            return self._dark
        if 0 <= offset < self.range:
            return self.sim.read(offset)
        return self.intc.read(offset - self.range) if self._of_intc(offset) else self.clocks.read(address)

    def _write(self, address: int, word: int) -> None:
        offset = self._offset(address)
        if self._dark is not None and 0 <= offset < self.range + INTC_RANGE:
            return
        if 0 <= offset < self.range:
            self.sim.write(offset, word)
        elif self._of_intc(offset):
            self.intc.write(offset - self.range, word)
        else:
            self.clocks.write(address, word)
        if self._uio is not None:
            self._uio.poke()

    def _of_intc(self, offset: int) -> bool:
        return self.range <= offset < self.range + INTC_RANGE

    def _interrupt(self) -> bool:
        """Let a moment pass in which the interrupt may come; whether it is there."""
        with self._one:
            if self._dark is not None:
                return False
            if self.intc.listens and not self.intc.output:
                self.sim.await_irq(MOMENT)
            return self.intc.output

    @property
    def uio(self) -> Uio:
        """The UIO device of the first line from the fabric."""
        if self._uio is None:
            self._uio = Uio(self._interrupt)
        return self._uio

    def close(self) -> None:
        """End the interrupt's thread."""
        if self._uio is not None:
            self._uio.close()
            self._uio = None

    # -- the bench -----------------------------------------------------------------------------------

    def run(self, cycles: int) -> None:
        """Let the chip's time pass."""
        with self._one:
            self.sim.run(cycles)

    def lose_power(self, reads: int = 0) -> None:
        """The fabric loses its bitstream, or gets another program's: every register reads the same until the next."""
        with self._one:
            self._dark = reads

    def begin_anew(self) -> None:
        """The fabric is reset, or loaded with the same bitstream, and nobody told the program that uses it."""
        with self._one:
            self.sim.power_up()
            self.intc = AxiIntc(lambda: self.sim.irq)

    def clock_mhz(self, index: int = 0) -> float:
        """What the processor's registers make PL clock ``index``."""
        return self.clocks.mhz(index)


_found_by_kernel = pynq.interrupt.get_uio_irq


def _uio_of(irq: int) -> Any:
    """The path of an interrupt's UIO device: a simulated board's own, or what the kernel has."""
    device = vars(Device).get("_active_device")
    if not isinstance(device, SimBoard):
        return _found_by_kernel(irq)
    return device.uio.path if irq == device.raw_irq else None


pynq.interrupt.get_uio_irq = _uio_of

# ---------------------------------------------------------------------------------------------------
# A build on it.


def simulated_bundle(build: Build) -> Path:
    """A folder in the build as ``hardwire synth --collect`` writes one, for a simulated board.

    The handoff is that of the block design. The bitstream is a line that says that there is none. Raises BuildError
    for a build without an AXI top, BoardError for a board without a Zynq.
    """
    board = load_board(build.manifest.board.key)
    read_axi(build.folder / "rtl")
    folder = build.folder / SIMULATED / build.folder.resolve().name
    folder.mkdir(parents=True, exist_ok=True)
    streams = read_meta(build.folder / "rtl")["parameters"]["Streams"]
    write_hwh(folder / f"{DESIGN}.hwh", board, streams)
    (folder / f"{DESIGN}.bit").write_text("No bitstream: the simulated RTL stands in for it.\n")
    shutil.copyfile(build.folder / "model.chip", folder / "model.chip")
    manifest = BundleManifest(
        board=build.manifest.board,
        chip=build.manifest.chip,
        cycles=build.manifest.cycles,
        plan=build.manifest.plan,
        build=build.manifest.digest,
        geometry=build.manifest.plan.geometry,
        pour=build.manifest.plan.pour,
        clock_mhz=read_axi(build.folder / "rtl")["clock_mhz"],
        bitstream="none: simulated",
        files={path.name: sha256(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST},
        nulls=frozenset({"cycles", "geometry"}),
    )
    write_manifest(folder, manifest.sealed())
    return folder


def simulated_board(build: Build) -> SimBoard:
    """The board of a build, simulated: what ``device=`` of ``hardwire.load`` takes."""
    board = load_board(build.manifest.board.key)
    facts = require_zynq(board)
    sim = AxiSim(build.folder / "rtl", work=build.folder / SIMULATED / "rtl")
    return SimBoard(sim, facts.base, board.processor, f"simulated {board.key}", facts.pll_mhz[0])


def open_simulated(folder: Path) -> LanguageModel:
    """The model of a build on a simulated board, through the driver that runs on real ones."""
    build = open_build(folder)
    return open_board(for_board(simulated_bundle(build), None), simulated_board(build))
