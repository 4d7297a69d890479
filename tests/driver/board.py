# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A board that is none: folders as a Vivado build leaves them, and a pynq device with a chip's bus behind it.

Nothing of pynq is replaced: its Overlay parses the .hwh, its MMIO reads and writes through the device.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hardwire.backends.simclocks import CLOCKS
from hardwire.chip.model import Chip
from hardwire.driver.mmio import Bus
from hardwire.driver.selftest import record
from hardwire.files import sha256
from hardwire.host.registers import REGISTERS
from hardwire.manifest import manifest_digest

BASE = 0x43C0_0000
VLNV = "hardwire:hardwire:hardwire_chip:1.0"


def hwh(base: int = BASE, vlnv: str = VLNV, size: int = 1 << 19, shift: int = 0) -> str:
    """A hardware description of the block design: the processor, and the chip on its bus."""
    registers = "".join(
        f'<REGISTER NAME="{r.name.upper()}"><PROPERTY NAME="DESCRIPTION" VALUE="{r.name}"/>'
        f'<PROPERTY NAME="ADDRESS_OFFSET" VALUE="{r.address + shift:#x}"/><PROPERTY NAME="SIZE" VALUE="32"/>'
        '<PROPERTY NAME="ACCESS" VALUE="read-write"/><FIELDS/></REGISTER>'
        for r in REGISTERS
    )
    clocks = "".join(
        f'<PARAMETER NAME="PCW_FPGA_FCLK{i}_ENABLE" VALUE="{int(i == 0)}"/>'
        f'<PARAMETER NAME="PCW_FCLK{i}_PERIPHERAL_DIVISOR0" VALUE="4"/>'  # of the 1600 MHz that Vivado chose
        f'<PARAMETER NAME="PCW_FCLK{i}_PERIPHERAL_DIVISOR1" VALUE="4"/>'
        f'<PARAMETER NAME="PCW_FCLK{i}_PERIPHERAL_CLKSRC" VALUE="IO PLL"/>'
        for i in range(4)
    )
    interface = 'TYPE="{}" VLNV="xilinx.com:interface:aximm:1.0"'
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<EDKSYSTEM EDWVERSION="1.2" TIMESTAMP="none" VIVADOVERSION="2022.1">
 <SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="hardwire" PACKAGE="clg400" SPEEDGRADE="-1"/>
 <EXTERNALPORTS/><EXTERNALINTERFACES/>
 <MODULES>
  <MODULE FULLNAME="/ps" HWVERSION="5.5" INSTANCE="ps" IPTYPE="PERIPHERAL" IS_ENABLE="1" MODCLASS="PROCESSOR"
    MODTYPE="processing_system7" VLNV="xilinx.com:ip:processing_system7:5.5">
   <PARAMETERS>{clocks}</PARAMETERS><PORTS/>
   <BUSINTERFACES>
    <BUSINTERFACE BUSNAME="bus" DATAWIDTH="32" NAME="M_AXI_GP0" {interface.format("MASTER")}><PORTMAPS/></BUSINTERFACE>
   </BUSINTERFACES>
   <MEMORYMAP>
    <MEMRANGE ADDRESSBLOCK="registers" BASENAME="C_BASEADDR" BASEVALUE="{base:#x}" HIGHNAME="C_HIGHADDR"
      HIGHVALUE="{base + size - 1:#x}" INSTANCE="chip" IS_DATA="TRUE" IS_INSTRUCTION="TRUE"
      MASTERBUSINTERFACE="M_AXI_GP0" MEMTYPE="REGISTER" SLAVEBUSINTERFACE="S_AXI"/>
   </MEMORYMAP>
   <PERIPHERALS><PERIPHERAL INSTANCE="chip"/></PERIPHERALS>
  </MODULE>
  <MODULE FULLNAME="/chip" HWVERSION="1.0" INSTANCE="chip" IPTYPE="PERIPHERAL" IS_ENABLE="1" MODCLASS="PERIPHERAL"
    MODTYPE="hardwire_chip" VLNV="{vlnv}">
   <ADDRESSBLOCKS>
    <ADDRESSBLOCK ACCESS="read-write" INTERFACE="S_AXI" NAME="registers" RANGE="{size}" USAGE="register">
     <REGISTERS>{registers}</REGISTERS>
    </ADDRESSBLOCK>
   </ADDRESSBLOCKS>
   <PARAMETERS/><PORTS/>
   <BUSINTERFACES>
    <BUSINTERFACE BUSNAME="bus" NAME="S_AXI" {interface.format("SLAVE")}><PORTMAPS/></BUSINTERFACE>
   </BUSINTERFACES>
  </MODULE>
 </MODULES>
