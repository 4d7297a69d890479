# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The hardware handoff (.hwh) of our block design, as far as PYNQ reads one: for a simulated board.

A real one is written by Vivado. Cells, names, addresses, registers and fields are the same here, and the block design
of emit/top/vivado.py is tested against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ...errors import BoardError
from ...host.registers import aperture
from ...targets.board import Board
from ...targets.zynq import (
    BLOCK,
    BUS,
    CHIP,
    DESIGN,
    INTC,
    INTC_BLOCK,
    INTC_INTERFACE,
    INTC_IP,
    INTC_RANGE,
    INTERFACE,
    PS,
    RESET,
    VLNV,
    PlClock,
    Zynq,
    divisors_of,
)
from .vivado import AXI_PORTS, Described, described_registers, require_zynq

FORMAT = "1.2"
AXI = "xilinx.com:interface:aximm:1.0"
PL_CLOCKS = 4
# The PLL that Vivado's IP of a processor chooses, in MHz, which no board needs to boot with: public overlays with a
# crystal of 50 MHz and nothing but FCLK0 have an IO PLL of 1600, those of UltraScale+ an IOPLL of 1500.
CHOSEN_PLL = {"processing_system7": 1600.0, "zynq_ultra_ps_e": 1500.0}
CRYSTAL = {"processing_system7": 50.0, "zynq_ultra_ps_e": 33.333}
_IPS = {
    "processing_system7": "5.5",
    "zynq_ultra_ps_e": "3.5",
    "proc_sys_reset": "5.0",
    "axi_interconnect": "2.1",
    INTC_IP: "4.1",
}
# Of the interrupt controller (PG099): name, offset, bits, access.
_INTC_REGISTERS = (
    ("ISR", 0x00, 1, "read-write"),
    ("IPR", 0x04, 1, "read-only"),
    ("IER", 0x08, 1, "read-write"),
    ("IAR", 0x0C, 1, "write-only"),
    ("SIE", 0x10, 1, "read-write"),
    ("CIE", 0x14, 1, "read-write"),
    ("IVR", 0x18, 5, "read-only"),
    ("MER", 0x1C, 2, "read-write"),
)


def hwh_text(board: Board, streams: int = 1) -> str:
    """The handoff of a board's design with a chip of so many streams, at the clock that its processor makes nearest to
    the board's.

    Raises BoardError for a board without a Zynq.
    """
    facts = require_zynq(board)
    clock = facts.clock(board.clock_mhz)
    root = Element("EDKSYSTEM", {"EDWVERSION": FORMAT, "VIVADOVERSION": "none: written by hardwire"})
    SubElement(root, "SYSTEMINFO", _system(board, facts))
    SubElement(root, "EXTERNALPORTS")
    SubElement(root, "EXTERNALINTERFACES")
    modules = SubElement(root, "MODULES")
    _chip(modules, facts, clock, aperture(streams))
    _interrupt_controller(modules, facts, clock, facts.intc_base(streams))
    _processor(modules, facts, clock, streams)
    _helper(modules, RESET, "proc_sys_reset")
    bus = _helper(modules, BUS, "axi_interconnect")
    interfaces = SubElement(bus, "BUSINTERFACES")
    _interface(interfaces, "S00_AXI", "SLAVE", f"{PS}_{facts.port}", {})
    for number in range(2):
        _interface(interfaces, f"M{number:02d}_AXI", "MASTER", f"{BUS}_M{number:02d}_AXI", {})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_hwh(path: Path, board: Board, streams: int = 1) -> None:
    """Write hwh_text to ``path``, which must end in .hwh and have the .bit's name for PYNQ to find it."""
    path.write_text(hwh_text(board, streams), encoding="utf-8")


def _system(board: Board, facts: Zynq) -> dict[str, str]:
    matched = re.fullmatch(r"(?:xc(7z\d+)([a-z]+\d+)|(xc\w+)-(\w+))(-\d\w*?)(?:-\w)?", board.part)
    device, package, speed = (
        (matched[1] or matched[3], matched[2] or matched[4], matched[5]) if matched else (board.part, "", "")
    )
    names = {"ARCH": facts.processor.arch, "DEVICE": device, "NAME": DESIGN}
    return names | {"PACKAGE": package, "SPEEDGRADE": speed}


