# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""When everything happens: the control program that the RTL plays, and with it the exact cycles of a token.

Cycle 0 is the one in which the token loop accepts a token (``fetch_o`` of ``rtl/engine.sv``). A token is a
list of matrix runs on the lanes with one attention per layer between them. A run reads its rows out in
*emissions* of ``groups`` rows; what becomes of each is a word of the emission ROM, in the same order.
Every latency below is a property of the RTL's pipeline; the names A0.. and E0.. are those of engine.sv.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .chip import Chip, Formats, Shape
from .errors import BuildError
from .ops import rope, sampler

# engine_pkg::kind_e and source_e
EMBED, RESIDUAL, QUERY, KEY, VALUE, GATE, UP, LOGIT = range(8)
NORM, MIXED, HIDDEN = range(3)

TAG_TO_READ = 4  # from a pass's tag (A0) to its first read (E0)
READ_TO_ROW = 7  # E0 to a row stored as it is: residual, values
READ_TO_POST = 10  # E0 to a row stored after rotation or gating
READ_TO_TOKEN = 12  # E0 of the last logits to the sampled token
ROOT_HOLD = 3  # slots that a norm's root is behind the last step
EMBED_READ = 2  # fetch to the first read of the embedding
BLOCK_TO_VALUE = 9  # a head's last block to the read of its values
HEAD_TO_MIXED = 19  # a layer's last block, twice walked, to its first quotient
LEAST_SPACING = 4  # cycles between heads: the score buffer holds two
NOISE_LATE = 17  # fetch to the first noise stored
SHORT_END, FULL_END = 1, 2  # from a token's last word to the next fetch


@dataclass(frozen=True)
class Geometry:
    """The multipliers and memories of an engine: what a plan chooses. Nothing here changes a bit of the result."""

    groups: int = 8  # columns per step and rows per read; even
    depth: int = 9  # reads per pass: groups * depth rows
    banks: int = 12  # cached positions per cycle
    divides: int = 2  # quotients per cycle; divides groups
    fabric_columns: int = 0  # of the groups**2 / 2 lane columns, those without a multiplier block
    packed_lanes: bool = True  # two rows per multiplier
    packed_scores: bool = True

    def __post_init__(self) -> None:
        if self.groups < 2 or self.groups % 2 or self.groups % self.divides:
            raise BuildError(f"{self.groups} groups, {self.divides} divides: groups is even, divides a part of it")
        if min(self.depth, self.banks, self.divides) < 1 or self.depth > 99:
            raise BuildError(f"depth {self.depth}, banks {self.banks}: 1 or more, at most 99 deep")


Row = tuple[str, int] | None  # (matrix, row), or padding


@dataclass(frozen=True)
class Emission:
    """One read: rows of one matrix, one per lane, and what becomes of them."""

    kind: int
    layer: int
    rows: tuple[Row, ...]
    dest: int
    post: int = 0
    fold: bool = False
    first: bool = False

    @property
    def matrix(self) -> str | None:
        return next((row[0] for row in self.rows if row is not None), None)


@dataclass(frozen=True)
class Run:
    """One start of the lanes."""

    source: int
    layer: int
    columns: tuple[int | None, ...]  # groups per step, None is padding
    emissions: tuple[Emission, ...]
    hold: int = 0

    def steps(self, groups: int) -> int:
        return len(self.columns) // groups


@dataclass(frozen=True)
class Word:
    """One word of the control program."""

    at: int  # cycle at the position where attention adds nothing
    run: Run | None = None
    attend: bool = False
    ends: bool = False
    after_span: bool = False  # the wait before it grows with the blocks of the cache


@dataclass
class Schedule:
    """The program of one chip on one geometry, and its exact cycles."""

    shape: Shape
    formats: Formats
    geometry: Geometry
    embed: list[Emission] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    head_at: int = 0
    end_at: int = 0

    @property
    def parts(self) -> int:
        """Reads per head."""
        return _ceil(self.shape.head_dim, self.geometry.groups)

    @property
    def part_bits(self) -> int:
        return max((self.parts - 1).bit_length(), 1)

    @property
    def blocks(self) -> int:
        """Of the cache, banks positions each."""
        return _ceil(self.shape.context, self.geometry.banks)

    @property
    def spacing(self) -> int:
        """Least cycles from one head's first block to the next head's."""
        return max(LEAST_SPACING, self.quotient_steps)

    @property
    def quotient_steps(self) -> int:
        return self.parts * self.geometry.groups // self.geometry.divides

    @property
    def runs(self) -> list[Run]:
        return [word.run for word in self.words if word.run is not None]

    @property
    def emissions(self) -> list[Emission]:
        return self.embed + [e for run in self.runs for e in run.emissions]

    def span(self, position: int) -> int:
        """Cycles that the heads of one layer walk the cache: position.sv keeps the same number."""
        n = position // self.geometry.banks + 1
        return (self.shape.heads - 1) * max(n, self.spacing) + 2 * (n - 1)

    def cycles(self, position: int, generated: bool = True) -> int:
        """From the fetch of the token at ``position`` to the next possible fetch.

        ``generated``: logits and sampling are wanted; otherwise an inner token of a prompt.
        """
        fixed = self.end_at + FULL_END if generated else self.head_at + SHORT_END
        return fixed + self.shape.layers * self.span(position)

    def mean_cycles(self, first: int = 0, last: int = 255) -> float:
        """Mean of generated tokens over positions first .. last."""
        last = min(last, self.shape.context - 1)
        return sum(self.cycles(p) for p in range(first, last + 1)) / (last + 1 - first)


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


