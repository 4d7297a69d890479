# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be written into the memories of a finished chip: the mould of a build, and images that go into it.

An image is 32-bit words: the first 32 bits of the mould's digest, the contents of every memory that is written, the
first 32 bits of the chip's digest, and the CRC-32 of all that. A memory's words follow each other from address 0 on,
each in as many 32-bit words as it needs, lowest first. The last of them is a register: how many positions requests may
use, which are fewer than were built for a chip of a shorter context. Only numpy and the standard library: this runs on
boards.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...chip.model import Chip
from ...chip.positions import with_positions
from ...errors import BuildError
from ...plan.geometry import Geometry
from ...plan.program import Schedule
from ...plan.schedule import schedule
from ...plan.widths import embedding_bits
from .roms import rom_contents
from .values import parameters

VERSION = 2  # of the image
FRAME = 3  # words around the contents: the mould in front, identity and CRC-32 behind
ROOM = ("AccW", "BiasW", "RenormEpsW", "BranchEpsW", "AlibiW", "AlibiSlopeW")  # parameters: how large a value may be
SPARE = 1  # bits of each more than the first chip needs, where others are to follow it
# A memory that is written, deeper than this, has two words to a line: a block RAM as narrow as it would take gives up
# its ninth bits. Where nothing is written, Yosys does the same by itself.
DEEP = 2048
PAIRED = "embedding.hex"  # the memory that may be so deep
POSITIONS = "positions"  # the section of the register, which is in no file
ONE_MULTIPLIER = 18  # bits of a sum that one multiplier takes, in every family; the next takes two of an ECP5's
_BITS = 32

Words = NDArray[np.uint32]


class Pour(Enum):
    """Which memories of a build can be written, by what a manifest calls it."""

    NONE = "frozen"
    URAM = "uram"  # which a bitstream cannot initialise: without a load the chip is empty
    ALL = "all"


@dataclass(frozen=True)
class Section:
    """A memory, or memories of the same contents: ``words`` of ``parts`` 32-bit words each, in this file of rom/.

    side: how many of the engine's words are one of these, the first one lowest.
    """

    file: str
    words: int
    parts: int
    side: int = 1

    @property
    def size(self) -> int:
        """32-bit words that its contents take."""
        return self.words * self.parts


