# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts that layers are put together from: matrices with their biases, rows and heads in order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chip import Chip
from ..decoder import Array, Linear
from ..errors import QuantizeError
from ..fixed import BIAS_BITS, Ints, limits, scale_pair
from ..ops.matvec import Matrix
from .rounding import Rounded

Floats = NDArray[np.float64]
Part = tuple[Matrix, Ints | None]  # a matrix and its biases [1, out], if it has any


def stack(matrices: list[Matrix]) -> Matrix:
    return Matrix(
        np.concatenate([m.weight for m in matrices]),
        np.concatenate([m.multiplier for m in matrices]),
        np.concatenate([m.shift for m in matrices]),
        matrices[0].bits,
    )


def scaled_matrix(rounded: Rounded, scale: Floats, bits: int) -> Matrix:
    """A one-layer Matrix whose rows scale by ``scale`` [out]."""
    multiplier, shift = scale_pair(scale)
    return Matrix(rounded.weight[None], multiplier[None], np.array([shift]), bits)


def whole_bias(name: str, source: Linear, unit: float | Floats) -> Ints | None:
    """Biases [1, out] in output units."""
    if source.bias is None:
        return None
    whole = np.rint(source.bias / unit)
    if np.abs(whole).max() > limits(BIAS_BITS)[1]:
        raise QuantizeError(
            f"a bias of {name} is {np.abs(whole).max():.3g} units of its output, more than {BIAS_BITS} bits hold; "
            "calibrate on text of the kind the model reads"
        )
    return whole.astype(np.int64)[None]


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


def half_split_order(interleaved: bool, rotary: int, head_dim: int) -> NDArray[np.int64]:
    """Row order within a head that turns interleaved rotary pairs into (i, i + rotary / 2) pairs."""
    order = np.arange(head_dim)
    if interleaved:
        order[:rotary] = np.concatenate([np.arange(0, rotary, 2), np.arange(1, rotary, 2)])
    return order
