# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What the user may choose about a quantisation."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..chip.format import FEWEST_BITS, LOOKED_UP, MOST_BITS
from ..chip.mould import Mould
from ..errors import QuantizeError
from ..ops.fixed import Ints


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user may choose. ``weights`` are the bits of every matrix but the tables of embeddings."""

    weights: int = 4
    activations: int = 8
    embedding: int = 8
    tokens: int = 16384  # calibration tokens
    length: int = 256  # of a calibration row
    smoothing: float = 0.5  # how far a large hidden channel's unit follows its size
    rounding: str = "calibrated"  # or "plain": nearest, no calibration of weights
    rotation: bool = True  # of the residual stream and the values; never of a model that was trained on its grid
    widen: bool = True  # activations to more bits than these where outliers need them
    tuning: int = 0  # steps of fine-tuning; needs torch
    tuning_stories: int = 0  # that the float model writes first, to be tuned on beside the calibration text
    matrix_bits: dict[str, int] = field(default_factory=dict)  # exceptions by matrix name
    mean_bits: float | None = None  # bits of each matrix are chosen, up to ``weights``, with at most these in the mean
    like: Mould | None = None  # bits, formats and eps are these, whatever the model alone would take
    sums: int | None = None  # bits of a sum of the lanes, at the most: what is beside ``like`` in its bitstream
    shifts: tuple[Ints, Ints] | None = None  # of scores and of values [L, H]: these, likewise
    shifted: tuple[int, int] | None = None  # of scores and of values, at the most: what its shifters have, likewise

    def bits_of(self, matrix: str) -> int:
        if self.like is not None:
            return self.like.bits[matrix]
        return self.matrix_bits.get(matrix, self.embedding if matrix in LOOKED_UP else self.weights)

    def check(self) -> None:
        """Raise QuantizeError where the chip has no such bits, or there are no such steps."""
        if self.tuning < 0:
            raise QuantizeError(f"{self.tuning} steps of fine-tuning; give 0 or more")
        if self.tuning_stories < 0 or (self.tuning_stories and not self.tuning):
            raise QuantizeError(
                f"{self.tuning_stories} stories of the model's own to tune on; give 0 or more, and --tune too"
            )
        span = (FEWEST_BITS, MOST_BITS)
        if self.mean_bits is not None and not self.mean_bits >= FEWEST_BITS:
            raise QuantizeError(f"--mean-bits {self.mean_bits:g}: {FEWEST_BITS} to {MOST_BITS} bits are possible")
        chosen = {f"bits of {name}": (*span, bits) for name, bits in self.matrix_bits.items()}
        chosen |= {"--weights": (*span, self.weights), "--activations": (4, 12, self.activations)}
        for name, (low, high, value) in chosen.items():
            if not low <= value <= high:
                raise QuantizeError(f"{name} {value}: {low} to {high} bits are possible")
