# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the trace window of a chip holds after a token, from the integer reference: the first difference names the first
wrong stage.

A chip built with ``Geometry(trace=True)`` keeps a 32-bit checksum of every stage of the last token (``rtl/trace.sv``).
A row of values contributes the sum of its values, each sign-extended and turned left by five bits per lane, times
2 * place + 1; so the sum does not depend on the order of rows, and a value in a wrong place changes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..chip.model import Chip, Wiring
from ..chip.reference import State, fill, step
from ..ops.embedding import embed
from ..ops.fixed import Ints, saturate
from .program import Emission, Schedule
from .words import Kind, Source
from .words import Stage as Word

STAGES = len(Word)  # words of a segment
TURN = 5
_MASK = 0xFFFFFFFF
_OF_KIND = {
    Kind.RESIDUAL: Word.X,
    Kind.QUERY: Word.QUERY,
    Kind.KEY: Word.KEY,
    Kind.VALUE: Word.VALUE,
    Kind.GATE: Word.GATE,
    Kind.PLAIN: Word.GATE,
    Kind.UP: Word.HIDDEN,
    Kind.LOGIT: Word.LOGIT,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Stage:
    """One word of the trace window: what is summed there.

    ``rows``: index into the stage's values of every place and lane [N, lanes], -1 for padding; ``places``: [N].
    """

    name: str  # as the reference observes it; "embed" is made here
    word: int
    rows: Ints
    places: Ints
    also: str = ""  # another stage, whose values pass the same places and are summed with these

    def checksum(self, values: Ints) -> int:
        """Of a stage's values [...]: those of one token."""
        padded = np.append(values.reshape(-1), 0)
        lanes = (padded[self.rows] & _MASK).astype(np.uint64)  # [N, lanes]
        turns = (TURN * np.arange(lanes.shape[1]) % 32).astype(np.uint64)
        turned = (lanes << turns | lanes >> (np.uint64(32) - turns)) & np.uint64(_MASK)
        weight = (2 * self.places + 1).astype(np.uint64)
        return int(((turned.sum(1) & np.uint64(_MASK)) * weight & np.uint64(_MASK)).sum()) & _MASK


def segments(program: Schedule) -> int:
    """Of a token: the embedding, and what follows each read of the residual through a norm."""
    return 1 + sum(run.source == Source.NORM for run in program.runs)


def stages(chip: Chip, program: Schedule) -> list[Stage]:
    """Every stage that has a word, in the order in which a token passes them."""
    stage_list = [_stage("embed", 0, program.embed)]
    segment = 0
    for run in program.runs:
        segment += run.source == Source.NORM
        for kind, name in _names(run.name, run.layer, chip.wiring):
            emissions = [e for e in run.emissions if e.kind == kind]
            stage = _stage(name, STAGES * segment + _OF_KIND[kind], emissions)
            twice = chip.wiring.parallel and run.name == "down"  # the residual is written twice in this segment
            stage_list.append(replace(stage, also=f"L{run.layer}.attn_x") if twice else stage)
        if run.name.startswith("qkv"):
            stage_list.append(_mixed(program, run.layer, STAGES * segment + Word.MIXED))
    return stage_list


def _names(run: str, layer: int, wiring: Wiring) -> list[tuple[Kind, str]]:
    """Kinds of a run and what the reference calls them."""
    at = f"L{layer}."
    if run == "qkv, mlp":
        return _names("qkv", layer, wiring) + _names("mlp", layer, wiring)
    names: dict[str, list[tuple[Kind, str]]] = {
        "embedding norm": [(Kind.RESIDUAL, "embed")],
        "qkv": [(Kind.QUERY, f"{at}q"), (Kind.KEY, f"{at}k"), (Kind.VALUE, f"{at}v")],
        "o": [] if wiring.parallel else [(Kind.RESIDUAL, f"{at}attn_x")],
        "mlp": [(Kind.GATE, f"{at}gate"), (Kind.UP, f"{at}hidden")] if wiring.gated else [(Kind.PLAIN, f"{at}up")],
        "down": [(Kind.RESIDUAL, f"{at}x")],
        "head": [(Kind.LOGIT, "logits")],
    }
    return names[run]


def _stage(name: str, word: int, emissions: list[Emission]) -> Stage:
    rows = [[-1 if row is None else row[1] for row in e.rows] for e in emissions]
    return Stage(
        name=name, word=word, rows=np.array(rows, np.int64), places=np.array([e.dest for e in emissions], np.int64)
    )


def _mixed(program: Schedule, layer: int, word: int) -> Stage:
    """Attention's quotients, ``divides`` of each of the heads that share a walk at a time."""
    rows, heads, divides, width = (
        program.geometry.rows,
        program.shared,
        program.geometry.divides,
        program.shape.head_dim,
    )
    parts = rows // (heads * divides)  # writes per word of the vector
    places = np.arange(program.walks * program.padded // divides)
    lane = np.arange(heads * divides)
    at = (places // parts * rows)[:, None] + ((lane // divides) * parts + (places % parts)[:, None]) * divides
    at = at + lane % divides  # [N, lanes], positions among the padded heads
    head, channel = at // program.padded, at % program.padded
    return Stage(
        name=f"L{layer}.attn", word=word, rows=np.where(channel < width, head * width + channel, -1), places=places
    )


class Tracer:
    """Expected checksums of a chip on a geometry, token by token."""

    def __init__(self, chip: Chip, program: Schedule) -> None:
        self.chip, self.stages = chip, stages(chip, program)
        self._tables = [chip.matrices[name] for name in ("embedding", "position") if name in chip.matrices]

    def step(self, state: State, token: int, inner: bool = False) -> dict[Stage, int]:
        """Feed a token to the reference at the state's position; the checksum of every stage that it passes.

        ``inner``: of a prompt, which ends with the last layer's keys and values.
        """
        vectors: dict[str, Ints] = {}
        position = state.position
        (fill if inner else step)(self.chip, state, np.array([[token]], np.int64), vectors.__setitem__)
        passed = [stage for stage in self.stages if stage.name in vectors]
        return {stage: self._expected(stage, token, position, vectors) for stage in passed}

    def _expected(self, stage: Stage, token: int, position: int, vectors: dict[str, Ints]) -> int:
        if stage.name == "embed":
            return self._embedded(stage, token, position, vectors)
        names = [name for name in (stage.name, stage.also) if name]
        return sum(stage.checksum(vectors[name]) for name in names) & _MASK

    def _embedded(self, stage: Stage, token: int, position: int, vectors: dict[str, Ints]) -> int:
        """The embedding's rows, each as the residual was written: the token's, and with the position's added."""
        if stage.word:
            return stage.checksum(vectors["embed"])  # behind its norm
        bits, x, total = self.chip.formats.residual, None, 0
        per_table = len(stage.places) // len(self._tables)
        for table, at in zip(self._tables, (token, position), strict=False):
            row = embed(table, np.array([at]), bits)
            x = row if x is None else saturate(x + row, bits)
            total += Stage(
                name=stage.name, word=0, rows=stage.rows[:per_table], places=stage.places[:per_table]
            ).checksum(x)
        return total & _MASK


def named(stages: list[Stage]) -> dict[str, Stage]:
    """Stages by their names; where the embedding has a norm behind it, that is a stage of its own."""
    by_name: dict[str, Stage] = {}
    for stage in stages:
        by_name[stage.name if stage.name not in by_name else f"{stage.name}_norm"] = stage
    return by_name


def checksum_words(chip: Chip, program: Schedule) -> dict[str, int]:
    """Where the trace window of an engine has each stage, by its name."""
    return {name: stage.word for name, stage in named(stages(chip, program)).items()}


Reader = Callable[[int], int]  # word of the trace window -> what the chip has there


def first_difference(expected: dict[Stage, int], read: Reader) -> tuple[Stage, int, int] | None:
    """The first stage whose checksum on the chip is not the expected one: (stage, expected, got)."""
    for stage, reference in expected.items():
        measured = read(stage.word)
        if measured != reference:
            return stage, reference, measured
    return None
