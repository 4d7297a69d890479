# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Other contents for the block RAMs of an AMD bitstream: what ``updatemem`` takes, by UG1580. No tool runs here.

hardwire.mmi     the memory map, XML: an address space for every block RAM that changes, one lane wide
<number>.mem     its contents from address 0 on, in hexadecimal
updatemem.sh     the command line

A lane is the whole block RAM as it lies in the bitstream, 32 bits of a RAMB36 or 16 of a RAMB18 a word, whatever width
its ports have: contents are initialised in that order at every width. Parity is beside it, and not written.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from .memories import Bits
from .placed import Change

TOOL = "updatemem"
MAP, SCRIPT = "hardwire.mmi", "updatemem.sh"
LANE = {"RAMB18": 16, "RAMB36": 32}  # bits
RANGES_SINCE = 2025  # the form with AddressSpaceRange and BitLayout: UG1580 of 2025.1, against that of 2024.1


def write_inputs(folder: Path, changes: Sequence[Change], part: str, version: str, before: str, out: str) -> None:
    """Write the map, the contents and the command line into ``folder``, where the bitstream ``before`` lies.

    ``version``: of the Vivado that made it, as "2024.1". ``out``: the bitstream that the command writes.
    """
    (folder / MAP).write_text(memory_map(changes, part, version))
    for number, change in enumerate(changes):
        (folder / data_file(number)).write_text(contents(change.init, LANE[change.cell.kind]))
    line = " \\\n    ".join(shlex.join(words) for words in _words(changes, before, out))
    (folder / SCRIPT).write_text(f'#!/bin/sh\n# NOT RUN: no {TOOL} was there.\nset -e\ncd "$(dirname "$0")"\n{line}\n')


def command(changes: Sequence[Change], before: str, out: str) -> list[str]:
    """The arguments, run in the folder of the inputs. Data: nothing is run here."""
    return [word for words in _words(changes, before, out) for word in words]


def _words(changes: Sequence[Change], before: str, out: str) -> list[list[str]]:
    pairs = [["-data", data_file(number), "-proc", change.cell.name] for number, change in enumerate(changes)]
    return [[TOOL, "-force", "-meminfo", MAP, "-bit", before], *pairs, ["-out", out]]


def data_file(number: int) -> str:
    return f"{number:04}.mem"


def memory_map(changes: Sequence[Change], part: str, version: str) -> str:
    """The .mmi, in the form that this version's UG1580 shows."""
    ranges = int(version.partition(".")[0]) >= RANGES_SINCE
    root = ElementTree.Element("MemInfo", {"Version": "1", "Minor": "9" if ranges else "0"})
    for change in changes:
        cell, lane = change.cell, LANE[change.cell.kind]
        processor = ElementTree.SubElement(root, "Processor", {"Endianness": "Little", "InstPath": cell.name})
        span = {"Name": cell.name, "Begin": "0", "End": str(cell.init.size // 8 - 1)}  # in bytes
        within = ElementTree.SubElement(processor, "AddressSpace", span)
        if ranges:
            within = ElementTree.SubElement(within, "AddressSpaceRange", {**span, "CoreMemory_Width": str(lane)})
        block = ElementTree.SubElement(within, "BusBlock")
        piece = ElementTree.SubElement(block, "BitLane", {"MemType": cell.kind, "Placement": cell.site})
        ElementTree.SubElement(piece, "DataWidth", {"MSB": str(lane - 1), "LSB": "0"})
        ElementTree.SubElement(piece, "AddressRange", {"Begin": "0", "End": str(cell.init.size // lane - 1)})
        if ranges:
            ElementTree.SubElement(piece, "BitLayout", {"pattern": f"p0_d{lane}"})
        ElementTree.SubElement(piece, "Parity", {"ON": "false", "NumBits": "0"})
    config = ElementTree.SubElement(root, "Config")
    ElementTree.SubElement(config, "Option", {"Name": "Part", "Val": part})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def contents(init: Bits, lane: int) -> str:
    """A .mem: one address, and a value for every word of the lane, without the prefix 0x."""
    words = np.packbits(init.reshape(-1, lane), axis=1, bitorder="little")[:, ::-1]
    return "@00000000\n" + "\n".join(bytes(word).hex().upper() for word in words) + "\n"
