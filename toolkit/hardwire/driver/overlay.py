# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip on a board with PYNQ: the overlay is loaded, the IP found, its registers mapped. pynq 3.0 to 4.0.

pynq is imported when a board is opened, not before. All that is used of it: Overlay(bitfile, download=, device=) with
ip_dict, clock_dict, interrupt_pins, device and download(); MMIO(base, length, device) with read, write and array;
Clocks with fclk0_mhz and set_pl_clk; Device.active_device; Interrupt(pin) with wait(), and that its controllers and UIO
devices can be forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BoardError, BuildError, LinkError, ToolMissing
from ..host.registers import ADDRESS_BITS, REGISTERS
from .bundle import Bundle
from .clocks import FabricClock, agrees, check_clock, read_clock, set_clock
from .contents import cast_of, hold
from .lock import ChipLock
from .mmio import MappedChip, Signal, Words
from .model import LanguageModel

VLNV = "hardwire:hardwire:hardwire_chip:"
IRQ = "irq"  # the pin of the IP
ACKNOWLEDGE, INTC_BYTES = 0x0C, 32  # IAR of an AXI INTC; of its registers, what pynq maps
FPGA_STATE = Path("/sys/class/fpga_manager/fpga0/state")  # "operating" since a bitstream was loaded
VENV = "/usr/local/share/pynq-venv"


def open_board(bundle: Bundle, device: Any = None, download: bool = True) -> LanguageModel:
    """The model of a bundle on this board's FPGA, at the clock that it was built for.

    Raises ToolMissing without pynq, BoardError without an FPGA or that clock, BuildError for a .hwh that does not go
    with the driver, LinkError where another process has the board, or what answers is not the model.
    """
    pynq = _pynq()
    device = _device(pynq, device)
    lock = ChipLock(f"{bundle.board} {getattr(device, 'tag', '')}".strip())
    try:
        with _rooted():
            overlay, clock, turned = _overlay(pynq, bundle, device, download)
            name, ip = _ip(overlay.ip_dict, bundle)
            mmio = pynq.MMIO(ip["phys_addr"], ip["addr_range"], device=device)
            bus = MmioBus(mmio)
        cast = None
        if bundle.pour is not None:
            cast = cast_of(bundle.chip, bundle.about()["geometry"], bundle.pour, bundle.manifest.planned_room)
        chip = MappedChip(
            bus,
            chip_id=bundle.identity if cast is None else None,
            cycles=bundle.cycles,
            interrupt=_interrupts(pynq, overlay, device, f"{name}/{IRQ}"),
        )
        _same_clock(chip, bundle)
        if turned:  # under a running chip: who knows what it did meanwhile
            chip.reset()
        if cast is not None:
            hold(chip, bundle.chip, cast)
    except BaseException:  # Ctrl-C too: a lock that stays keeps everybody out
        lock.release()
        raise

    def close() -> None:
        with contextlib.suppress(LinkError):
            if lock.held and chip.busy:
                chip.reset()
        lock.release()

    if (bundle.about()["geometry"] or {}).get("trace"):
        chip.traced = lambda: _checksum_words(bundle)
    about = {**bundle.about(), "pynq": getattr(pynq, "__version__", "unknown"), "fabric_mhz": clock.mhz}
    model = LanguageModel(bundle.chip, chip, f"{bundle.folder.resolve().name} ({bundle.board})", about, close, cast)
    lock.on_lost = model.close
    return model


def _checksum_words(bundle: Bundle) -> dict[str, int]:
    """Where the trace window has each stage; planned when somebody asks, which takes a board a while."""
    from ..plan.geometry import Geometry
    from ..plan.schedule import schedule
    from ..plan.trace import checksum_words

    return checksum_words(bundle.chip, schedule(bundle.chip, Geometry(**bundle.about()["geometry"])))