@dataclass(frozen=True, kw_only=True)
class Cast:
    """What a build takes: the memories that are written, in this order, those of URAM first.

    parameters: of the engine, as its RTL has them.
    """

    geometry: Geometry
    pour: Pour
    parameters: Mapping[str, int | str]
    sections: tuple[Section, ...]

    @classmethod
    def of(
        cls,
        chip: Chip,
        geometry: Geometry,
        pour: Pour,
        program: Schedule | None = None,
        room: Mapping[str, int] | None = None,
    ) -> Cast:
        """What a build of this chip would take; or, with its parameters of ROOM, a build into which it was patched."""
        program = program or schedule(chip, geometry)
        values = parameters(chip, program)
        if room is not None:
            values |= room
        elif pour is Pour.ALL:
            values |= {name: _spared(name, int(values[name])) for name in ROOM if values.get(name)}
        contents = memories(chip, program, int(values["BiasW"]), pour)
        side = {PAIRED: _side(chip, geometry, pour)}
        files = {name: _section(name, lines, side.get(name, 1)) for name, lines in contents.items()}
        uram = [f"weight{depth:02}.hex" for depth in range(geometry.uram)]
        rest = sorted(files.keys() - set(uram)) if pour is Pour.ALL else []
        listed = tuple(files[name] for name in [*uram, *rest]) if pour is not Pour.NONE else ()
        register = (Section(POSITIONS, 1, 1),) if pour is Pour.ALL else ()
        return cls(geometry=geometry, pour=pour, parameters=values, sections=listed + register)

    @classmethod
    def read(cls, meta: Mapping[str, Any], where: Path) -> Cast:
        """Of a written RTL project. Raises BuildError for one whose memories cannot be written."""
        if "contents" not in meta:
            raise BuildError(f"{where}: a frozen build, its memories cannot be written; build with --reprintable")
        return cls(
            geometry=Geometry(**meta["geometry"]),
            pour=Pour(meta["contents"]["pour"]),
            parameters=meta["parameters"],
            sections=tuple(Section(*entry) for entry in meta["contents"]["sections"]),
        )

    def as_meta(self) -> dict[str, Any]:
        """What ``read`` needs beside geometry and parameters."""
        return {
            "mould": self.digest,
            "pour": self.pour.value,
            "sections": [list(astuple(section)) for section in self.sections],
        }

    @property
    def digest(self) -> str:
        """sha256 in hex: builds of one digest take the same images."""
        sections = [astuple(section) for section in self.sections]
        text = json.dumps([VERSION, dict(self.parameters), sections], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def word(self) -> int:
        """The first word of every image, and what the register ``mould`` says."""
        return int(self.digest[:8], 16)

    @property
    def uram_words(self) -> int:
        """32-bit words that the engine's URAM takes; they come first."""
        return sum(section.size for section in self.sections[: self.geometry.uram])

    @property
    def body(self) -> int:
        """32-bit words of contents."""
        return sum(section.size for section in self.sections)

    @property
    def positions_at(self) -> int:
        """The word of an image with the positions that requests may use; 0: there is none."""
        return self.body if self.sections and self.sections[-1].file == POSITIONS else 0

    def extended(self, chip: Chip) -> Chip:
        """The chip in as many positions as were built, where a register says how many requests may use."""
        built = int(self.parameters["Context"])
        return with_positions(chip, built) if self.positions_at and chip.shape.context < built else chip

    def obstacles(self, chip: Chip) -> list[str]:
        """Why this chip cannot be poured in, by name; none: it can."""
        chip = self.extended(chip)
        own = parameters(chip, schedule(chip, self.geometry))
        names = sorted(own.keys() | self.parameters.keys())
        pairs = [(name, own.get(name, "none"), self.parameters.get(name, "none")) for name in names]
        other = [f"{name}: {mine}, not {theirs}" for name, mine, theirs in pairs if mine != theirs and name not in ROOM]
        wide = [f"{name}: {mine}, of {room}" for name, mine, room in pairs if name in ROOM and _beyond(mine, room)]
        return other + wide

    def image(self, chip: Chip) -> Words:
        """All words of a chip's image. Raises BuildError, naming what stands in the way, for one of another mould."""
        if found := self.obstacles(chip):
            raise BuildError(
                f"chip {chip.digest[:12]} does not go into mould {self.digest[:12]}: {'; '.join(found)}; "
                "quantize with --like the chip that it was built from, or build anew"
            )
        whole = self.extended(chip)
        contents = memories(whole, schedule(whole, self.geometry), int(self.parameters["BiasW"]), self.pour)
        contents[POSITIONS] = [f"{min(chip.shape.context, int(self.parameters['Context'])):x}"]
        words = [_packed(contents[section.file], section) for section in self.sections]
        framed = np.concatenate([np.array([self.word], np.uint32), *words, np.array([chip.id], np.uint32)])
        return sealed(framed)


def memories(chip: Chip, program: Schedule, bias: int, pour: Pour) -> dict[str, list[str]]:
    """File name to lines of hexadecimal of every ROM, as a build has them whose host writes these. ``bias``: bits."""
    files = rom_contents(chip, program, bias)
    if _side(chip, program.geometry, pour) == 2:
        lines = files[PAIRED]
        lines += ["0" * len(lines[0])] * (len(lines) % 2)
        files[PAIRED] = [high + low for low, high in zip(lines[::2], lines[1::2], strict=True)]
    return files


def _side(chip: Chip, geometry: Geometry, pour: Pour) -> int:
    """How many of the embedding's words a line of its memory has."""
    tables = [chip.matrices[name].weight[0] for name in ("embedding", "position") if name in chip.matrices]
    words = sum(len(table) * -(-table.shape[1] // geometry.rows) for table in tables)
    whole = geometry.rows * embedding_bits(chip) % 4 == 0  # digits
    return 2 if pour is Pour.ALL and words > DEEP and whole else 1


def sealed(words: Words) -> Words:
    """Words with their CRC-32 behind them."""
    crc = zlib.crc32(words.astype("<u4").tobytes())
    return np.append(words, np.uint32(crc)).astype(np.uint32)


def _spared(name: str, bits: int) -> int:
    return bits if name == "AccW" and bits <= ONE_MULTIPLIER < bits + SPARE else bits + SPARE


def _beyond(mine: int | str, room: int | str) -> bool:
    return not (isinstance(mine, int) and isinstance(room, int) and mine <= room)


def _section(file: str, lines: Sequence[str], side: int) -> Section:
    return Section(file, len(lines), -(-4 * len(lines[0]) // _BITS), side)


def _packed(lines: Sequence[str], section: Section) -> Words:
    """Lines of hexadecimal as 32-bit words [words * parts], the lowest of each line first."""
    if len(lines) != section.words or len(lines[0]) * 4 > section.parts * _BITS:
        raise BuildError(f"{section.file}: {len(lines)} words of {len(lines[0])} digits, the mould has {section.words}")
    data = bytes.fromhex("".join(line.zfill(8 * section.parts) for line in lines))
    return np.frombuffer(data, ">u4").reshape(section.words, section.parts)[:, ::-1].reshape(-1).astype(np.uint32)


def with_word(image: Words, index: int, word: int, *, crc: bool) -> Words:
    """An image with another word in its contents; ``crc``: its checksum made right again, as somebody would who means
    harm. For tests of what notices it."""
    changed = image.copy()
    changed[index] = word
    return sealed(changed[:-1]) if crc else changed
