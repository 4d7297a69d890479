# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts that layers are put together from: matrices with their biases, rows and heads in order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chip.model import Chip, Wiring
from ..decoder import Array, Decoder, Linear, Norm, Rope, rope_tables
from ..errors import QuantizeError
from ..ops.fixed import BIAS_BITS, Ints, limits, scale_pair
from ..ops.matvec import Matrix
from ..parts import PARTS
from .rounding import Rounded

Floats = NDArray[np.float64]
Part = tuple[Matrix, Ints | None]  # a matrix and its biases [1, out], if it has any


def wiring_of(decoder: Decoder) -> Wiring:
    """Which parts a chip of this decoder has; the first layer speaks for all but windows and angles."""
    fields: dict[str, Any] = {}
    for part in PARTS:
        fields |= part.read(decoder)
    return Wiring(**fields)


def angles(sets: list[Rope], context: int) -> tuple[Floats, Floats]:
    """cos and sin [sets * context, R / 2]; a set without dimensions turns by nothing."""
    half = max(len(rope.inv_freq) for rope in sets)
    filled = [rope if len(rope.inv_freq) else Rope(np.zeros(half)) for rope in sets]
    tables = [rope_tables(rope, context) for rope in filled]
    return np.concatenate([cos for cos, _ in tables]), np.concatenate([sin for _, sin in tables])


def gain_of(norm: Norm, size: int) -> Floats:
    """The gains [size] of a norm in float64; ones where it has none."""
    return np.ones(size) if norm.gain is None else norm.gain.astype(np.float64)


def scaled_matrix(rounded: Rounded, scale: Floats, bits: int) -> Matrix:
    """A one-layer Matrix whose rows scale by ``scale`` [out]."""
    multiplier, shift = scale_pair(scale)
    return Matrix(rounded.weight[None], multiplier[None], np.array([shift]), bits)


def whole_bias(name: str, source: Linear, unit: float | Floats) -> Ints | None:
    """Biases [1, out] in output units."""
    if source.bias is None:
        return None
    units = np.rint(source.bias / unit)
    if np.abs(units).max() > limits(BIAS_BITS)[1]:
        raise QuantizeError(
            f"a bias of {name} is {np.abs(units).max():.3g} units of its output, more than {BIAS_BITS} bits hold; "
            "calibrate on text of the kind the model reads"
        )
    return units.astype(np.int64)[None]


def with_part(chip: Chip, name: str, part: Part) -> Chip:
    """The chip with one matrix and its biases replaced."""
    biases = chip.biases if part[1] is None else {**chip.biases, name: part[1]}
    return replace(chip, matrices={**chip.matrices, name: part[0]}, biases=biases)


def as_scale(unit: Floats) -> float | list[float]:
    """Units [N] as a chip's ``scales`` record them: once where they are all the same."""
    return float(unit[0]) if np.ptp(unit) == 0 else [float(u) for u in unit]


def flat(x: NDArray[Any]) -> Floats:
    """[..., N] to [tokens, N] in float64."""
    return x.reshape(-1, x.shape[-1]).astype(np.float64)


def by_head(x: Array) -> Array:
    """[B, heads, T, C] to [heads, everything else]."""
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)
