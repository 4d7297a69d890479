# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the model writes, in the form that Vivado has: timing, utilisation, the hardware handoff of its block design.

Forms: the routed timing summary of XD100 (Vitis Tutorials), report_utilization of UG906, the .hwh files of PYNQ 3.1.2.
"""

from __future__ import annotations

from xml.etree import ElementTree

from .catalog import ASKED, HOME
from .state import Address, Block, Design, Instance

RULE = "-" * 96
NAMES = ("WNS(ns)", "TNS(ns)", "TNS Failing Endpoints", "TNS Total Endpoints")


def timing(version: str, part: str, period: float, setup: float, hold: float, pulse: float) -> str:
    def columns(slack: float, words: tuple[str, ...]) -> list[tuple[str, str]]:
        failing = 0 if slack >= 0 else 3
        figures = (f"{slack:.3f}", f"{min(slack, 0) * failing:.3f}", str(failing), "41234")
        return list(zip(words, figures, strict=True))

    table = columns(setup, NAMES)
    table += columns(hold, tuple(name.replace("WNS", "WHS").replace("TNS", "THS") for name in NAMES))
    table += columns(pulse, tuple(name.replace("WNS", "WPWS").replace("TNS", "TPWS") for name in NAMES))
    met = min(setup, hold, pulse) >= 0
    state, path = "MET" if setup >= 0 else "VIOLATED", period - setup
    return "\n".join(
        [
            f"| Tool Version : Vivado v.{version} (lin64)",
            f"| Device       : {part}",
            "Timing Summary Report",
            RULE,
            "| Design Timing Summary",
            "| ---------------------",
            RULE,
            "",
            "    " + "  ".join(f"{name:>12}" for name, _ in table),
            "    " + "  ".join(f"{'-' * len(name):>12}" for name, _ in table),
            "    " + "  ".join(f"{value:>{max(12, len(name))}}" for name, value in table),
            "",
            "",
            "All user specified timing constraints are met." if met else "Timing constraints are not met.",
            "",
            "Max Delay Paths",
            RULE,
            f"Slack ({state}) :             {setup:.3f}ns  (required time - arrival time)",
            "  Source:                 hardwire_i/chip/inst/u_axi/u_chip/u_engine/u_a/sum_q_reg[3]/C",
            f"                            (rising edge-triggered cell FDRE clocked by clk  {{period={period:.3f}ns}})",
            "  Destination:            hardwire_i/chip/inst/u_axi/u_chip/u_engine/u_b/mix_q_reg[7]/D",
            f"  Requirement:            {period:.3f}ns",
            f"  Data Path Delay:        {path:.3f}ns  (logic 3.200ns (34.000%)  route {path - 3.2:.3f}ns (66.000%))",
            "",
        ]
    )


def utilization(version: str, part: str, used: dict[str, float]) -> str:
    seven = part.startswith("xc7")
    logic = ("Slice LUTs", "Slice Registers") if seven else ("CLB LUTs", "CLB Registers")

    def table(title: str, rows: list[tuple[str, float, int]]) -> list[str]:
        line = "+----------------------------+--------+-------+------------+-----------+-------+"
        head = "|          Site Type         |  Used  | Fixed | Prohibited | Available | Util% |"
        body = [
            f"| {n:<26} | {u:>6g} |     0 |          0 | {a:>9} | {100 * u / max(a, 1):>5.2f} |" for n, u, a in rows
        ]
        return [title, "-" * len(title), "", line, head, line, *body, line, ""]

    memory = [
        ("Block RAM Tile", used["bram18"] / 2, 140),
        ("  RAMB36/FIFO*", used["bram18"] // 2, 140),
        ("  RAMB18", used["bram18"] % 2, 280),
    ]
    if not seven:
        memory.append(("URAM", used["uram"], 64))
    return "\n".join(
        [
            f"| Tool Version : Vivado v.{version} (lin64)",
            f"| Device       : {part}",
            "Utilization Design Information",
            "",
            *table(
                "1. Slice Logic" if seven else "1. CLB Logic",
                [
                    (logic[0], used["lut"], 53200),
                    ("  LUT as Logic", used["lut"], 53200),
                    (logic[1], used["ff"], 106400),
                ],
            ),
            *table("2. Memory", memory),
            *table("3. DSP", [("DSPs", used["dsp"], 220)]),
        ]
    )


def handoff(design: Design, part: str, version: str) -> str:
    """The .hwh of a design: its cells, the registers of a packaged one, and the processor's view of the addresses."""
    root = ElementTree.Element("EDKSYSTEM", {"EDWVERSION": "1.2", "VIVADOVERSION": version})
    arch = "zynq" if part.startswith("xc7z") else "zynquplus"
    ElementTree.SubElement(root, "SYSTEMINFO", {"ARCH": arch, "NAME": design.name, "DEVICE": part})
    ElementTree.SubElement(root, "EXTERNALPORTS")
    modules = ElementTree.SubElement(root, "MODULES")
    for cell in design.cells.values():
        _module(modules, design, cell)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _module(parent: ElementTree.Element, design: Design, cell: Instance) -> None:
    names = {"INSTANCE": cell.name, "FULLNAME": f"/{cell.name}", "VLNV": cell.vlnv, "MODTYPE": cell.ip}
    module = ElementTree.SubElement(parent, "MODULE", names)
    if cell.core is not None:
        blocks = ElementTree.SubElement(module, "ADDRESSBLOCKS")
        for address in design.addresses:
            if address.cell == cell.name:
                _block(blocks, address, cell.core.memories[_memory(cell, address)][address.block])
    parameters = ElementTree.SubElement(module, "PARAMETERS")
    for name, value in cell.settings.items():
        ElementTree.SubElement(parameters, "PARAMETER", {"NAME": name, "VALUE": value})
    ports = ElementTree.SubElement(module, "PORTS")
    for net in design.nets:
        for owner, pin in {net.driver, *net.pins}:
            if owner == cell.name:
                ElementTree.SubElement(ports, "PORT", {"NAME": pin, "SIGNAME": "_".join(net.driver)})
    buses = ElementTree.SubElement(module, "BUSINTERFACES")
    for name, about in design.shapes[cell.name].interfaces.items():
        more = {"NAME": name, "TYPE": about.mode.upper(), "VLNV": about.vlnv.removesuffix("_rtl:1.0")}
        ElementTree.SubElement(buses, "BUSINTERFACE", more)
    if cell.ip in HOME:
        memory = ElementTree.SubElement(module, "MEMORYMAP")
        for address in design.addresses:
            ElementTree.SubElement(memory, "MEMRANGE", _range(design, address))


