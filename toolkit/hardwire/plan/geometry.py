# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The multipliers, memories and pipeline registers of an engine: what a plan chooses. Nothing here changes a bit of
the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from ..chip.model import Shape
from ..errors import BuildError
from ..ops.choice import MOST_BEST
from . import words
from .choice import GUIDE_WORDS
from .drafts import ENTRIES

Style = Literal["fabric", "packed", "apart"]
MOST_STREAMS = 4  # contexts of an engine
STYLES = tuple(style.name.lower() for style in words.Style)
STAGES = {
    "lane_stages": 4,
    "factor_stages": 2,
    "round_stages": 3,
    "read_stages": 2,
    "sum_stages": 3,
}  # the most of each


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """rows * depth * columns lanes, banks positions of the cache per cycle, and how their products are built.

    A lane sums ``terms`` columns of one row per cycle. ``packed_groups`` of the columns / terms groups take two rows to
    a multiplier block; the others are in LUTs. Of scores and of mixed values, ``score_fabric`` banks and
    ``mix_fabric`` channels are in LUTs whatever the style of the rest.
    """

    columns: int = 8  # per step; a multiple of rows
    rows: int = 8  # per read; even
    depth: int = 8  # reads per pass
    terms: int = 4
    packed_groups: int = 0
    banks: int = 12
    divides: int = 2  # quotients of a head per cycle
    score_style: Style = "packed"
    score_fabric: int = 0
    mix_style: Style = "packed"
    mix_fabric: int = 0
    # Pipeline registers, each stage beyond the first for a higher clock.
    lane_stages: int = 2  # 1: products and accumulator in one cycle; 3: products in two; 4: read-outs too
    factor_stages: int = 1  # 2: a register in front of the multipliers of rows
    round_stages: int = 2  # 1: shift and rounding in one cycle; 3: the clamp in one of its own, a root's shift too
    read_stages: int = 1  # 2: a register behind the block RAMs of cache, exponentials, reciprocals and roots
    sum_stages: int = 1  # 2: attention's products, their sums, maxima, a norm's squares in one more; 3: sums in two
    uram: int = 0  # depths whose weights are in URAM, loaded at boot; even
    split: bool = False  # the few words by which a depth's weights pass a power of two are in LUTs
    minus: bool = True  # carry chains in the form that AMD parts share with multiplexers
    trace: bool = False  # keep checksums of the last token's stages for the host
    streams: int = 1  # contexts in flight
    share: int = 0  # positions of the cache that each stream has; 0: the whole context
    best: int = 0  # tokens that an extended sampler keeps in order; 0: the sampler is a plain one
    guide_words: int = 0  # transitions of an automaton that it has room for; 0: the host alone guides
    drafts: int = 0  # trigrams by which the next token is guessed, in a pass that an idle stream lends; 0: none is

    def __post_init__(self) -> None:
        c, r = self.columns, self.rows
        if min(c, r, self.depth, self.terms, self.banks, self.divides) < 1 or r % 2 or c % r or c % self.terms:
            raise BuildError(
                f"{c} columns, {r} rows, {self.terms} terms: rows is even, columns a multiple of rows and of terms"
            )
        if self.depth > 99 or self.packed_groups > self.groups or self.uram > self.depth or self.uram % 2:
            raise BuildError(
                f"depth {self.depth}, {self.packed_groups} packed groups, {self.uram} depths in URAM: depth is at most "
                f"99, packed groups at most {self.groups}, depths in URAM an even part of all"
            )
        if not 1 <= self.streams <= MOST_STREAMS or self.share < 0:
            raise BuildError(
                f"{self.streams} streams, {self.share} positions of each: an engine holds 1 to {MOST_STREAMS} streams"
            )
        if not 0 <= self.best <= MOST_BEST:
            raise BuildError(f"best {self.best}: a sampler keeps up to {MOST_BEST} tokens in order; 0 is a plain one")
        (low, high), guide = GUIDE_WORDS, self.guide_words
        if guide and (not self.best or not low <= guide <= high or guide & (guide - 1)):
            raise BuildError(
                f"guide words {guide}, best {self.best}: the table of an extended sampler has a power of two of them, "
                f"{low} to {high:,}; 0 is none"
            )
        (low, high), drafts = ENTRIES, self.drafts
        if drafts and (not low <= drafts <= high or drafts & (drafts - 1)):
            raise BuildError(f"drafts {drafts}: a table has a power of two of entries, {low} to {high:,}; 0 is none")
        if drafts and not self.lends:
            raise BuildError(
                f"drafts {drafts}, {self.streams} streams, best {self.best}: a draft runs in a pass that an idle "
                "stream lends, so there are 2 streams or more, whose samplers are plain"
            )
        if not {self.score_style, self.mix_style} <= set(STYLES):
            raise BuildError(f"styles are {', '.join(STYLES)}, not {self.score_style!r} and {self.mix_style!r}")
        for name, most in STAGES.items():
            if not 1 <= getattr(self, name) <= most:
                raise BuildError(f"{name} {getattr(self, name)}: there are 1 to {most}")

    def as_dict(self) -> dict[str, int | str]:
        """The fields by name, as manifests have them: without drafts as it was before there were any."""
        return {name: value for name, value in asdict(self).items() if name != "drafts" or value}

    @property
    def lends(self) -> bool:
        """Whether idle streams lend their passes to the prompts of others. Not where samplers are extended: while one
        draws, its stream looks idle and is not."""
        return self.streams > 1 and not self.best

    @property
    def groups(self) -> int:
        """Sums of ``terms`` products that make up a step of one row."""
        return self.columns // self.terms

    @property
    def lanes(self) -> int:
        """Multiplications per cycle of the matrices."""
        return self.columns * self.rows * self.depth

    @property
    def scores_lack_a_constant(self) -> bool:
        """Whether all scores are made in LUTs, whose digits leave the same out of each."""
        return self.score_style == "fabric" or self.score_fabric == self.banks

    # Latencies of the pipeline, in cycles.

    @property
    def lane_late(self) -> int:
        """A pass's last step (A0) to its first read (E1)."""
        return 2 + self.lane_stages

    @property
    def residual_late(self) -> int:
        """E1 to a row that is stored as it is: residual, values."""
        return words.y_late(self.factor_stages, self.round_stages)

    @property
    def post_late(self) -> int:
        """E1 to a row that is stored after rotation, or after its activation."""
        return self.residual_late + words.z_late(self.factor_stages, self.round_stages)

    @property
    def root_late(self) -> int:
        """A complete residual to its root, which joins the multipliers of a read one cycle before its E1."""
        return words.ROOT_LATE + self.root_stages

    @property
    def root_stages(self) -> int:
        """Of a root further ones: of its table, of the sum of squares, of its rounding."""
        return self.read_stages - 1 + int(self.sum_stages > 1) + int(self.round_stages > 2)

    @property
    def renorm_stages(self) -> int:
        """Of a norm inside a layer: further ones of its root, and those of the rounding."""
        return self.root_stages + self.round_stages

    @property
    def peak_late(self) -> int:
        """Cycles by which the largest score comes later than scores do, because sums have more than one stage."""
        return int(self.sum_stages > 1)

    @property
    def value_late(self) -> int:
        """Cycles by which values are read later than with one stage of everything."""
        return self.read_stages - 1 + self.sum_stages - 1 + self.peak_late

    @property
    def mixed_late(self) -> int:
        """The same of a head's quotients, with the exponentials' and the reciprocal's reads and the sums of both."""
        return self.value_late + 2 * (self.read_stages - 1) + self.sum_stages - 1 + self.peak_late

    @property
    def plain_late(self) -> int:
        """E1 to a hidden value that is a table's entry."""
        return self.residual_late + 1


