# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Bits of activations: the usual ones, and more where a model's outliers leave a shared unit too few steps.

Rotation takes most outliers away, but not all: a residual stream that is a thousand times larger at one token than at
the others, gates of 50, hidden channels of a layer or two. The formats are the same for all layers, so one layer may
decide. Every value wider than usual is an exception that ``Chip.exceptions`` lists.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..chip.format import FORMAT_RANGES, Formats
from ..decoder import Decoder
from ..ops.fixed import limits
from .calibrate import Ranges, unit_of_largest, unit_of_least_error
from .options import Options

Floats = NDArray[np.float64]

RESIDUAL_STEPS = 32  # at least, in the rms of the residual where it is smallest
GATE_STEP = 0.04  # at most, in the argument of the activation, whose slope changes within a few tenths
HIDDEN_ERROR = 0.06  # at most, rms, of the hidden values of any layer


def formats_of(decoder: Decoder, ranges: Ranges, options: Options) -> Formats:
    """Bits of every kind of value, and the unit of the logits."""
    usual = Formats(attention=options.activations, hidden=options.activations)
    logit = ranges.unit("logits", usual.logit)
    formats = replace(usual, logit_fraction=int(np.clip(np.floor(-np.log2(max(logit, 1e-9))), 0, 14)))
    if not options.widen:
        return formats
    formats = replace(formats, residual=_residual(formats.residual, ranges))
    if decoder.blocks[0].mlp.gate is None:
        return formats  # one table for all channels: its width is what there is
    largest = max(value for name, value in ranges.largest.items() if name.endswith(".gate"))
    gate = formats.gate
    while unit_of_largest(largest, gate) > GATE_STEP and gate < FORMAT_RANGES["gate"][1] - 2:
        gate += 1
    return replace(formats, gate=gate, hidden=_hidden(formats.hidden, ranges, options.smoothing))


def _residual(bits: int, ranges: Ranges) -> int:
    while ranges.unit("residual", bits) * RESIDUAL_STEPS > ranges.smallest and bits < FORMAT_RANGES["residual"][1]:
        bits += 1
    return bits


def _hidden(bits: int, ranges: Ranges, smoothing: float) -> int:
    while bits < FORMAT_RANGES["hidden"][1] and max(
        _relative_error(np.concatenate(ranges.hidden[stage]), np.concatenate(ranges.weights[stage]), bits, smoothing)
        for stage in ranges.hidden
    ) > HIDDEN_ERROR:  # fmt: skip
        bits += 1
    return bits


def _relative_error(hidden: NDArray[np.float32], weights: Floats, bits: int, smoothing: float) -> float:
    """Of hidden values [tokens, F] in one unit of ``bits`` bits, channels scaled as the quantizer scales them.

    ``weights`` [tokens] are those of ``calibrate.token_weights``.
    """
    spread = np.maximum(np.sqrt(np.square(hidden).mean(0)), 1e-6)
    relative = (spread / spread.mean()) ** smoothing
    scaled, (low, high) = hidden / relative, limits(bits)
    unit = unit_of_least_error(scaled.reshape(1, -1), bits, np.repeat(weights, hidden.shape[1]))[0]
    error = (np.rint(scaled / unit).clip(low, high) * unit - scaled) * relative
    square, signal = (float(weights @ np.square(x).sum(1, dtype=np.float64)) for x in (error, hidden))
    return float(np.sqrt(square / max(signal, 1e-12)))
