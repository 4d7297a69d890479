# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which block RAM of a netlist holds which bits of which ROM, and what it holds once a ROM has other contents.

Yosys cuts a ROM into block RAMs ``<instance>.mem.<copy>.<number>``. Side by side they make a wide word; a ROM of more
words than a block RAM has puts its first part lowest in that word, the next one above it. Columns that are the same in
every word are wires by then; of a memory that can be written, those that its mould has as wires. Nothing of this is
believed: what a netlist holds has to come out of the files that it was made of, every bit of it, and only then is a
place known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BuildError
from ..targets.family import BlockRam

ROMS = ("rom", "rom_pair", "written_rom", "written_rom_pair")  # modules whose contents are in block RAM
DIGIT = 4  # bits
_CELL = re.compile(r"(?P<instance>.+)\.mem\.(?P<copy>\d+)\.(?P<number>\d+)")

Bits = NDArray[np.uint8]  # zeros and ones


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A ROM in block RAM. cells: in order, each of ``width`` bits a word; kept: the columns of the file's words that
    are in them, in order. files: those whose contents it has, more than one where they are equal."""

    instance: str
    files: tuple[str, ...]
    cells: tuple[str, ...]
    width: int
    kept: tuple[int, ...]

    def words(self, ram: BlockRam, columns: Bits) -> Bits | None:
        """What its cells hold side by side [words, cells * width] of a file's bits [N, W]; None: it has no room."""
        depth = ram.words * (ram.bits if self.width >= ram.bits // 2 else ram.bits - 2) // self.width
        parts = -(-len(columns) // depth)
        if parts * len(self.kept) > self.width * len(self.cells):
            return None
        whole = np.zeros((parts * depth, len(self.kept)), np.uint8)
        whole[: len(columns)] = columns[:, self.kept]
        wide = np.zeros((depth, self.width * len(self.cells)), np.uint8)
        wide[:, : parts * len(self.kept)] = whole.reshape(parts, depth, -1).swapaxes(0, 1).reshape(depth, -1)
        return wide

    def planes(self, ram: BlockRam, columns: Bits) -> dict[str, Bits]:
        """Contents of each of its cells [words, bits]."""
        wide = self.words(ram, columns)
        assert wide is not None  # it has been found by such a file
        return {
            name: _plane(ram, wide[:, number * self.width : (number + 1) * self.width])
            for number, name in enumerate(self.cells)
        }

    def fixed(self, columns: Bits) -> dict[int, int]:
        """What of a file's words is a wire: the bit of each such column."""
        return {column: int(columns[0, column]) for column in range(columns.shape[1]) if column not in set(self.kept)}


def columns_of(lines: Sequence[str]) -> Bits:
    """Words of hexadecimal as bits [N, W], the lowest first, in whole digits."""
    digits = np.array([list(bytes.fromhex(line.zfill(len(line) + len(line) % 2))) for line in lines], np.uint8)
    bits = np.unpackbits(digits[:, ::-1], axis=1, bitorder="little")
    return bits[:, : DIGIT * len(lines[0])]


def block_rams(cells: Mapping[str, Any], ram: BlockRam) -> dict[str, Bits]:
    """Contents [words, bits] of every block RAM of a netlist, by its name."""
    return {name: _contents(ram, name, cell) for name, cell in cells.items() if cell["type"] == ram.cell}


def put(ram: BlockRam, cell: dict[str, Any], plane: Bits) -> None:
    """Give a cell of a netlist these contents [words, bits]."""
    padded = np.zeros((ram.words, ram.place), np.uint8)
    padded[:, : ram.bits] = plane
    for number, piece in enumerate(padded.reshape(-1, ram.piece * ram.place)):
        cell["parameters"][ram.parameter.format(number)] = (piece[::-1] + ord("0")).tobytes().decode()


def locate(
    cells: Mapping[str, Any],
    ram: BlockRam,
    module_of: Mapping[str, str],
    files: Mapping[str, Bits],
    wires: Mapping[str, int] | None,
) -> list[Memory]:
    """Every ROM in block RAM.

    module_of: of each instance. files: bits [N, W] of what the netlist was made of. wires: by file, bits that are none
    of the memory's; None: those that are the same in every word. Raises BuildError, naming the instance, for contents
    that come out of no file, and for contents of a memory that is no ROM.
    """
    contents, found = block_rams(cells, ram), []
    for (instance, copy), names in _groups(contents).items():
        planes = [contents[name] for name in names]
        if module_of.get(instance) in ROMS:
            found.append(_memory(ram, instance, names, planes, _width(ram, instance, cells[names[0]]), files, wires))
        elif any(plane.any() for plane in planes):
            raise BuildError(f"{instance} (copy {copy}): contents in a memory that is no ROM; build anew")
    return found


def _memory(
    ram: BlockRam,
    instance: str,
    names: Sequence[str],
    planes: Sequence[Bits],
    width: int,
    files: Mapping[str, Bits],
    wires: Mapping[str, int] | None,
) -> Memory:
    held = np.concatenate([_words(plane, width) for plane in planes], axis=1)
    for name, columns in files.items():
        for kept in _kept(columns, None if wires is None else wires.get(name, 0)):
            memory = Memory(instance=instance, files=(name,), cells=tuple(names), width=width, kept=kept)
            words = memory.words(ram, columns)
            if words is not None and np.array_equal(words, held):
                same = [other for other, bits in files.items() if np.array_equal(bits, columns)]
                return Memory(instance=instance, files=tuple(same), cells=tuple(names), width=width, kept=kept)
    raise BuildError(
        f"{instance}: {len(names)} block RAMs of {width} bits hold what comes out of no file of rom/; the netlist is "
        "not of these, or lays memories out in a way that is not known"
    )


def _kept(columns: Bits, wires: int | None) -> Iterator[tuple[int, ...]]:
    """Columns that may be in block RAM. Those of a last digit may be more than the word has bits; what are wires may be
    in it and not be read."""
    if wires is None:
        yield tuple(np.flatnonzero(columns.min(0) != columns.max(0)).tolist())
        return
    last = columns.shape[1]
    for beyond in range(DIGIT):
        if not columns[:, last - beyond :].any():
            every = range(last - beyond)
            if wires:
                yield tuple(column for column in every if not wires >> column & 1)
            yield tuple(every)


def _groups(contents: Mapping[str, Bits]) -> dict[tuple[str, int], list[str]]:
    """Cells of each memory and copy, in order. Raises BuildError for a name that says nothing, and for a gap."""
    numbered: dict[tuple[str, int], dict[int, str]] = {}
    for name in contents:
        match = _CELL.fullmatch(name)
        if match is None:
            raise BuildError(f"a block RAM {name}, which no memory of the sources is called; synthesize again")
        numbered.setdefault((match["instance"], int(match["copy"])), {})[int(match["number"])] = name
    for (instance, _), names in numbered.items():
        if sorted(names) != list(range(len(names))):
            raise BuildError(f"{instance}: block RAMs {sorted(names)}, where all from 0 on should be; synthesize again")
    return {key: [names[number] for number in sorted(names)] for key, names in numbered.items()}


def _width(ram: BlockRam, instance: str, cell: Mapping[str, Any]) -> int:
    """Bits of a word at the ports that have a clock."""
    used = [port for port in ram.ports if cell["connections"][ram.clock.format(port)] not in (["0"], ["x"])]
    widths = {int(cell["parameters"][ram.width.format(port)], 2) for port in used}
    if len(widths) != 1:
        raise BuildError(f"{instance}: ports of {sorted(widths)} bits; which bits are which is not known")
    return widths.pop()


def _contents(ram: BlockRam, name: str, cell: Mapping[str, Any]) -> Bits:
    pieces, size = [], ram.piece * ram.place
    for number in range(ram.words // ram.piece):
        text = cell["parameters"].get(ram.parameter.format(number), "").replace("x", "0")
        if len(text) > size or set(text) - {"0", "1"}:
            raise BuildError(f"{name}: initial contents {text[:20]!r} are no {size} bits; synthesize again")
        pieces.append(np.frombuffer(text[::-1].ljust(size, "0").encode(), np.uint8) - ord("0"))
    whole = np.concatenate(pieces).reshape(ram.words, ram.place)
    if whole[:, ram.bits :].any():
        raise BuildError(f"{name}: initial contents beyond its {ram.bits} bits; synthesize again")
    return whole[:, : ram.bits].astype(np.uint8)


def _words(plane: Bits, width: int) -> Bits:
    """Contents [words, bits] as a port of ``width`` sees them [its words, width]."""
    byte = plane.shape[1] // 2
    if width >= byte:
        return plane.reshape(-1, width)
    return plane.reshape(-1, byte)[:, : byte - 1].reshape(-1, width)


def _plane(ram: BlockRam, words: Bits) -> Bits:
    """The inverse of ``_words``."""
    byte = ram.bits // 2
    if words.shape[1] >= byte:
        return words.reshape(ram.words, ram.bits)
    whole = np.zeros((2 * ram.words, byte), np.uint8)
    whole[:, : byte - 1] = words.reshape(-1, byte - 1)
    return whole.reshape(ram.words, ram.bits)
