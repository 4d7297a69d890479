# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How the model's Vivado cuts ROMs into block RAMs and says so, the bitstream that holds them, and an ``updatemem`` by
its guide, UG1580: what it does with a memory map and contents, and nothing that the guide does not have.

A memory's words are cut into slices of a port's width, each in a block RAM of its own. Contents of a block RAM are its
words one behind the other, bit 0 first, as UG473 has them; bits beyond eight of a byte are in parity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

HEADER = b"\x00\x09\x0f\xf0"
SMALL = 4  # words, and as many are in LUTs
BITS = {"RAMB18": 1 << 14, "RAMB36": 1 << 15}  # of contents
LANES = {"RAMB18": 16, "RAMB36": 32}  # CoreMemory_Width of UG1580


def laid_out(roms: Sequence[Path], parity: bool) -> list[dict[str, str]]:
    """Properties of every block RAM, its NAME among them."""
    cells: list[dict[str, str]] = []
    for rom in roms:
        lines = rom.read_text().split()
        if len(lines) <= SMALL:
            continue
        words, bits = [int(line, 16) for line in lines], 4 * len(lines[0])
        kind = "RAMB18" if len(words) <= 1024 and bits <= 36 else "RAMB36"
        place, above = (16, 2 if parity else 0) if kind == "RAMB18" else (32, 4 if parity else 0)
        depth = BITS[kind] // place
        for low in range(0, bits, place + above):
            for first in range(0, len(words), depth):
                wide = min(place + above, bits - low)
                part = [word >> low & (1 << wide) - 1 for word in words[first : first + depth]]
                cells.append(_cell(rom.stem, len(cells), kind, place, above, (first, low, wide), part))
    return cells