class MmioBus:
    """Registers through pynq.MMIO, each word by one aligned 32-bit access.

    An index array gathers one element after the other, each loaded as the word that it is, and so does ``item``. A copy
    of a slice may load more at once, or in pieces, which device memory does not take.
    """

    def __init__(self, mmio: Any) -> None:
        self.mmio = mmio
        array = mmio.array
        if isinstance(array, np.ndarray):  # the FPGA is in this processor's memory
            item: Callable[[int], int] = array.item
            store: Callable[[int, int], None] = array.__setitem__
            self.read: Callable[[int], int] = lambda at: item(at >> 2)
            self.write: Callable[[int, int], Any] = lambda at, word: store(at >> 2, word)
            self._array, self._places = array, np.arange(array.size)
            self.read_array, self.write_array = self._gather, self._scatter
        else:  # every access is a call of the device
            self.read, self.write = mmio.read, mmio.write
        run = getattr(mmio.device, "run", None)
        if run is not None:  # a simulated board, whose time is its own
            self.run = run

    def _gather(self, at: int, count: int) -> Words:
        words: Words = self._array[self._places[at >> 2 : (at >> 2) + count]]
        return words

    def _scatter(self, at: int, words: Words) -> None:
        self._array[self._places[at >> 2 : (at >> 2) + len(words)]] = words


def _pynq() -> Any:
    try:
        return importlib.import_module("pynq")
    except ImportError as error:
        raise ToolMissing(
            f"boards with a Zynq need pynq ({error}); on a PYNQ image run in Jupyter, or source "
            f'{VENV}/bin/activate; elsewhere backend="reference" runs the same integers'
        ) from None


def _device(pynq: Any, device: Any) -> Any:
    if device is not None:
        return device
    try:
        return pynq.Device.active_device
    except RuntimeError as error:
        raise BoardError(
            f"pynq finds no FPGA here ({error}); run on the board, in Jupyter or as root with its environment "
            f"(sudo -E), or give a device"
        ) from None


@contextmanager
def _rooted() -> Iterator[None]:
    """pynq loads bitstreams and maps registers as root only: say so in words."""
    try:
        yield
    except PermissionError as error:
        raise LinkError(_AS_ROOT.format(error)) from None
    except OSError as error:
        if "oot permission" in str(error):
            raise LinkError(_AS_ROOT.format(error)) from None
        raise


_AS_ROOT = "pynq may not reach the FPGA ({}); run in the board's Jupyter, which is root, or with sudo -E"


def _overlay(pynq: Any, bundle: Bundle, device: Any, download: bool) -> tuple[Any, FabricClock, bool]:
    """The overlay, loaded and clocked; its clock, and whether that was changed under a chip that may run.

    A clock that the board does not make is found before anything is loaded. pynq is left no clock to set: what it takes
    from the .hwh is of Vivado's PLL, not of the board's.
    """
    mhz = bundle.clock_mhz
    if not mhz > 0:
        raise BuildError(f"{bundle.folder}: its manifest tells no clock; deploy it again")
    overlay = pynq.Overlay(str(bundle.bit), download=False, device=device)
    if download:
        set_clock(pynq, device, mhz)
        overlay.clock_dict = {}
        overlay.download()
    else:
        _require_configured()
    clock = read_clock(pynq, device)
    if agrees(clock, mhz):
        return overlay, clock, False
    clock = set_clock(pynq, device, mhz)
    check_clock(clock, mhz)
    return overlay, clock, not download


def _require_configured() -> None:
    """Without a bitstream in the FPGA a read of its registers may never end: ask the kernel first, where it tells."""
    try:
        state = FPGA_STATE.read_text().strip()
    except OSError:
        return
    if state != "operating":
        raise LinkError(
            f"the FPGA holds no bitstream ({FPGA_STATE} says {state!r}): the board was switched on anew since; load "
            "with download=True"
        )