def _module(parent: Element, name: str, vlnv: str, **more: str) -> Element:
    _, _, kind, version = vlnv.split(":")
    about = {"FULLNAME": f"/{name}", "HWVERSION": version, "INSTANCE": name, "IPTYPE": "PERIPHERAL", "IS_ENABLE": "1"}
    return SubElement(parent, "MODULE", about | {"MODTYPE": kind, "VLNV": vlnv} | more)


def _helper(parent: Element, name: str, kind: str) -> Element:
    module = _module(
        parent, name, f"xilinx.com:ip:{kind}:{_IPS[kind]}", MODCLASS="BUS" if name == BUS else "PERIPHERAL"
    )
    SubElement(module, "PARAMETERS")
    SubElement(module, "PORTS")
    return module


def _chip(parent: Element, facts: Zynq, clock: PlClock, size: int) -> None:
    module = _module(parent, CHIP, VLNV, MODCLASS="PERIPHERAL")
    about = {"ACCESS": "read-write", "INTERFACE": INTERFACE, "NAME": BLOCK, "RANGE": str(size), "USAGE": "register"}
    block = SubElement(SubElement(module, "ADDRESSBLOCKS"), "ADDRESSBLOCK", about)
    registers = SubElement(block, "REGISTERS")
    for register in described_registers():
        _register(registers, register)
    _parameters(
        module,
        {
            "Component_Name": f"{DESIGN}_{CHIP}_0",
            "EDK_IPTYPE": "PERIPHERAL",
            "C_BASEADDR": f"0x{facts.base:08X}",
            "C_HIGHADDR": f"0x{facts.base + size - 1:08X}",
        },
    )
    ports = SubElement(module, "PORTS")
    hertz = str(round(clock.mhz * 1e6))
    _clocked(ports, facts, hertz)
    irq = {"DIR": "O", "NAME": "irq", "SIGIS": "INTERRUPT", "SENSITIVITY": "LEVEL_HIGH"}
    _port(ports, irq, f"{CHIP}_irq", (INTC, "intr"))
    interface = {
        "DATA_WIDTH": "32",
        "PROTOCOL": "AXI4LITE",
        "FREQ_HZ": hertz,
        "ADDR_WIDTH": str((size - 1).bit_length()),
    }
    bus = _interface(SubElement(module, "BUSINTERFACES"), INTERFACE, "SLAVE", f"{BUS}_M00_AXI", interface)
    maps = SubElement(bus, "PORTMAPS")
    for logical, physical in AXI_PORTS:
        SubElement(maps, "PORTMAP", {"LOGICAL": logical, "PHYSICAL": physical})
        _port(ports, {"NAME": physical, "SIGIS": "undef"}, f"{BUS}_M00_AXI_{logical.lower()}", None)


def _clocked(ports: Element, facts: Zynq, hertz: str) -> None:
    clocked = {"DIR": "I", "NAME": "s_axi_aclk", "SIGIS": "clk", "CLKFREQUENCY": hertz}
    _port(ports, clocked, f"{PS}_{facts.processor.clock}", (PS, facts.processor.clock))
    reset = {"DIR": "I", "NAME": "s_axi_aresetn", "SIGIS": "rst", "POLARITY": "ACTIVE_LOW"}
    _port(ports, reset, f"{RESET}_peripheral_aresetn", None)


