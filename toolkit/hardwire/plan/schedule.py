# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""When everything happens: the control program that the RTL plays, and with it the exact cycles of a token.

Cycle 0 is the one in which the token loop accepts a token (``fetch_o`` of ``rtl/engine.sv``). A token is a
list of matrix runs on the lanes with one attention per layer between them. A run reads its rows out in
*emissions* of ``rows`` rows; what becomes of each is a word of the emission ROM, in the same order.
Every latency below is a property of the RTL's pipeline; the names A0.., E0.. and t0.. are those of its comments.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..chip.model import Chip, Shape
from ..errors import BuildError
from ..ops import rope, sampler
from ..parts import present
from ..parts.renorms import normed_heads
from .geometry import Geometry
from .latency import added_late, logits_late, missing_parts, one_stream_parts, turned_late, walk_to_mixed, walk_to_value
from .program import Emission, Row, Run, Schedule, Word, run_read, run_reads
from .words import EMBED_READ, NOISE_LATE, SAMPLE_LATE, Kind, Source


def require_engine(chip: Chip) -> None:
    """Raise BuildError naming the parts that the RTL engine does not have."""
    if missing := missing_parts(chip.wiring):
        raise BuildError(
            f"not in the RTL engine yet: {', '.join(missing)}; "
            "build this one with --target hls, or run its .chip with the integer reference"
        )


def require_geometry(program: Schedule) -> None:
    """Raise BuildError naming what of a geometry or of the formats the RTL has no form for."""
    g, f, channels = program.geometry, program.formats, program.shape.head_dim
    if g.score_fabric > g.banks or g.mix_fabric > channels:
        raise BuildError(
            f"score_fabric {g.score_fabric}, mix_fabric {g.mix_fabric}: at most the {g.banks} banks' scores are in "
            f"LUTs, and a head's {channels} channels"
        )
    if g.streams > 1 and (alone := one_stream_parts(program.wiring)):
        raise BuildError(f"{g.streams} streams: the RTL engine has {', '.join(alone)} for one stream alone; plan one")
    if g.streams > 1 and g.trace:
        raise BuildError(f"{g.streams} streams: the trace window is of one stream; plan one, or leave trace out")
    if program.context > program.shape.context:
        raise BuildError(f"share {g.share}: a stream has at most the context's {program.shape.context} positions")
    word = min(g.rows, program.padded)
    if word % g.divides:
        raise BuildError(
            f"divides {g.divides}: choose a divisor of the {word} channels of a head that a word of mixed values holds"
        )
    for part in present(program.wiring):
        if lack := part.geometry_lacks(program):
            raise BuildError(lack)
    row = max(f.residual, 16)  # RowW of rtl/engine.sv
    if max(f.up, f.logit) > row:
        raise BuildError(
            f"formats.up is {f.up} and formats.logit {f.logit}, but the engine's rows have {row} bits; "
            "build this one with --target hls"
        )


