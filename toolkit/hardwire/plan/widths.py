# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Bits that follow from a chip's values: of sums, weights, embedding entries and biases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..chip.model import Chip
from ..ops.fixed import limits
from ..targets.blocks import tail_words
from .geometry import Geometry
from .program import Schedule

SPARE_STEPS = 3  # by which a shift of a chip may be larger than those of the first one in its mould


@dataclass(frozen=True)
class Widths:
    """Bits that follow from a chip's values: of accumulators, weights, embedding entries and biases."""

    accumulator: int
    weight: int
    embedding: int
    bias: int

    @classmethod
    def of(cls, chip: Chip) -> Widths:
        """Counted from the chip's arrays."""
        from .widths import accumulator_bits, bias_bits, embedding_bits, lane_bits

        return cls(accumulator_bits(chip), lane_bits(chip), embedding_bits(chip), bias_bits(chip))


def embedding_bits(chip: Chip) -> int:
    """Bits of an entry of the embedding's ROM."""
    return max(chip.matrices[name].bits for name in ("embedding", "position") if name in chip.matrices)


def weight_words(program: Schedule) -> list[int]:
    """Words of each depth's weights: a pass takes none from a depth that it does not read."""
    g, words = program.geometry, [0] * program.geometry.depth
    for run in program.runs:
        steps, full = len(run.columns) // g.columns, len(run.emissions)
        for e in range(g.depth):
            words[e] += steps * len(range(e, full, g.depth))
    return [max(count, 1) for count in words]


def tails(g: Geometry, words: list[int]) -> list[int]:
    """Of each depth's weight words, those in LUTs."""
    return [tail_words(count) if g.split and e >= g.uram else 0 for e, count in enumerate(words)]


def bias_bits(chip: Chip) -> int:
    """Signed bits that hold every bias; 0 where there is none."""
    largest = [int(max(b.max(), ~b.min())) for b in chip.biases.values()]
    return max(largest).bit_length() + 1 if largest else 0


def lane_bits(chip: Chip) -> int:
    """Bits of a weight in the lanes: the widest matrix decides."""
    return max(m.bits for name, m in chip.matrices.items() if name not in ("embedding", "position"))


def shift_room(largest: int) -> int:
    """Bits of a shift in a mould whose first chip has none larger: every one is logic in each row or bank."""
    return (largest + SPARE_STEPS).bit_length()


def shifts_at_most(chip: Chip) -> tuple[int, int]:
    """How far scores and values may be shifted in the mould of this chip."""
    largest = (int(chip.score_shift.max()), int(chip.value_shift.max()))
    score, value = ((1 << shift_room(most)) - 1 for most in largest)
    return score, value


def accumulator_bits(chip: Chip) -> int:
    """Signed bits that hold any sum of any row."""
    f = chip.formats
    largest = embedding_bits(chip)
    for name, m in chip.matrices.items():
        if name not in ("embedding", "position"):
            bits = {"o": f.attention, "down": f.hidden}.get(name, f.norm)
            bound = int(abs(m.weight.astype(np.int64)).sum(-1).max()) * -limits(bits)[0]
            largest = max(largest, bound.bit_length() + 1)
    return max(largest, f.norm + 1)
