# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The block RAMs of a design that Vivado has placed, by the report that build.tcl leaves: where each is, which words
and bits of its memory it has, and what it holds.

    hardwire block RAMs 1
    sources <digest>
    part <part>
    cell <name>             and its properties, one a line: LOC RAMB36_X2Y5, BRAM_SLICE_END 35, INIT_00 256'h...
    end <cells>

The report is not trusted, and what it says of a memory is not believed: what a block RAM holds has to come out of a
file of rom/ by that, every bit, and only then is its place known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BuildError
from .memories import Bits

REPORT = "block_rams.txt"
HEAD = "hardwire block RAMs 1"
LARGEST = 64 << 20  # bytes of a report
LONGEST_NAME = 1024
LINE = 256  # bits of an initialisation property
SHOWN = 4  # of a list that an error tells
DATA = {1: 1, 2: 2, 4: 4, 9: 8, 18: 16, 36: 32, 72: 64}  # of a port's bits, those that are not parity
_CELL = re.compile(r"[\x21-\x7e]+")
_SITE = re.compile(r"(RAMB18|RAMB36)_(X\d{1,3}Y\d{1,3})")
_LAYOUT = re.compile(r"p(\d{1,2})_d(\d{1,2})")
_INIT = re.compile(r"(INITP?)_([0-9A-F]{2})")
_VALUE = re.compile(r"256'h([0-9a-fA-F]{1,64})")
_NUMBERS = ("BRAM_ADDR_BEGIN", "BRAM_ADDR_END", "BRAM_SLICE_BEGIN", "BRAM_SLICE_END")