</EDKSYSTEM>
"""


def make_bundle(folder: Path, chip: Chip, *, board: str = "pynq-z2", name: str = "PYNQ-Z2", **description: Any) -> Path:
    """A folder as hardwire synth --collect writes it for a Zynq; the bitstream is a few bytes."""
    folder.mkdir(parents=True)
    (folder / "hardwire.bit").write_bytes(b"\x00\x09no bitstream\xff\xff\xaa\x99\x55\x66")
    (folder / "hardwire.hwh").write_text(hwh(**description))
    chip.save(folder / "model.chip")
    seal(
        folder,
        {
            "board": {"key": board, "name": name, "part": "xc7z020clg400-1"},
            "chip": {
                "file": "model.chip",
                "digest": chip.digest,
                "bits": chip.bits,
                "exceptions": chip.exceptions(),
                "about": chip.about,
            },
            "clock_mhz": 100.0,
            "cycles": [900 + 3 * position for position in range(chip.shape.context)],
            "expected": record(chip),
        },
    )
    return folder


def seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest with the hashes of what lies there."""
    names = ("hardwire.bit", "hardwire.hwh", "model.chip")
    manifest["files"] = {name: sha256(folder / name) for name in names if (folder / name).exists()}
    manifest["digest"] = manifest_digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def make_device(
    bus: Bus, base: int = BASE, board: str = "pynq-z2", processor: str = "zynq-7000", pll_mhz: float = 1000.0
) -> Any:
    """A device of the pynq that is installed, with ``bus`` at ``base`` and a processor that divides ``pll_mhz``."""
    from pynq.pl_server.device import Device
    from pynqmetadata.frontends import Metadata

    try:
        from pynq.metadata.runtime_metadata_parser import RuntimeMetadataParser  # 3.1
    except ImportError:
        from pynqmetadata.views.runtime.runtime_metadata_parser import RuntimeMetadataParser  # 4.0

    class Simulated(Device):
        """No probe: nobody finds it who was not given it."""

        def __init__(self) -> None:
            super().__init__(tag="simulated")
            self.name = f"{board} (simulated)"
            self.arch = "armv7l" if processor == "zynq-7000" else "aarch64"
            self.capabilities = {"REGISTER_RW": True}
            self.downloads: list[str] = []
            self.clocks = CLOCKS[processor](pll_mhz)

        def has_capability(self, name: str) -> bool:
            return self.capabilities.get(name, False)

        def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
            return RuntimeMetadataParser(Metadata(input=str(Path(bitfile_name).with_suffix(".hwh"))))

        def read_registers(self, address: int, length: int) -> bytes:
            assert length == 4 and address % 4 == 0
            if not base <= address < base + (1 << 19):
                return self.clocks.read(address).to_bytes(4, "little")
            return bus.read(address - base).to_bytes(4, "little")

        def write_registers(self, address: int, data: bytes) -> None:
            assert len(data) == 4 and address % 4 == 0
            word = int.from_bytes(bytes(data), "little")
            if base <= address < base + (1 << 19):
                bus.write(address - base, word)
            else:
                self.clocks.write(address, word)

        def download(self, bitstream: Any, parser: Any = None) -> None:
            self.downloads.append(bitstream.bitfile_name)
            self.clocks.fastest = self.clocks.mhz()
            power_up = getattr(bus, "power_up", None)
            if power_up is not None:
                power_up()
            super().post_download(bitstream, parser, self.name)

        def close(self) -> None:
            pass

    device = Simulated()
    run = getattr(bus, "run", None)
    if run is not None:
        device.run = run  # type: ignore[attr-defined]
    return device