def _memory(cell: Instance, address: Address) -> str:
    assert cell.core is not None
    return cell.core.buses[address.interface].obj.get("slave_memory_map_ref")


def _range(design: Design, address: Address) -> dict[str, str]:
    bus = next(m for m, s in design.wires if s == f"/{address.cell}/{address.interface}").lstrip("/").split("/")[0]
    master = next(m for m, s in design.wires if s == f"/{bus}/S00_AXI").lstrip("/").split("/")[1]
    return {
        "INSTANCE": address.cell,
        "ADDRESSBLOCK": address.block,
        "BASEVALUE": f"0x{address.offset:08X}",
        "HIGHVALUE": f"0x{address.offset + address.range - 1:08X}",
        "MASTERBUSINTERFACE": master,
        "SLAVEBUSINTERFACE": address.interface,
        "MEMTYPE": "REGISTER",
    }


def _block(parent: ElementTree.Element, address: Address, block: Block) -> None:
    about = {"NAME": address.block, "INTERFACE": address.interface, "RANGE": str(address.range), "USAGE": "register"}
    registers = ElementTree.SubElement(ElementTree.SubElement(parent, "ADDRESSBLOCK", about), "REGISTERS")
    for name, made in block.registers.items():
        register = ElementTree.SubElement(registers, "REGISTER", {"NAME": name})
        for key in ("description", "address_offset", "size", "access"):
            ElementTree.SubElement(register, "PROPERTY", {"NAME": key.upper(), "VALUE": made.obj.get(key)})
        fields = ElementTree.SubElement(register, "FIELDS")
        for field, obj in made.fields.items():
            part = ElementTree.SubElement(fields, "FIELD", {"NAME": field})
            for key in ("description", "bit_offset", "bit_width", "access"):
                ElementTree.SubElement(part, "PROPERTY", {"NAME": key.upper(), "VALUE": obj.get(key)})


def asked_mhz(design: Design) -> float:
    """The frequency that the processor's settings ask for."""
    (cell,) = (cell for cell in design.cells.values() if cell.ip in HOME)
    return float(cell.settings[ASKED[cell.ip]])