def schedule(chip: Chip, geometry: Geometry) -> Schedule:
    """Lay out one token. Starts each run as early as its operands, the lanes and the read-out allow."""
    made = Schedule(chip.shape, chip.formats, geometry)
    player = _Player(made)
    groups = geometry.groups
    made.embed = _vector_emissions(made, "embedding", EMBED, 0, chip.shape.dim)
    ready = EMBED_READ + len(made.embed) - 1 + READ_TO_ROW  # the residual is complete
    for layer in range(chip.shape.layers):
        ready = player.layer(layer, ready, int(chip.gate_shift[layer]))
    logits = [
        Emission(
            LOGIT,
            0,
            _rows("head", range(i, i + groups), chip.shape.vocab),
            i // groups,
            fold=True,
            post=chip.formats.logit_fraction + sampler.TEMPERATURE_FRACTION - sampler.NOISE_FRACTION,
            first=i == 0,
        )
        for i in range(0, chip.shape.vocab, groups)
    ]
    head = Run(NORM, 0, _columns(chip.shape.dim, groups), tuple(logits), ROOT_HOLD)
    noise_ready = NOISE_LATE + len(logits) * groups // 2
    first_logit = player.reads(head, 0)[0] + READ_TO_POST - 1
    made.head_at = player.start(head, max(ready - 2, noise_ready - first_logit), ends=True)
    made.end_at = player.reads(head, made.head_at)[-1] + READ_TO_TOKEN
    made.words.append(Word(made.end_at, ends=True))
    return made


