# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""In place of pynq where it cannot be installed: what the driver uses of it, over registers in a shared file.

The real package needs C libraries of the board's image. What it does with a .hwh and with clocks is tested with it, on
x86 (tests/driver, tests/axi); here the driver's own code runs, on the board's processor. $HARDWIRE_BOARD: the folder
that is served.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from arm.shared import SharedRegisters

__version__ = "none: tests/arm/board"
PLL_MHZ = 1000.0
BASE, RANGE = 0x43C0_0000, 1 << 19


class _Kind(type):
    """As pynq's: the active device belongs to the class."""

    _active_device: Any = None

    @property
    def active_device(cls) -> Any:
        return cls._active_device

    @active_device.setter
    def active_device(cls, device: Any) -> None:
        cls._active_device = device


class Device(metaclass=_Kind):
    tag = "shared file"

    def __init__(self, folder: Path) -> None:
        self.words = SharedRegisters.of(folder)
        self.run = self.words.door.run


Device.active_device = Device(Path(os.environ["HARDWIRE_BOARD"]))


class MMIO:
    """The chip's registers."""

    def __init__(self, base: int, length: int, device: Device) -> None:
        assert (base, length) == (BASE, RANGE)
        self.device, self.array = device, device.words
        assert isinstance(self.array, np.ndarray)


class _Clocks:
    """Two dividers of one PLL."""

    divisors = (63, 63)

    @property
    def fclk0_mhz(self) -> float:
        return PLL_MHZ / self.divisors[0] / self.divisors[1]

    def set_pl_clk(self, index: int, first: int, second: int) -> None:
        assert index == 0
        self.divisors = (first, second)


Clocks = _Clocks()


class Overlay:
    """The IP with an address in a .hwh."""

    def __init__(self, bitfile: str, download: bool, device: Device) -> None:
        assert not download
        self.device, self.clock_dict = device, {"fclk0": {"enable": 1}}
        root = ElementTree.parse(Path(bitfile).with_suffix(".hwh")).getroot()
        cores = {module.get("INSTANCE"): module for module in root.iter("MODULE")}
        self.ip_dict = {}
        for place in root.iter("MEMRANGE"):
            name = str(place.get("INSTANCE"))
            base, high = (int(str(place.get(word)), 16) for word in ("BASEVALUE", "HIGHVALUE"))
            said = {"type": cores[name].get("VLNV"), "phys_addr": base, "addr_range": high - base + 1}
            self.ip_dict[name] = {**said, "registers": _registers(cores[name])}

    def download(self) -> None:
        assert not self.clock_dict, "the driver leaves pynq no clock to set"
        self.device.words.door.power_up()


def _registers(core: ElementTree.Element) -> dict[str, dict[str, int]]:
    """Where a core's registers are, by their names."""
    registers = {}
    for register in core.iter("REGISTER"):
        words = {str(one.get("NAME")): str(one.get("VALUE")) for one in register.iter("PROPERTY")}
        registers[str(register.get("NAME"))] = {"address_offset": int(words["ADDRESS_OFFSET"], 0)}
    return registers