def _cell(
    memory: str, number: int, kind: str, place: int, above: int, at: tuple[int, int, int], words: list[int]
) -> dict[str, str]:
    first, low, wide = at
    data, beside = min(wide, place), max(wide - place, 0)
    init = sum((word & (1 << data) - 1) << place * n for n, word in enumerate(words))
    initp = sum(word >> data << above * n for n, word in enumerate(words)) if beside else 0
    return {
        "NAME": f"hardwire_i/chip/inst/u_engine/gen[{number}].u_{memory}/mem_reg_{number}",
        "REF_NAME": f"{kind}E1",
        "LOC": f"{kind}_X{number % 4}Y{number // 4}",
        "READ_WIDTH_A": str(place + place // 8),
        "READ_WIDTH_B": "0",
        "BRAM_ADDR_BEGIN": str(first),
        "BRAM_ADDR_END": str(first + BITS[kind] // place - 1),
        "BRAM_SLICE_BEGIN": str(low),
        "BRAM_SLICE_END": str(low + wide - 1),
        "MEM.PORTA.DATA_BIT_LAYOUT": f"p{beside}_d{data}",
        "RAM_MODE": "TDP",
        **_properties("INIT", init, BITS[kind] // 256),
        **_properties("INITP", initp, BITS[kind] // 2048),
        "INIT_A": "36'h000000000",
    }


def _properties(name: str, value: int, count: int) -> dict[str, str]:
    return {f"{name}_{n:02X}": f"256'h{value >> 256 * n & (1 << 256) - 1:064X}" for n in range(count)}


def bitstream(part: str, cells: Sequence[dict[str, str]]) -> bytes:
    """A model of one: its header, and the contents of every block RAM by kind and place."""
    held = {cell["LOC"]: init_of(cell) for cell in cells}
    return HEADER + part.encode() + b"\xaa\x99\x55\x66" + json.dumps(held, sort_keys=True).encode()


def init_of(cell: dict[str, str]) -> str:
    """A block RAM's contents in hexadecimal, bit 0 last."""
    names = sorted((name for name in cell if re.fullmatch(r"INIT_[0-9A-F]{2}", name)), reverse=True)
    return "".join(cell[name].removeprefix("256'h") for name in names)


def held_by(bit: Path) -> dict[str, str]:
    """Contents of the block RAMs in a model's bitstream, by their sites."""
    found: dict[str, str] = json.loads(bit.read_bytes().partition(b"\xaa\x99\x55\x66")[2])
    return found


class Refused(Exception):
    """What the guide does not have."""


def updatemem(arguments: Sequence[str]) -> None:
    """The command: -meminfo, -bit, -out once, -data and -proc in pairs, -force. Raises Refused."""
    single, pairs, queue = {}, [], list(arguments)
    while queue:
        word = queue.pop(0)
        if word == "-force":
            single[word] = ""
        elif word in ("-data", "-proc") and queue:
            pairs.append((word, queue.pop(0)))
        elif word in ("-meminfo", "-bit", "-out") and queue and word not in single:
            single[word] = queue.pop(0)
        else:
            raise Refused(f"option {word!r}")
    if {"-meminfo", "-bit", "-out"} - single.keys() or not pairs:
        raise Refused("-meminfo, -data, -bit, -proc and -out are required")
    if [word for word, _ in pairs] != ["-data", "-proc"] * (len(pairs) // 2):
        raise Refused("-data and -proc come in pairs")
    if Path(single["-out"]).exists() and "-force" not in single:
        raise Refused(f"{single['-out']} is there; -force overwrites it")
    root, before = ElementTree.parse(single["-meminfo"]).getroot(), Path(single["-bit"])
    head, mark, _ = before.read_bytes().partition(b"\xaa\x99\x55\x66")
    part = root.find("Config/Option[@Name='Part']")
    if root.tag != "MemInfo" or part is None or HEADER + part.attrib["Val"].encode() != head:
        raise Refused("the map is of no part, or of another than the bitstream")
    held = held_by(before)
    for (_, data), (_, path) in zip(pairs[::2], pairs[1::2], strict=True):
        found = [each for each in root.findall("Processor") if each.attrib["InstPath"] == path]
        if len(found) != 1:
            raise Refused(f"-proc {path}: {len(found)} of that path in the map")
        _fill(found[0], root.attrib["Minor"], read_mem(Path(data).read_text()), held)
    Path(single["-out"]).write_bytes(head + mark + json.dumps(held, sort_keys=True).encode())


def read_mem(text: str) -> tuple[int, list[str]]:
    """Where the data of a .mem begins, and its values. One block, which is all that a block RAM needs."""
    address, *values = text.split()
    if not re.fullmatch(r"@[0-9A-Fa-f]+", address) or not values:
        raise Refused(f"a .mem begins with an address, as @0000, not with {address!r}, and has values behind it")
    if odd := [value for value in values if not re.fullmatch(r"[0-9A-Fa-f]+", value)]:
        raise Refused(f"{odd[0]!r} is no hexadecimal value; the prefix 0x is not allowed")
    return int(address[1:], 16), values


def _fill(processor: ElementTree.Element, minor: str, mem: tuple[int, list[str]], held: dict[str, str]) -> None:
    """One lane of one space, filled word by word."""
    space = processor.find("AddressSpace")
    if space is None or processor.attrib["Endianness"] != "Little":
        raise Refused("no address space")
    within = space
    if minor == "9":  # since 2025.1
        ranged = space.find("AddressSpaceRange")
        if ranged is None:
            raise Refused("Minor 9 has an AddressSpaceRange in a space")
        within = ranged
    elif minor != "0":
        raise Refused(f"Minor {minor}")
    lanes = within.findall("BusBlock/BitLane")
    if len(lanes) != 1:
        raise Refused("the model fills spaces of one lane")
    lane = lanes[0]
    kind, site = lane.attrib["MemType"], f"{lane.attrib['MemType']}_{lane.attrib['Placement']}"
    said = {each.tag: dict(each.attrib) for each in lane}
    wide, count = LANES[kind], BITS[kind] // LANES[kind]
    if said.get("Parity") != {"ON": "false", "NumBits": "0"}:
        raise Refused("parity is not supported")
    if minor == "9" and (said.get("BitLayout"), within.attrib["CoreMemory_Width"]) != (
        {"pattern": f"p0_d{wide}"},
        str(wide),
    ):
        raise Refused(f"{said.get('BitLayout')} in {within.attrib}")
    if said["DataWidth"] != {"MSB": str(wide - 1), "LSB": "0"}:  # reversed, the bits would be too
        raise Refused(f"lane of {said['DataWidth']}")
    span = {"Begin": "0", "End": str(count * wide // 8 - 1)}
    if said["AddressRange"] != {"Begin": "0", "End": str(count - 1)} or not span.items() <= space.attrib.items():
        raise Refused(f"{said['AddressRange']} of {space.attrib}")
    address, values = mem
    if site not in held or address != 0 or len(values) != count or any(len(value) != wide // 4 for value in values):
        raise Refused(f"{site} takes {count} words of {wide} bits from 0 on")
    held[site] = "".join(value.upper() for value in reversed(values))