def shared_heads(shape: Shape, rows: int) -> int:
    """Heads whose keys and queries share a word: as many as fill a read, where each head has keys of its own.

    Of an odd head_dim none: partners of a rotation are on neighbouring rows.
    """
    together = rows // shape.head_dim
    fits = together > 1 and rows % shape.head_dim == 0 and shape.head_dim % 2 == 0
    return together if fits and shape.heads == shape.kv_heads and shape.heads % together == 0 else 1


def parse_geometry(text: str, base: Geometry = Geometry()) -> Geometry:
    """A geometry of ``base`` with fields changed, written "columns=16,banks=24". Raises BuildError for what is none."""
    types = {f.name: f.type for f in fields(Geometry)}
    changes: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = (word.strip() for word in part.partition("="))
        if name not in types:
            raise BuildError(f"--geometry {part!r}: no field {name!r}; there are {', '.join(types)}")
        if types[name] == "int" and not value.lstrip("-").isdigit():
            raise BuildError(f"--geometry {part!r}: {name} is a number")
        changes[name] = int(value) if types[name] == "int" else value
        if types[name] == "bool":
            changes[name] = value in ("1", "true")
    return replace(base, **changes)


def geometry_of(entries: Mapping[str, int | str], folder: Path) -> Geometry:
    """The geometry that a manifest has. Raises BuildError where its fields are not those of one."""
    values: Mapping[str, Any] = entries
    try:
        return Geometry(**values)
    except TypeError as error:
        raise BuildError(
            f"{folder}: the geometry of its manifest is none ({error}); run hardwire build again"
        ) from None
