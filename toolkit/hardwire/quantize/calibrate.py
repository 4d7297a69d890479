# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Ranges of values on calibration text: how large a unit each stage of the chip gets.

Every stage of a large model does not fit memory at once. What units that all layers share are chosen by is gathered
in one pass over batches of rows (``Ranges``); the rest is looked at layer by layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ..decoder import DEGREES, Array, Decoder, forward
from ..errors import QuantizeError
from ..ops.fixed import Ints, limits
from ..progress import Share

Floats = NDArray[np.float64]

CLIPS = np.linspace(0.3, 1.0, 29)
FAR_CLIPS = np.geomspace(0.001, 0.27, 24)  # where a value far out may saturate
MARGIN = 1.25  # over the largest value seen, where saturation would hurt most
BATCH_VALUES = 1 << 26  # of the widest stage, in a batch of rows
OUTLIER = 16.0  # energy of a token's residual, over the usual, from which on its errors count less
POOLED = 1 << 22  # values that a common unit is chosen by: of all layers together, or of one
RESIDUALS = ("embed", "embedding_raw", "attn_x", "x")


def calibration_rows(stories: Sequence[Sequence[int]], tokens: int, length: int) -> Ints:
    """Rows [N, length] cut from the stories one after the other, about ``tokens`` in all."""
    stream = np.concatenate([np.asarray(s, np.int64) for s in stories]) if stories else np.empty(0, np.int64)
    rows = min(tokens, len(stream)) // length
    if rows == 0:
        raise QuantizeError(f"the calibration text has {len(stream)} tokens; at least {length} are needed")
    return stream[: rows * length].reshape(rows, length)


def batches(decoder: Decoder, rows: Ints) -> Iterator[slice]:
    """Parts of the rows [N, T] whose widest stage is of bounded size."""
    widest = max(decoder.vocab, decoder.blocks[0].mlp.up.weight.shape[0], decoder.dim)
    step = max(BATCH_VALUES // (widest * rows.shape[1]), 1)
    return (slice(start, start + step) for start in range(0, len(rows), step))


@dataclass(kw_only=True)
class Ranges:
    """What one pass of the float reference leaves: largest values by stage, and some of the hidden values.

    ``largest``: of the residual stream as "residual", of logits, and of each layer's gate. ``smallest``: the rms of
    a token's residual stream, of the token in the middle, at the stage where it is smallest. ``index``: of a layer
    without a gate, the largest input of its activation [F]. ``square`` and ``hidden``: the sum of squares of what the
    activation makes [F], and some of that [tokens, F], of which ``weights`` [tokens] are the tokens' own.
    """

    largest: dict[str, float] = field(default_factory=dict)
    index: dict[str, Array] = field(default_factory=dict)
    square: dict[str, Array] = field(default_factory=dict)
    hidden: dict[str, list[Array]] = field(default_factory=dict)
    weights: dict[str, list[Floats]] = field(default_factory=dict)
    smallest: float = np.inf

    @staticmethod
    def of(decoder: Decoder, rows: Ints, progress: Share = lambda share: None) -> Ranges:
        ranges = Ranges()
        first = decoder.blocks[0].mlp
        size = rows.size * len(first.up.weight) * len(decoder.blocks)
        stride = -(-size // POOLED)
        while gcd(stride, rows.shape[1]) > 1:  # else it would meet the same positions of every row again and again
            stride += 1

        def observe(name: str, value: Array) -> None:
            stage, _, kind = name.rpartition(".")
            if kind == "x":
                ranges.weights.setdefault(stage, []).append(token_weights(value)[-values_seen % stride :: stride])
            if kind in RESIDUALS:
                ranges._raise("residual", value)
                ranges.smallest = min(ranges.smallest, float(np.median(np.square(value).mean(-1))) ** 0.5)
            elif kind in ("gate", "logits", "logits_raw"):
                ranges._raise(name, value)
            elif first.gate is None and kind == "up":
                # What an activation makes zero of may saturate.
                above = np.maximum(value, 0) if first.activation in DEGREES else np.abs(value)
                ranges.index[stage] = np.maximum(ranges.index.get(stage, np.float32(0)), above.max((0, 1)))
            elif kind == "hidden":
                flat = value.reshape(-1, value.shape[-1])
                ranges.square[stage] = ranges.square.get(stage, np.float32(0)) + np.square(flat).sum(0)
                ranges.hidden.setdefault(stage, []).append(flat[-values_seen % stride :: stride])

        rows_done = values_seen = 0
        for part in batches(decoder, rows):
            forward(decoder, rows[part], observe)
            rows_done, values_seen = rows_done + len(rows[part]), values_seen + rows[part].size
            progress(rows_done / len(rows))
        return ranges

    def _raise(self, name: str, value: Array) -> None:
        self.largest[name] = max(self.largest.get(name, 0.0), float(np.abs(value).max()))

    def unit(self, name: str, bits: int) -> float:
        """The unit at which MARGIN times the largest value fits ``bits`` bits."""
        return unit_of_largest(self.largest[name], bits)


def unit_of_largest(values: Array | float, bits: int, margin: float = MARGIN) -> float:
    """The unit at which ``margin`` times the largest value still fits ``bits`` bits."""
    return max(float(np.abs(values).max()) * margin, 1e-9) / limits(bits)[1]


def token_weights(residual: Array) -> Floats:
    """What an error at each token [tokens] counts beside another's, by the residual [..., D] that it goes into.

    The next norm divides by that residual's rms. Where it is far above the usual, at the attention sinks of larger
    models (massive activations: Sun et al., 2024), an error in the same measure matters less; weighed alike, one token
    in thousands would decide every unit and every rounding. 1 up to OUTLIER times the median energy.
    """
    energy = np.square(residual.reshape(-1, residual.shape[-1]), dtype=np.float64).mean(1)
    return np.asarray(1 / np.maximum(energy / max(OUTLIER * float(np.median(energy)), 1e-30), 1))


def unit_of_least_error(values: Array, bits: int, weights: Floats | None = None) -> Floats:
    """Per row of values [rows, N], the unit whose rounding and clipping err least in the mean square.

    ``weights`` [N]: what the square of each value's error counts.
    """
    low, high = limits(bits)
    clips = CLIPS if weights is None or weights.min() == 1 else np.concatenate([FAR_CLIPS, CLIPS])
    weights = None if weights is None else weights.astype(np.float32)
    values = values.astype(np.float32)
    widest = np.maximum(np.abs(values).max(1), 1e-9) / high
    best, best_error = widest.astype(np.float64), np.full(len(values), np.inf)
    for clip in clips:
        unit = (widest * clip).astype(np.float32)
        square = np.square(np.rint(values / unit[:, None]).clip(low, high) * unit[:, None] - values)
        error = square.mean(1) if weights is None else square @ weights
        better = error < best_error
        best, best_error = np.where(better, unit, best), np.where(better, error, best_error)
    return best