class _Player:
    """Places runs in time. Cycles are those of a cache of one block with the span taken as zero:
    what follows attention is later by the span, everywhere alike."""

    def __init__(self, made: Schedule) -> None:
        self.made = made
        self.free = 1  # first cycle in which a word may start the lanes
        self.read_free = 0  # first cycle in which a read may be issued
        self.after_span = False
        self.made.words.append(Word(1))

    def reads(self, run: Run, at: int) -> list[int]:
        """The cycle of every emission's read (E0), were the run started at ``at``."""
        steps, depth = run.steps(self.made.geometry.groups), self.made.geometry.depth
        length, tag = max(steps + 1, depth), at + 1 + steps + run.hold
        return [tag + (i // depth) * length + TAG_TO_READ + i % depth for i in range(len(run.emissions))]

    def start(self, run: Run, earliest: int, ends: bool = False) -> int:
        """Start the run at ``earliest`` or as soon after as lanes, read-out and program allow."""
        at = max(earliest, self.free, self.made.words[-1].at + 1)
        at = max(at, at + self.read_free - self.reads(run, at)[0])
        reads = self.reads(run, at)
        self.made.words.append(Word(at, run, ends=ends, after_span=self.after_span))
        self.after_span = False
        depth = self.made.geometry.depth
        self.free = reads[(len(reads) - 1) // depth * depth] - TAG_TO_READ  # the tag of its last pass
        self.read_free = reads[-1] + 1
        return at

    def layer(self, layer: int, ready: int, gate_shift: int) -> int:
        """Place one layer whose residual is complete at ``ready``; when the next residual is."""
        shape, groups = self.made.shape, self.made.geometry.groups
        qkv = Run(NORM, layer, _columns(shape.dim, groups), tuple(_head_emissions(self.made, layer)), ROOT_HOLD)
        walk = self._attend(qkv, self.start(qkv, ready - 2))

        columns = tuple(
            h * shape.head_dim + c if c < shape.head_dim else None
            for h in range(shape.heads)
            for c in range(self.made.parts * groups)
        )
        mix = Run(MIXED, layer, columns, tuple(_vector_emissions(self.made, "o", RESIDUAL, layer, shape.dim)))
        mixed = walk + HEAD_TO_MIXED + self.made.quotient_steps
        self.after_span = True
        at = self.start(mix, mixed - 2 - (mix.steps(groups) - 1))
        ready = self.reads(mix, at)[-1] + READ_TO_ROW

        gated = Run(
            NORM, layer, _columns(shape.dim, groups), tuple(_gate_emissions(self.made, layer, gate_shift)), ROOT_HOLD
        )
        reads = self.reads(gated, self.start(gated, ready - 2))
        hidden = [read + READ_TO_POST for read in reads[1::2]]
        down = Run(
            HIDDEN,
            layer,
            _columns(shape.hidden, groups),
            tuple(_vector_emissions(self.made, "down", RESIDUAL, layer, shape.dim)),
        )
        at = self.start(down, max(when - 2 - k for k, when in enumerate(hidden)))
        return self.reads(down, at)[-1] + READ_TO_ROW

    def _attend(self, run: Run, at: int) -> int:
        """Start attention once no head can read what is not there; the cycle of its first block."""
        shape, spacing = self.made.shape, self.made.spacing
        share = shape.heads // shape.kv_heads
        walk = at + 2
        for read, e in zip(self.reads(run, at), run.emissions, strict=True):
            head = (e.dest >> self.made.part_bits) if e.kind == QUERY else _kv_head(self.made, e) * share
            delay = {QUERY: READ_TO_POST, KEY: READ_TO_POST, VALUE: READ_TO_ROW - BLOCK_TO_VALUE}[e.kind]
            walk = max(walk, read + delay - head * spacing)
        self.made.words.append(Word(max(walk - 1, self.made.words[-1].at + 1), attend=True))
        return self.made.words[-1].at + 1


def _rows(matrix: str, indices: range | list[int], count: int) -> tuple[Row, ...]:
    return tuple((matrix, i) if i < count else None for i in indices)


def _columns(count: int, groups: int) -> tuple[int | None, ...]:
    return tuple(i if i < count else None for i in range(_ceil(count, groups) * groups))


def _vector_emissions(made: Schedule, matrix: str, kind: int, layer: int, count: int) -> list[Emission]:
    """A residual vector in its own order. The embedding's rows are not of the lanes: they stay unnamed."""
    groups = made.geometry.groups
    return [
        Emission(
            kind,
            layer,
            _rows(matrix, range(i, i + groups), count) if kind != EMBED else (None,) * groups,
            i // groups,
            first=i == 0,
        )
        for i in range(0, count, groups)
    ]


def turned_order(shape: Shape) -> list[int]:
    """Channels of a head in the order that makes rotated partners neighbours."""
    half = shape.rotary // 2
    return [c for i in range(half) for c in (i, i + half)] + list(range(shape.rotary, shape.head_dim))


def _kv_base(made: Schedule, layer: int, head: int) -> int:
    return (layer * made.shape.kv_heads + head) * made.blocks


def _kv_head(made: Schedule, emission: Emission) -> int:
    return (emission.dest >> made.part_bits) // made.blocks % made.shape.kv_heads


def _head_emissions(made: Schedule, layer: int) -> list[Emission]:
    """Keys first, then queries: attention starts before values are there."""
    shape, groups = made.shape, made.geometry.groups
    found = []
    for matrix, kind, heads in (("k", KEY, shape.kv_heads), ("q", QUERY, shape.heads), ("v", VALUE, shape.kv_heads)):
        order = list(range(shape.head_dim)) if kind == VALUE else turned_order(shape)
        for head in range(heads):
            base = head if kind == QUERY else _kv_base(made, layer, head)
            for part in range(made.parts):
                channels = order[part * groups : (part + 1) * groups]
                rows: list[Row] = [(matrix, head * shape.head_dim + c) for c in channels]
                rows += [None] * (groups - len(rows))
                found.append(
                    Emission(
                        kind,
                        layer,
                        tuple(rows),
                        base << made.part_bits | part,
                        fold=True,
                        post=rope.ANGLE_BITS + rope.FRACTION,
                    )
                )
    return found


def _gate_emissions(made: Schedule, layer: int, shift: int) -> list[Emission]:
    """Rows of gate and of up in turns, so that each product has its activation one read before."""
    groups, hidden = made.geometry.groups, made.shape.hidden
    return [
        Emission(kind, layer, _rows(matrix, range(i, i + groups), hidden), i // groups, post=shift, fold=True)
        for i in range(0, hidden, groups)
        for matrix, kind in (("gate", GATE), ("up", UP))
    ]
