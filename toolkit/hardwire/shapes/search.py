# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The largest shape of the ladder that a board holds: by its memories first, then by whether any engine fits."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import cache

import numpy as np

from ..chip.format import FEWEST_BITS, LOOKED_UP, MOST_BITS, expected_shapes
from ..chip.model import Chip, Formats
from ..errors import BoardError, HardwireError
from ..ops.matvec import Matrix
from ..plan.budget import beside_host
from ..plan.capacity import capacity
from ..plan.fit import Fit, fit
from ..plan.planner import Planner
from ..progress import Share
from ..quantize import Options, random_chip
from ..targets.board import Board
from .ladder import CONTEXT, LlamaShape, rungs

# As wide as outliers of small trained models have made them, and a bit more: what fits so, fits when it is trained.
ROOMY = Formats(residual=18, hidden=10, gate=11)
TYPICAL = 0.5  # of the largest weight: the mean of a row, above what rounding to the largest of a row leaves


@cache
def _template() -> Chip:
    """A small chip, for everything that has no dimension of its own."""
    return random_chip(rungs(16)[0].on_chip(), 0)


def skeleton(shape: LlamaShape, bits: int) -> Chip:
    """A chip of these dimensions whose weights are all one value, for planning: its arrays take no memory.

    Every matrix has ``bits``, the embedding eight. Raises HardwireError for bits that a chip cannot have.
    """
    if not FEWEST_BITS <= bits <= MOST_BITS:
        raise HardwireError(f"--weights {bits}: {FEWEST_BITS} to {MOST_BITS} bits are possible")
    template, dimensions = _template(), shape.on_chip()
    matrices = {}
    for name, size in expected_shapes(dimensions).items():
        width = Options.embedding if name in LOOKED_UP else bits
        value = np.int8(-round(TYPICAL * 2 ** (width - 1)))
        ones = np.broadcast_to(np.int64(1), size[:2])
        matrices[name] = Matrix(np.broadcast_to(value, size), ones, np.broadcast_to(np.int64(1), size[:1]), width)
    half = (dimensions.context, dimensions.rotary // 2)
    turns = {name: np.broadcast_to(template.tables[name].max(), half) for name in ("cos", "sin")}
    turns["activation"] = np.broadcast_to(template.tables["activation"].max(), (1 << ROOMY.gate,))
    heads = (dimensions.layers, dimensions.heads)
    return replace(
        template,
        shape=dimensions,
        formats=ROOMY,
        matrices=matrices,
        tables=template.tables | turns,
        score_shift=np.broadcast_to(template.score_shift.max(), heads),
        value_shift=np.broadcast_to(template.value_shift.max(), heads),
        gate_shift=np.broadcast_to(template.gate_shift.max(), heads[:1]),
    )


def largest(
    board: Board,
    bits: int,
    *,
    context: int = CONTEXT,
    most: int | None = None,
    vocab: int | None = None,
    progress: Share = lambda share: None,
) -> LlamaShape:
    """The largest shape of the ladder, of at most ``most`` parameters; ``vocab`` is another vocabulary than its own.

    What is smaller than one that fits is taken to fit too. Raises BoardError where not even the smallest does.
    """
    ladder = [shape for shape in rungs(context, vocab) if most is None or shape.parameters <= most]
    able = ladder[: bisect_left(ladder, True, key=lambda shape: not _in_memory(shape, bits, board))]
    tried = 0

    def too_large(shape: LlamaShape) -> bool:
        nonlocal tried
        progress(1 - 0.5**tried)
        tried += 1
        chip = skeleton(shape, bits)
        return not Planner(chip).holds(beside_host(chip, board))

    count = bisect_left(able, True, key=too_large)
    if count == 0:
        raise BoardError(
            f"{board.key} holds no shape of {bits}-bit weights and {context} positions; use fewer bits (--weights), a "
            "shorter context (--context), or a larger board"
        )
    return able[count - 1]


def plan_of(shape: LlamaShape, bits: int, board: Board) -> Fit:
    """What ``hardwire fit`` would say of a model of this shape, with room for the host of a bitstream."""
    chip = skeleton(shape, bits)
    return fit(chip, beside_host(chip, board))


def _in_memory(shape: LlamaShape, bits: int, board: Board) -> bool:
    chip = skeleton(shape, bits)
    return capacity(chip, beside_host(chip, board)).fits
