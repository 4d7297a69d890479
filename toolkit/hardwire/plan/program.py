# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The control program of a token: runs of the lanes, their emissions, the words that start them, and the cycles."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from ..chip.model import Formats, Shape, Wiring
from .geometry import Geometry, shared_heads
from .latency import ceil_div, logits_late, walk_to_mixed
from .words import EMBED_READ, END, Kind, Source

MEAN_OVER = 256  # positions that mean_cycles is taken over, from 0

Row = tuple[str, int] | None  # (matrix, row), or padding

IndexT = TypeVar("IndexT", int, np.ndarray)


@dataclass(frozen=True, kw_only=True)
class Emission:
    """One read: rows of one matrix, one per lane row, and what becomes of them."""

    kind: Kind
    layer: int
    rows: tuple[Row, ...]
    dest: int
    post: int = 0
    fold: bool = False
    first: bool = False
    replace: bool = False  # the residual, instead of adding to it

    @property
    def matrix(self) -> str:
        """The matrix that the rows are of; a read is never of two."""
        return next(row[0] for row in self.rows if row is not None)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One start of the lanes: a matrix, or several that read the same vector."""

    name: str
    source: Source
    layer: int
    columns: tuple[int | None, ...]  # whole steps, None is padding
    emissions: tuple[Emission, ...]


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word of the control program."""

    at: int  # cycle at the position where attention adds nothing
    run: Run | None = None
    attend: bool = False
    ends: bool = False  # with ``attend``: an inner token of a prompt, ``inner_wait`` later
    spans: int = 0  # layers whose attention comes before
    after_span: bool = False  # the wait before it grows with the blocks of the cache


@dataclass(frozen=True, kw_only=True)
class Busy:
    """What a part of the chip does from cycle ``start`` to before ``end``."""

    part: str  # "embedding", "lanes", "read-out", "attention", "sampling"
    label: str
    layer: int
    start: int
    end: int