def _interrupt_controller(parent: Element, facts: Zynq, clock: PlClock, base: int) -> None:
    module = _module(parent, INTC, f"xilinx.com:ip:{INTC_IP}:{_IPS[INTC_IP]}", MODCLASS="INTERRUPT_CNTLR")
    about = {"ACCESS": "read-write", "INTERFACE": INTERFACE, "NAME": INTC_BLOCK, "RANGE": str(INTC_RANGE)}
    block = SubElement(SubElement(module, "ADDRESSBLOCKS"), "ADDRESSBLOCK", about | {"USAGE": "register"})
    registers = SubElement(block, "REGISTERS")
    for name, offset, bits, access in _INTC_REGISTERS:
        register = SubElement(registers, "REGISTER", {"NAME": name})
        about = {"DESCRIPTION": name, "ADDRESS_OFFSET": f"0x{offset:X}", "SIZE": str(bits), "ACCESS": access}
        _properties(register, about | {"IS_ENABLED": "true", "RESET_VALUE": "0x0"})
        SubElement(register, "FIELDS")
    _parameters(
        module,
        {
            "C_IRQ_CONNECTION": "1",
            "C_IRQ_IS_LEVEL": "1",
            "C_KIND_OF_INTR": "0xfffffffe",  # its one input is a level
            "C_NUM_INTR_INPUTS": "1",
            "Component_Name": f"{DESIGN}_{INTC}_0",
            "EDK_IPTYPE": "PERIPHERAL",
            "C_BASEADDR": f"0x{base:08X}",
            "C_HIGHADDR": f"0x{base + INTC_RANGE - 1:08X}",
        },
    )
    ports, hertz = SubElement(module, "PORTS"), str(round(clock.mhz * 1e6))
    _clocked(ports, facts, hertz)
    line = {"SIGIS": "INTERRUPT", "SENSITIVITY": "LEVEL_HIGH"}
    _port(ports, {"DIR": "I", "LEFT": "0", "NAME": "intr", "RIGHT": "0"} | line, f"{CHIP}_irq", (CHIP, "irq"))
    _port(ports, {"DIR": "O", "NAME": "irq"} | line, f"{INTC}_irq", (PS, facts.processor.irq))
    interface = {"DATA_WIDTH": "32", "PROTOCOL": "AXI4LITE", "FREQ_HZ": hertz, "ADDR_WIDTH": "9"}
    bus = _interface(SubElement(module, "BUSINTERFACES"), INTC_INTERFACE, "SLAVE", f"{BUS}_M01_AXI", interface)
    maps = SubElement(bus, "PORTMAPS")
    for logical, physical in AXI_PORTS:
        if not logical.endswith("PROT"):  # this IP has none
            SubElement(maps, "PORTMAP", {"LOGICAL": logical, "PHYSICAL": physical})
            _port(ports, {"NAME": physical, "SIGIS": "undef"}, f"{BUS}_M01_AXI_{logical.lower()}", None)


def _processor(parent: Element, facts: Zynq, clock: PlClock, streams: int) -> None:
    processor = facts.processor
    vlnv = f"xilinx.com:ip:{facts.ps}:{_IPS[facts.ps]}"
    module = _module(parent, PS, vlnv, CONFIGURABLE="TRUE", IS_PL="FALSE")
    _parameters(module, _clock_parameters(facts, clock) | facts.config(clock))
    ports = SubElement(module, "PORTS")
    hertz = str(round(clock.mhz * 1e6))
    clock_pin = {"DIR": "O", "NAME": processor.clock, "SIGIS": "clk", "CLKFREQUENCY": hertz}
    _port(ports, clock_pin, f"{PS}_{processor.clock}", (CHIP, "s_axi_aclk"))
    irq_pin = {"DIR": "I", "LEFT": "0", "NAME": processor.irq, "RIGHT": "0", "SIGIS": "INTERRUPT"}
    _port(ports, irq_pin | {"SENSITIVITY": "LEVEL_HIGH"}, f"{INTC}_irq", (INTC, "irq"))
    buses = SubElement(module, "BUSINTERFACES")
    _interface(buses, facts.port, "MASTER", f"{PS}_{facts.port}", {"DATA_WIDTH": "32", "FREQ_HZ": hertz})
    memory = SubElement(module, "MEMORYMAP")
    for cell, interface, block, base, size in (
        (CHIP, INTERFACE, BLOCK, facts.base, aperture(streams)),
        (INTC, INTC_INTERFACE, INTC_BLOCK, facts.intc_base(streams), INTC_RANGE),
    ):
        segment = {
            "ADDRESSBLOCK": block,
            "BASENAME": "C_BASEADDR",
            "BASEVALUE": f"0x{base:08X}",
            "HIGHNAME": "C_HIGHADDR",
            "HIGHVALUE": f"0x{base + size - 1:08X}",
            "INSTANCE": cell,
            "IS_DATA": "TRUE",
            "IS_INSTRUCTION": "TRUE",
            "MASTERBUSINTERFACE": facts.port,
            "MEMTYPE": "REGISTER",
            "SLAVEBUSINTERFACE": interface,
        }
        SubElement(memory, "MEMRANGE", segment)
    peripherals = SubElement(module, "PERIPHERALS")
    for cell in (CHIP, INTC):
        SubElement(peripherals, "PERIPHERAL", {"INSTANCE": cell})