def _same_clock(chip: MappedChip, bundle: Bundle) -> None:
    """The same model may have been built for another clock: what then counts time and waits would be wrong."""
    khz = chip.info().clock_khz
    if abs(khz - 1000 * bundle.clock_mhz) > 1:
        raise LinkError(
            f"the board holds a bitstream for {khz / 1000:g} MHz, {bundle.folder} is for {bundle.clock_mhz:g}; load "
            "with download=True, or open the folder of that bitstream"
        )


def _ip(ip_dict: Any, bundle: Bundle) -> tuple[str, dict[str, Any]]:
    """Our IP in the design, with a register map that is this driver's."""
    cores = {name: ip for name, ip in ip_dict.items() if str(ip.get("type", "")).startswith(VLNV)}
    if len(cores) != 1:
        ips = ", ".join(f"{name} ({ip.get('type')})" for name, ip in ip_dict.items()) or "nothing"
        raise BuildError(
            f"{bundle.hwh} has {len(cores)} IPs {VLNV}*, not one; it has {ips}; it is of another build, deploy again"
        )
    ((name, ip),) = cores.items()
    if ip["addr_range"] < 1 << ADDRESS_BITS:
        raise BuildError(
            f"{bundle.hwh}: {name} has {ip['addr_range']:#x} bytes, not {1 << ADDRESS_BITS:#x}; build anew"
        )
    entries = {str(label).lower(): entry for label, entry in (ip.get("registers") or {}).items()}
    for register in REGISTERS:
        entry = entries.get(register.name)
        if entry is not None and entry["address_offset"] != register.address:
            raise BuildError(
                f"{bundle.hwh}: register {register.name} is at {entry['address_offset']:#x}, this driver's at "
                f"{register.address:#x}; take the driver of the build, or build anew"
            )
    return name, ip


class BoardLine:
    """pynq's Interrupt of a pin, and the acknowledgement that its controller wants when the line has fallen.

    pynq acknowledges while a level still stands, which the controller then remembers: the next wait would end at once.
    """

    def __init__(self, interrupt: Any, controller: Any, index: int) -> None:
        self._interrupt = interrupt
        self._controller, self._mask = controller, 1 << index

    async def wait(self) -> None:
        await self._interrupt.wait()

    def acknowledge(self) -> None:
        if self._controller is not None:
            self._controller.write(ACKNOWLEDGE, self._mask)


def _interrupts(pynq: Any, overlay: Any, device: Any, pin: str) -> Callable[[], Signal] | str:
    """What makes the interrupt line for an event loop, or why the design has none."""
    about = (getattr(overlay, "interrupt_pins", None) or {}).get(pin)
    if about is None:
        return f"pynq finds no interrupt controller behind {pin} in this bitstream's .hwh; build it anew"

    def make() -> Signal:
        name = about.get("controller", "")
        with _active(pynq, device):
            _forget_others(device)
            interrupt = pynq.Interrupt(pin)
            at = overlay.ip_dict[name]["phys_addr"] if name else 0
            controller = pynq.MMIO(at, INTC_BYTES, device=device) if name else None
        return BoardLine(interrupt, controller, about["index"])

    return make


@contextmanager
def _active(pynq: Any, device: Any) -> Iterator[None]:
    """pynq makes interrupts of its active device alone."""
    before = vars(pynq.Device).get("_active_device")
    pynq.Device.active_device = device
    try:
        yield
    finally:
        if before is None:
            del pynq.Device._active_device
        else:
            pynq.Device.active_device = before


_last: tuple[Callable[[], Any], Callable[[], Any]] = (lambda: None, lambda: None)  # event loop, device; weak


def _forget_others(device: Any) -> None:
    """pynq keeps the controllers and UIO devices of the first event loop that asked, which wake no other loop."""
    global _last
    loop = asyncio.get_running_loop()
    if _last[0]() is not loop or _last[1]() is not device:
        controllers = importlib.import_module("pynq.interrupt")._InterruptController
        controllers._controllers.clear()
        controllers._uio_devices.clear()
        _last = weakref.ref(loop), weakref.ref(device)