@dataclass(kw_only=True)
class Schedule:
    """The program of one chip on one geometry, and its exact cycles."""

    shape: Shape
    formats: Formats
    wiring: Wiring
    geometry: Geometry
    embed: list[Emission] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    head_at: int = 0
    end_at: int = 0
    inner_wait: int = 0  # from the last word that attends to the end of an inner token of a prompt, less one
    slack: int = 0  # of a layer's span, what passes beside other work of the lanes

    @property
    def shared(self) -> int:
        """Heads whose keys and queries share a word, and so a walk of the cache."""
        return shared_heads(self.shape, self.geometry.rows)

    @property
    def walks(self) -> int:
        """Walks of the cache per layer."""
        return self.shape.heads // self.shared

    @property
    def kv_words(self) -> int:
        """Words of the cache that a position takes."""
        return self.shape.kv_heads // self.shared

    @property
    def parts(self) -> int:
        """Reads of the lanes that fill a word of the cache."""
        return ceil_div(self.shared * self.shape.head_dim, self.geometry.rows)

    @property
    def padded(self) -> int:
        """Channels of a head, with its padding to whole reads."""
        return self.shape.head_dim if self.shared > 1 else self.parts * self.geometry.rows

    @property
    def part_bits(self) -> int:
        """Bits of the part in a destination of heads, at least one."""
        return max((self.parts - 1).bit_length(), 1)

    @property
    def word_bits(self) -> int:
        """Place of the word in a destination of heads: above the part, and the set of angles that turns it."""
        return self.part_bits + (self.wiring.rope_sets - 1).bit_length()

    @property
    def context(self) -> int:
        """Positions of the cache that a stream has."""
        return self.geometry.share or self.shape.context

    @property
    def blocks(self) -> int:
        """A stream's part of the cache, banks positions each."""
        return ceil_div(self.context, self.geometry.banks)

    @property
    def spacing(self) -> int:
        """Least cycles from one walk's first block to the next walk's: the score buffer holds two."""
        return max(2 + self.geometry.peak_late, self.quotient_steps)

    @property
    def quotient_steps(self) -> int:
        """Cycles in which a head's mixed values are divided, ``divides`` at a time."""
        return self.padded // self.geometry.divides

    @cached_property
    def runs(self) -> list[Run]:
        """Runs of the lanes, in playing order."""
        return [word.run for word in self.words if word.run is not None]

    @cached_property
    def emissions(self) -> list[Emission]:
        """Every word of the emission ROM: the embedding's, then those of the runs in playing order."""
        return self.embed + [e for run in self.runs for e in run.emissions]

    @property
    def emission_count(self) -> int:
        """Reads of a token, its embedding's included."""
        return len(self.embed) + sum(len(run.emissions) for run in self.runs)

    def span(self, position: int) -> int:
        """Cycles by which a layer's walks of the cache grow: position.sv keeps the same number."""
        n = position // self.geometry.banks + 1
        return (self.walks - 1) * max(n, self.spacing) + 2 * (n - 1)

    def wait(self, position: int) -> int:
        """Of a layer's span, the cycles that the lanes wait for it."""
        return max(self.span(position) - self.slack, 0)

    def cycles(self, position: int, generated: bool = True) -> int:
        """From the fetch of the token at ``position`` to the next possible fetch.

        ``generated``: logits and sampling are wanted; otherwise an inner token of a prompt, which ends with the last
        layer's keys and values.
        """
        if generated:
            return self.end_at + END + self.shape.layers * self.wait(position)
        return self.inner_end_at + END + (self.shape.layers - 1) * self.wait(position)

    @property
    def inner_end_at(self) -> int:
        """The end of an inner token of a prompt, at the position where attention adds nothing."""
        return next(word.at for word in self.words if word.attend and word.ends) + 1 + self.inner_wait

    @property
    def drop_wait(self) -> int:
        """Cycles, less one, from where a dropped draft would play its next word until all is through that it began."""
        g, longest = self.geometry, 0
        late = max(g.post_late, g.plain_late, g.residual_late + g.root_late) + 1
        through = EMBED_READ + len(self.embed) - 1 + late
        for word in self.words[:-1]:
            if word.at > 1:  # the first is played in the cycle behind the fetch
                longest = max(longest, through - word.at)
            if word.run is not None:
                through = max(through, run_read(word.run, word.at + 1, g, len(word.run.emissions) - 1) + late)
            if word.attend:
                mixed = word.at + 1 + walk_to_mixed(self.wiring, g) + self.quotient_steps
                through = max(through, mixed + min(self.slack, self.span(self.context - 1)))
        return longest

    def mean_cycles(self, first: int = 0, last: int = 255, generated: bool = True) -> float:
        """Mean over positions first .. last."""
        last = min(last, self.context - 1)
        return sum(self.cycles(p, generated) for p in range(first, last + 1)) / (last + 1 - first)

    def timeline(self, position: int) -> list[Busy]:
        """What is busy when, for a generated token at ``position``."""
        wait = self.wait(position)
        busy = [self.embeds(0)]
        for word in self.words:
            busy += self.busy_of(word, word.at + 1 + word.spans * wait, position)
        head_at = self.head_at + self.shape.layers * wait
        return [*busy, self.samples(head_at, self.cycles(position))]

    def embeds(self, at: int) -> Busy:
        """The fetch of a token in cycle ``at``."""
        return Busy(part="embedding", label="embed", layer=0, start=at, end=at + len(self.embed) + EMBED_READ)

    def busy_of(self, word: Word, at: int, position: int) -> list[Busy]:
        """What a word of the program keeps busy, whose attention or run begins in cycle ``at``."""
        g, busy, n = self.geometry, list[Busy](), position // self.geometry.banks + 1
        if word.attend:
            end = at + self.span(position) + walk_to_mixed(self.wiring, g) + self.quotient_steps
            label = f"{n} block{'s' * (n > 1)} x {self.walks}"
            busy.append(Busy(part="attention", label=label, layer=word.spans, start=at, end=end))
        if word.run is not None:
            name, layer, reads = word.run.name, word.run.layer, run_reads(word.run, at, g)
            last = reads[-1] - (len(reads) - 1) % g.depth - g.lane_late
            busy.append(Busy(part="lanes", label=name, layer=layer, start=at, end=last + 1))
            busy.append(Busy(part="read-out", label=name, layer=layer, start=reads[0], end=reads[-1] + 1))
        return busy

    def samples(self, head_at: int, end: int) -> Busy:
        """The draw of a token whose head's run begins in cycle ``head_at``; it ends in ``end``."""
        logits = run_reads(self.runs[-1], head_at, self.geometry)
        start = logits[0] + logits_late(self.wiring, self.geometry)
        return Busy(part="sampling", label="sample", layer=self.shape.layers, start=start, end=end)


def run_reads(run: Run, at: int, g: Geometry) -> list[int]:
    """E1 of every emission of a run whose first step is in cycle ``at``."""
    return run_read(run, at, g, np.arange(len(run.emissions))).tolist()


def run_read(run: Run, at: int, g: Geometry, index: IndexT) -> IndexT:
    """The same of single emissions: heads of 50,000 rows are planned some thousand times."""
    steps = len(run.columns) // g.columns
    return at + index // g.depth * max(steps, g.depth) + steps - 1 + g.lane_late + index % g.depth