def _clock_parameters(facts: Zynq, clock: PlClock) -> dict[str, str]:
    """What PYNQ reads of each of the four PL clocks; only the first is on."""
    pll, solved = vivado_divides(facts.ps, clock.mhz)
    parameters: dict[str, str] = {}
    for number in range(PL_CLOCKS):
        on, divisors = number == 0, solved if number == 0 else (1, 1)
        if facts.ps == "processing_system7":
            prefix, enable = f"PCW_FCLK{number}_PERIPHERAL_", f"PCW_FPGA_FCLK{number}_ENABLE"
            parameters[f"{prefix}CLKSRC"] = "IO PLL"
        else:
            prefix, enable = f"PSU__CRL_APB__PL{number}_REF_CTRL__", f"PSU__FPGA_PL{number}_ENABLE"
            parameters |= {f"{prefix}SRCSEL": "IOPLL", f"{prefix}ACT_FREQMHZ": f"{clock.mhz if on else pll:f}"}
        parameters |= {
            enable: str(int(on)),
            f"{prefix}DIVISOR0": str(divisors[0]),
            f"{prefix}DIVISOR1": str(divisors[1]),
        }
    if facts.ps == "processing_system7":
        parameters["PCW_IO_IO_PLL_FREQMHZ"] = f"{pll:.3f}"
    else:
        parameters["C_MAXIGP0_DATA_WIDTH"] = "32"  # an overlay's loader sets the port to it
    return parameters


def vivado_divides(ps: str, mhz: float) -> tuple[float, tuple[int, int]]:
    """A PLL in MHz and its two dividers as Vivado solves them for a clock: the chosen one, or the next below it that
    makes the clock within 10 ppm."""
    pll, crystal = CHOSEN_PLL[ps], CRYSTAL[ps] if ps == "processing_system7" else CHOSEN_PLL[ps]
    while pll > 0:
        product = round(pll / mhz)
        divisors = divisors_of(product) if product else None
        if divisors and abs(pll / product / mhz - 1) < 1e-5:
            return pll, divisors
        pll -= crystal
    raise BoardError(f"a clock of {mhz:g} MHz: no PLL of {ps} makes it")


def _register(parent: Element, register: Described) -> None:
    element = SubElement(parent, "REGISTER", {"NAME": register.name})
    about = {"DESCRIPTION": register.meaning, "ADDRESS_OFFSET": register.offset, "SIZE": "32"}
    _properties(element, about | {"ACCESS": register.access, "IS_ENABLED": "true", "RESET_VALUE": "0x0"})
    fields = SubElement(element, "FIELDS")
    for field in register.fields:
        part = SubElement(fields, "FIELD", {"NAME": field.name})
        about = {"DESCRIPTION": field.meaning, "ADDRESS_OFFSET": str(field.low), "ACCESS": register.access}
        _properties(part, about | {"BIT_OFFSET": str(field.low), "BIT_WIDTH": str(field.bits)})


def _properties(parent: Element, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        SubElement(parent, "PROPERTY", {"NAME": name, "VALUE": value})


def _parameters(parent: Element, values: Mapping[str, str]) -> None:
    parameters = SubElement(parent, "PARAMETERS")
    for name, value in values.items():
        SubElement(parameters, "PARAMETER", {"NAME": name, "VALUE": value})


def _port(parent: Element, about: Mapping[str, str], signal: str, to: tuple[str, str] | None) -> None:
    port = SubElement(parent, "PORT", dict(about) | {"SIGNAME": signal})
    if to is not None:
        SubElement(SubElement(port, "CONNECTIONS"), "CONNECTION", {"INSTANCE": to[0], "PORT": to[1]})


def _interface(parent: Element, name: str, kind: str, bus: str, parameters: Mapping[str, str]) -> Element:
    about = {"BUSNAME": bus, "DATAWIDTH": "32", "NAME": name, "TYPE": kind, "VLNV": AXI}
    element = SubElement(parent, "BUSINTERFACE", about)
    for key, value in parameters.items():
        SubElement(element, "PARAMETER", {"NAME": key, "VALUE": value})
    return element