def schedule(chip: Chip, geometry: Geometry) -> Schedule:
    """Lay out one token. Starts each run as early as its operands, the lanes and the read-out allow."""
    require_engine(chip)
    program = Schedule(shape=chip.shape, formats=chip.formats, wiring=chip.wiring, geometry=geometry)
    require_geometry(program)
    player = _Player(program)
    shape, rows = chip.shape, geometry.rows
    program.embed = _vector_emissions(program, "embedding", 0, replace=True)
    if chip.wiring.positions:
        program.embed += _vector_emissions(program, "position", 0)
    ready = EMBED_READ + len(program.embed) - 1 + geometry.residual_late
    if chip.wiring.embedding_norm:
        ready = player.embedding_norm(ready)
    place = player.parallel_layer if chip.wiring.parallel else player.layer
    for layer in range(shape.layers):
        ready = place(layer, ready, int(chip.gate_shift[layer]))
    logits = _logit_emissions(shape.vocab, rows, chip.formats.logit_fraction)
    head = Run(name="head", source=Source.NORM, layer=0, columns=_columns(range(shape.dim), geometry), emissions=logits)
    index = np.arange(len(logits))
    arrival = logits_late(chip.wiring, geometry) - 1
    late = int((NOISE_LATE + (index + 1) * rows // 2 - run_read(head, 0, geometry, index) - arrival).max())
    program.head_at = player.start(head, max(ready, player.rooted(head, ready, chip.wiring.final_norm), late))
    program.end_at = run_read(head, program.head_at, geometry, len(logits) - 1) + arrival + SAMPLE_LATE
    program.words.append(Word(at=program.end_at, ends=True, spans=shape.layers))
    return program


class _Player:
    """Places runs in time. Cycles are those of a cache of one block with the span taken as zero:
    what follows attention is later by the span, everywhere alike."""

    def __init__(self, program: Schedule) -> None:
        self.program = program
        self.free = 2  # first cycle in which a step may begin: the program's first word is played in cycle 1
        self.read_free = 0  # first cycle in which a read may be made
        self.spans = 0
        self.after_span = False
        self.program.words.append(Word(at=1))

    def start(self, run: Run, earliest: int) -> int:
        """The cycle of the run's first step: ``earliest``, or later as lanes, read-out and program demand."""
        g = self.program.geometry
        at = max(earliest, self.free, self.program.words[-1].at + 2)
        at = max(at, at + self.read_free - run_read(run, at, g, 0))
        last = len(run.emissions) - 1
        self.program.words.append(Word(at=at - 1, run=run, spans=self.spans, after_span=self.after_span))
        self.after_span = False
        self.free = (
            run_read(run, at, g, last // g.depth * g.depth) - g.lane_late + 1
        )  # behind the last pass's last step
        self.read_free = run_read(run, at, g, last) + 1
        return at

    def rooted(self, run: Run, ready: int, norm: bool = True) -> int:
        """Earliest start at which the root of a residual that is complete at ``ready`` joins the first read in time."""
        if not norm:
            return ready
        g = self.program.geometry
        return ready + g.root_late - (run_read(run, 0, g, 0) - 1)

    def normed(self, run: Run, ready: int) -> int:
        return self.start(run, max(ready, self.rooted(run, ready)))

    def embedding_norm(self, ready: int) -> int:
        """The norm behind the embedding: the residual times the identity, written back."""
        program, g = self.program, self.program.geometry
        emissions = tuple(_vector_emissions(program, "embedding_norm", 0, replace=True, fold=True))
        run = Run(
            name="embedding norm",
            source=Source.NORM,
            layer=0,
            columns=_columns(range(program.shape.dim), g),
            emissions=emissions,
        )
        at = self.normed(run, ready)
        reads = run_reads(run, at, g)
        # Its own rows are a new residual: the first must not reach the lanes, nor the root, before the last is read.
        if self.free > reads[0] + g.residual_late or len(reads) > g.residual_late + g.root_late - 1:
            raise BuildError(
                f"a norm behind an embedding of {program.shape.dim} entries overwrites what its later rows need; rows "
                f"are {g.rows}, depth {g.depth}: choose a geometry that takes the vector in one pass and in at most "
                f"{g.residual_late + g.root_late - 1} reads"
            )
        return reads[-1] + g.residual_late

    def layer(self, layer: int, ready: int, gate_shift: int) -> int:
        """Place one layer whose residual is complete at ``ready``; when the next residual is."""
        program, g, shape = self.program, self.program.geometry, self.program.shape
        qkv = Run(
            name="qkv",
            source=Source.NORM,
            layer=layer,
            columns=_columns(range(shape.dim), g),
            emissions=tuple(_head_emissions(program, layer)),
        )
        ready = self._output(layer, self._attend(qkv, self.normed(qkv, ready)))
        emissions = tuple(_hidden_emissions(program, layer, gate_shift))
        up = Run(
            name="mlp", source=Source.NORM, layer=layer, columns=_columns(range(shape.dim), g), emissions=emissions
        )
        return self._down(layer, up, self.normed(up, ready))

    def parallel_layer(self, layer: int, ready: int, gate_shift: int) -> int:
        """As ``layer``, where attention and MLP read the same residual through the same norm: one run makes what both
        need, its hidden part while attention walks. The order of additions is the reference's, o before down."""
        program, g = self.program, self.program.geometry
        emissions = (*_head_emissions(program, layer), *_hidden_emissions(program, layer, gate_shift))
        run = Run(
            name="qkv, mlp",
            source=Source.NORM,
            layer=layer,
            columns=_columns(range(program.shape.dim), g),
            emissions=emissions,
        )
        at = self.normed(run, ready)
        self._output(layer, self._attend(run, at))
        return self._down(layer, run, at)

    def _output(self, layer: int, walk: int) -> int:
        """Place o behind attention, whose first block is at ``walk``; when the residual has it.

        As long as the mixed values would wait for the lanes, attention may take longer: that is no wait of theirs.
        """
        program, g = self.program, self.program.geometry
        emissions = tuple(_vector_emissions(program, "o", layer))
        mix = Run(
            name="o",
            source=Source.MIXED,
            layer=layer,
            columns=_columns(_mixed_columns(program), g),
            emissions=emissions,
        )
        mixed = walk + walk_to_mixed(program.wiring, g) + program.quotient_steps - 1  # the last value is there
        earliest = mixed - (len(mix.columns) // g.columns - 1)
        self.after_span = True
        self.spans += 1
        at = self.start(mix, earliest)
        program.slack = min(program.slack, at - earliest) if layer else at - earliest
        return run_reads(mix, at, g)[-1] + added_late(program.wiring, g, len(emissions))

    def _down(self, layer: int, up: Run, at: int) -> int:
        """Place down behind the run at ``at`` that makes hidden values; when the residual has it."""
        program, g = self.program, self.program.geometry
        late = {Kind.UP: g.post_late, Kind.PLAIN: g.plain_late}
        hidden = [r + late[e.kind] for r, e in zip(run_reads(up, at, g), up.emissions, strict=True) if e.kind in late]
        emissions = tuple(_vector_emissions(program, "down", layer))
        down = Run(
            name="down",
            source=Source.HIDDEN,
            layer=layer,
            columns=_columns(range(program.shape.hidden), g),
            emissions=emissions,
        )
        words = g.columns // g.rows  # of the hidden buffer, per step
        at = self.start(down, max(when - i // words for i, when in enumerate(hidden)))
        return run_reads(down, at, g)[-1] + added_late(program.wiring, g, len(emissions))

    def _attend(self, run: Run, at: int) -> int:
        """Start attention once no walk can read what is not there; the cycle of its first block."""
        program, g = self.program, self.program.geometry
        share, last = program.walks // program.kv_words, run.layer == program.shape.layers - 1
        turned = turned_late(program.wiring, g) + (program.parts - 1 if normed_heads(program.wiring) else 0)
        late = {Kind.QUERY: turned, Kind.KEY: turned, Kind.VALUE: g.residual_late - walk_to_value(program.wiring, g)}
        walk, reads = at + 1, run_reads(run, at, g)
        for read, e in zip(reads, run.emissions, strict=True):
            if e.kind not in late:
                continue
            word = e.dest >> program.word_bits
            if e.kind != Kind.QUERY:
                word = word // program.blocks % program.kv_words * share
            walk = max(walk, read + late[e.kind] - word * program.spacing)
        at = max(walk - 1, program.words[-1].at + 1)
        program.words.append(Word(at=at, attend=True, ends=last, spans=self.spans))
        if last:
            # An inner token of a prompt ends when all that the run makes is written; parallel branches' run makes more.
            written = late | {
                Kind.VALUE: g.residual_late, Kind.GATE: g.plain_late, Kind.PLAIN: g.plain_late, Kind.UP: g.post_late,
            }  # fmt: skip
            end = max(read + written[e.kind] - 1 for read, e in zip(reads, run.emissions, strict=True))
            program.inner_wait = max(end - at - 1, 0)
        return at + 1


@lru_cache(maxsize=8)  # a planner asks for few heights of the lanes, and for each some hundred times
def _logit_emissions(vocab: int, rows: int, logit_fraction: int) -> tuple[Emission, ...]:
    """The head's rows, for the sampler."""
    return tuple(
        Emission(
            kind=Kind.LOGIT,
            layer=0,
            rows=_rows("head", range(i, i + rows), vocab),
            dest=i // rows,
            fold=True,
            post=logit_fraction + sampler.TEMPERATURE_FRACTION - sampler.NOISE_FRACTION,
            first=i == 0,
        )
        for i in range(0, vocab, rows)
    )


@lru_cache(maxsize=1 << 16)  # the same groups of rows come in every layer, and in every engine that a planner tries
def _rows(matrix: str, indices: range, count: int) -> tuple[Row, ...]:
    """A read of rows ``indices`` of a matrix that has ``count``; what is beyond is padding."""
    return tuple((matrix, i) if i < count else None for i in indices)


def _columns(columns: range | list[int | None], g: Geometry) -> tuple[int | None, ...]:
    return tuple(columns) + (None,) * (-len(columns) % g.columns)


def _mixed_columns(program: Schedule) -> list[int | None]:
    """Columns of o in the order of the mixed values: heads, each padded."""
    c = program.shape.head_dim
    return [h * c + i if i < c else None for h in range(program.shape.heads) for i in range(program.padded)]


def _vector_emissions(
    program: Schedule, matrix: str, layer: int, replace: bool = False, fold: bool = False
) -> list[Emission]:
    """A residual vector in its own order."""
    rows, dim = program.geometry.rows, program.shape.dim
    return [
        Emission(
            kind=Kind.RESIDUAL,
            layer=layer,
            rows=_rows(matrix, range(i, i + rows), dim),
            dest=i // rows,
            fold=fold,
            first=i == 0,
            replace=replace,
        )
        for i in range(0, dim, rows)
    ]


def turned_order(shape: Shape) -> list[int]:
    """Channels of a head in the order that makes rotated partners neighbours."""
    half = shape.rotary // 2
    return [c for i in range(half) for c in (i, i + half)] + list(range(shape.rotary, shape.head_dim))


def _head_emissions(program: Schedule, layer: int) -> list[Emission]:
    """For each word of the cache its keys, the queries that walk it, its values: attention starts with the first."""
    share, emissions = program.walks // program.kv_words, []
    for word in range(program.kv_words):
        cache = (layer * program.kv_words + word) * program.blocks
        emissions += _word_emissions(program, "k", Kind.KEY, layer, word, cache)
        for walk in range(word * share, (word + 1) * share):
            emissions += _word_emissions(program, "q", Kind.QUERY, layer, walk, walk)
        emissions += _word_emissions(program, "v", Kind.VALUE, layer, word, cache)
    return emissions


def _word_emissions(program: Schedule, matrix: str, kind: Kind, layer: int, word: int, base: int) -> list[Emission]:
    """The heads that share a word, in as many reads as it takes; ``base`` is the word's place."""
    shape, rows = program.shape, program.geometry.rows
    order = list(range(shape.head_dim)) if kind == Kind.VALUE else turned_order(shape)
    heads = range(word * program.shared, (word + 1) * program.shared)
    channels: list[Row] = [(matrix, head * shape.head_dim + c) for head in heads for c in order]
    channels += [None] * (program.parts * rows - len(channels))
    turned_by = program.wiring.rope[layer] if program.wiring.rope else 0
    return [
        Emission(
            kind=kind,
            layer=layer,
            rows=tuple(channels[part * rows : (part + 1) * rows]),
            dest=base << program.word_bits | turned_by << program.part_bits | part,
            fold=True,
            post=rope.ANGLE_BITS + rope.FRACTION,
        )
        for part in range(program.parts)
    ]


def _hidden_emissions(program: Schedule, layer: int, shift: int) -> list[Emission]:
    """Rows of gate and of up in turns, so that each product has its activation one read before; or of up alone."""
    rows, hidden = program.geometry.rows, program.shape.hidden
    kinds = (("gate", Kind.GATE), ("up", Kind.UP)) if program.wiring.gated else (("up", Kind.PLAIN),)
    return [
        Emission(
            kind=kind,
            layer=layer,
            rows=_rows(matrix, range(i, i + rows), hidden),
            dest=i // rows,
            post=shift,
            fold=True,
        )
        for i in range(0, hidden, rows)
        for matrix, kind in kinds
    ]
