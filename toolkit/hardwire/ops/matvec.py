# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Integer matrix times vector, and the requantisation of its sums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .fixed import MULTIPLIER_BITS, Ints, exact_product, limits, round_shift, saturate

ROOT_SHIFT = 17


@dataclass(frozen=True)
class Matrix:
    """One matrix of every layer, the layer as leading index.

    weight [L, out, in] int8, each within ``bits``; multiplier [L, out] unsigned, at most 17 bits;
    shift [L]. A row's sum times multiplier / 2**shift is the row's output in its own units.
    """

    weight: NDArray[np.int8]
    multiplier: Ints
    shift: Ints
    bits: int

    @cached_property
    def columns(self) -> NDArray[np.float32]:
        """[L, in, out]: the weights as exact_product takes them."""
        return np.ascontiguousarray(self.weight.swapaxes(1, 2), np.float32)

    def accumulator_bound(self, input_bits: int) -> int:
        """Largest magnitude of a sum of products with inputs of ``input_bits`` bits."""
        return int(self.weight.shape[2]) * -limits(input_bits)[0] * -limits(self.bits)[0]

    def sums(self, layer: int, a: Ints, input_bits: int) -> Ints:
        """Accumulators [..., out] of inputs a [..., in]."""
        return exact_product(a, self.columns[layer], self.accumulator_bound(input_bits))

    def apply(
        self, layer: int, a: Ints, input_bits: int, bits: int, root: Ints | None = None, bias: Ints | None = None
    ) -> Ints:
        """Outputs [..., out] of ``bits`` bits. ``root`` [...] is the factor that a norm left over.

        ``bias`` [L, out] is in output units: added after rounding, before saturation.
        """
        multiplier = self.multiplier[layer]
        if root is not None:
            multiplier = fold_root(multiplier, root[..., None])
        rounded = round_shift(self.sums(layer, a, input_bits) * multiplier, self.shift[layer])
        return saturate(rounded if bias is None else rounded + bias[layer], bits)


def fold_root(multiplier: Ints, root: Ints) -> Ints:
    """A row's multiplier times a norm's reciprocal root, both at most 17 bits, in 17 bits again."""
    return np.minimum(round_shift(multiplier * root, ROOT_SHIFT), (1 << MULTIPLIER_BITS) - 1)
