# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Ranges of values on calibration text: how large a unit each stage of the chip gets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..decoder import Array, Decoder, forward
from ..errors import QuantizeError
from ..fixed import Ints, limits

Floats = NDArray[np.float64]

CLIPS = np.linspace(0.3, 1.0, 29)
MARGIN = 1.25  # over the largest value seen, where saturation would hurt most


def calibration_rows(stories: Sequence[Sequence[int]], tokens: int, length: int) -> Ints:
    """Rows [N, length] cut from the stories one after the other, about ``tokens`` in all."""
    stream = np.concatenate([np.asarray(s, np.int64) for s in stories]) if stories else np.empty(0, np.int64)
    rows = min(tokens, len(stream)) // length
    if rows == 0:
        raise QuantizeError(f"the calibration text has {len(stream)} tokens; at least {length} are needed")
    return stream[: rows * length].reshape(rows, length)


def observe_all(decoder: Decoder, rows: Ints) -> dict[str, Array]:
    """Every stage of the float reference on the rows, by name."""
    seen: dict[str, Array] = {}
    forward(decoder, rows, lambda stage, value: seen.__setitem__(stage, value))
    return seen


def unit_of_largest(values: Array, bits: int, margin: float = MARGIN) -> float:
    """The unit at which ``margin`` times the largest value still fits ``bits`` bits."""
    return max(float(np.abs(values).max()) * margin, 1e-9) / limits(bits)[1]


def unit_of_least_error(values: Array, bits: int) -> Floats:
    """Per row of values [rows, N], the unit whose rounding and clipping err least in the mean square."""
    low, high = limits(bits)
    values = values.astype(np.float32)
    widest = np.maximum(np.abs(values).max(1), 1e-9) / high
    best, best_error = widest.astype(np.float64), np.full(len(values), np.inf)
    for clip in CLIPS:
        unit = (widest * clip).astype(np.float32)
        error = np.square(np.rint(values / unit[:, None]).clip(low, high) * unit[:, None] - values).mean(1)
        better = error < best_error
        best, best_error = np.where(better, unit, best), np.where(better, error, best_error)
    return best