@dataclass(frozen=True, eq=False, kw_only=True)
class Placed:
    """A block RAM. kind: RAMB18 or RAMB36; site: "X2Y5". It has bits ``low`` to ``high`` of words ``first`` to ``last``
    of its memory: ``data`` of them in its contents, as ``width`` bits a word, and those above in its parity.

    init, parity: what it holds, bit 0 first.
    """

    name: str
    kind: str
    site: str
    first: int
    last: int
    low: int
    high: int
    data: int
    width: int
    init: Bits
    parity: Bits

    def holding(self, columns: Bits) -> tuple[Bits, Bits] | None:
        """What it would hold of a memory's bits [N, W]: contents and parity. None: that memory has no such bits."""
        if self.high >= columns.shape[1] or self.first >= len(columns):
            return None
        words = columns[self.first : self.last + 1, self.low : self.high + 1]
        place, above = DATA[self.width], self.width - DATA[self.width]
        init, parity = np.zeros((self.init.size // place, place), np.uint8), np.zeros_like(self.parity)
        init[: len(words), : self.data] = words[:, : self.data]
        if above:
            beside = parity.reshape(-1, above)
            beside[: len(words), : words.shape[1] - self.data] = words[:, self.data :]
        return init.reshape(-1), parity


@dataclass(frozen=True, eq=False, kw_only=True)
class Change:
    """A block RAM that is to hold something else: its contents, bit 0 first."""

    cell: Placed
    init: Bits


def read_report(path: Path, part: str, sources: str) -> list[Placed]:
    """The block RAMs of a report. Raises BuildError for one that is missing or malformed, and for that of another part
    or of other sources."""
    try:
        if path.stat().st_size > LARGEST:
            raise BuildError(f"{path}: more than {LARGEST >> 20} MiB, no report of block RAMs is; run Vivado again")
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BuildError(
            f"{path}: no report of block RAMs ({error}), which build.tcl writes; write the build again and run it"
        ) from None
    for number, wanted in enumerate((HEAD, f"sources {sources}", f"part {part}")):
        found = lines[number] if number < len(lines) else "nothing"
        if found != wanted:
            raise BuildError(f"{path}: line {number + 1} is {found[:80]!r}, not {wanted!r}; run Vivado on this build")
    starts = [number for number, line in enumerate(lines) if line.startswith("cell ")]
    if lines[-1] != f"end {len(starts)}" or (starts or [len(lines) - 1])[0] != 3:
        raise BuildError(f"{path}: it ends with {lines[-1][:80]!r} behind {len(starts)} cells; run Vivado again")
    ends = [*starts[1:], len(lines) - 1][: len(starts)]
    cells = [_placed(path, lines[start:end]) for start, end in zip(starts, ends, strict=True)]
    for what in ({cell.name for cell in cells}, {(cell.kind, cell.site) for cell in cells}):
        if len(what) != len(cells):
            raise BuildError(f"{path}: two cells of one name, or at one site; run Vivado again")
    return cells


def _placed(path: Path, lines: list[str]) -> Placed:
    name = lines[0].removeprefix("cell ")
    entries = [line.partition(" ")[::2] for line in lines[1:]]
    said = dict(entries)

    def wrong(what: str) -> BuildError:
        return BuildError(f"{path}: cell {name[:80]}: {what}; run Vivado again")

    if not _CELL.fullmatch(name) or len(name) > LONGEST_NAME or len(said) != len(entries):
        raise wrong("no name, or a property that comes twice")
    site, kind = _SITE.fullmatch(said.get("LOC", "")), said.get("REF_NAME", "")
    if site is None or kind[:-2] != site[1] or kind[-2:] not in ("E1", "E2"):
        raise wrong(f"a {kind[:20]!r} at {said.get('LOC', '')[:20]!r}, which is no block RAM at its site")
    if not all(re.fullmatch(r"\d{1,6}", said.get(key, "")) for key in _NUMBERS):
        raise wrong(f"its {', '.join(_NUMBERS)} are {[said.get(key, '')[:12] for key in _NUMBERS]}")
    first, last, low, high = (int(said[key]) for key in _NUMBERS)
    count = 64 if site[1] == "RAMB18" else 128
    port = next((p for p in "AB" if said.get(f"READ_WIDTH_{p}", "0") != "0"), "A")
    width, layout = said.get(f"READ_WIDTH_{port}", ""), said.get(f"MEM.PORT{port}.DATA_BIT_LAYOUT", "")
    match = _LAYOUT.fullmatch(layout)
    if match is None or not re.fullmatch(r"\d{1,2}", width) or int(width) not in DATA:
        raise wrong(f"a port of {width[:12]!r} bits in the layout {layout[:20]!r}, which is not known")
    parity, data, place = int(match[1]), int(match[2]), DATA[int(width)]
    fits = data <= place and parity <= int(width) - place and parity + data == high - low + 1
    if not fits or not 0 <= last - first < count * LINE // place:
        raise wrong(f"words {first} to {last}, bits {low} to {high} do not lie in {width} bits by {layout}")
    return Placed(
        name=name,
        kind=site[1],
        site=site[2],
        first=first,
        last=last,
        low=low,
        high=high,
        data=data,
        width=int(width),
        init=_contents(said, "INIT", count, wrong),
        parity=_contents(said, "INITP", count // 8, wrong),
    )


def _contents(said: Mapping[str, str], prefix: str, count: int, wrong: Callable[[str], BuildError]) -> Bits:
    """All bits of the properties of that name, of which those that are not said are zero."""
    values = [0] * count
    for name, value in said.items():
        if (found := _INIT.fullmatch(name)) is None or found[1] != prefix:
            continue
        number, word = int(found[2], 16), _VALUE.fullmatch(value)
        if number >= count or word is None:
            raise wrong(f"{name} is {value[:24]!r}, and it has {count} of 256 bits")
        values[number] = int(word[1], 16)
    data = b"".join(value.to_bytes(LINE // 8, "little") for value in values)
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")


def changes(
    where: Path, cells: list[Placed], before: Mapping[str, Bits], after: Mapping[str, Bits]
) -> tuple[list[Change], list[str]]:
    """Block RAMs that hold something else once the memories do, and the files that are in block RAMs.

    before, after: bits [N, W] by file. Raises BuildError, naming them, for contents that come out of no file or out of
    two that become different, for bits that are in no block RAM, and for those that are in parity.
    """
    changed, covered = [], {name: np.zeros(columns.shape, bool) for name, columns in before.items()}
    in_parity = []
    for cell in cells:
        if not (cell.init.any() or cell.parity.any()):
            continue  # a memory that is no ROM, or zeros: what has to change in those is found to be in no block RAM
        names = [name for name, columns in before.items() if _is(cell, cell.holding(columns))]
        held = [cell.holding(after[name]) for name in names]
        if not held or held[0] is None:
            raise BuildError(
                f"{where}: block RAM {cell.name} holds what comes out of no file of rom/; run Vivado again"
            )
        init, parity = held[0]
        if any(other is None or not _is(cell, other, init, parity) for other in held):
            raise BuildError(
                f"{where}: {' and '.join(names)} were equal in block RAM {cell.name}, which of them it has is not known"
            )
        for name in names:
            covered[name][cell.first : cell.last + 1, cell.low : cell.high + 1] = True
        if not np.array_equal(parity, cell.parity):
            in_parity.append(cell.name)
        if not np.array_equal(init, cell.init):
            changed.append(Change(cell=cell, init=init))
    _refuse(where, covered, before, after, in_parity)
    return changed, [name for name, mask in covered.items() if mask.any()]


def _is(cell: Placed, held: tuple[Bits, Bits] | None, init: Bits | None = None, parity: Bits | None = None) -> bool:
    wanted = cell.init if init is None else init, cell.parity if parity is None else parity
    return held is not None and all(np.array_equal(a, b) for a, b in zip(held, wanted, strict=True))


def _refuse(
    where: Path,
    covered: Mapping[str, Bits],
    before: Mapping[str, Bits],
    after: Mapping[str, Bits],
    in_parity: list[str],
) -> None:
    """Raise BuildError where what cannot be written would have to change."""
    wrong = []
    for name, columns in before.items():
        odd = (columns != after[name]) & ~covered[name]
        if words := int(odd.any(1).sum()):
            wrong.append(f"{name}: {words} of {len(columns)} words differ in bits that are in no block RAM")
    if in_parity:
        wrong.append(
            f"{len(in_parity)} block RAMs have bits in parity, {in_parity[0]} the first, which updatemem does not write"
        )
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise BuildError(
            f"{where}: what cannot be patched would have to change: {'; '.join(wrong[:SHOWN])}{more}; quantize with "
            "--patchable, or build with --reprintable and load it on the board"
        )
