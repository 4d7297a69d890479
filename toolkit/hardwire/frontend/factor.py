# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Constant factors on a branch of the residual stream: one number (Granite, MiniCPM, muP) or a vector (LayerScale).

They become part of the branch's last matrix, or of the norm behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..decoder import Array, Linear, Norm
from .graph import Graph
from .simplify import vector


@dataclass(frozen=True)
class Factor:
    """``x * scale + shift``: each one number or a vector [D]."""

    scale: Array | float = 1.0
    shift: Array | None = None

    @property
    def idle(self) -> bool:
        return self.shift is None and not isinstance(self.scale, np.ndarray) and self.scale == 1

    def of_linear(self, layer: Linear) -> Linear:
        """The layer with the factor in it."""
        if self.idle:
            return layer
        scale = np.broadcast_to(np.asarray(self.scale, np.float32), len(layer.weight))
        weight = np.ascontiguousarray(layer.weight * scale[:, None], np.float32)
        return Linear(weight, self._shifted(None if layer.bias is None else layer.bias * scale))

    def of_norm(self, norm: Norm, width: int) -> Norm:
        """The norm over ``width`` numbers with the factor in its gain and bias."""
        if self.idle:
            return norm
        scale = np.broadcast_to(np.asarray(self.scale, np.float32), width)
        gain = np.array(scale) if norm.gain is None else np.asarray(norm.gain * scale, np.float32)
        return Norm(norm.kind, norm.eps, gain, self._shifted(None if norm.bias is None else norm.bias * scale))

    def _shifted(self, bias: Array | None) -> Array | None:
        if self.shift is None:
            return bias
        return self.shift if bias is None else np.asarray(bias + self.shift, np.float32)


def peel(graph: Graph, name: str, factor: Factor) -> tuple[Factor, str]:
    """The tensor behind constant factors and additions, and ``factor`` with those in it."""
    while True:
        name = graph.root(name)
        node = graph.maker(name)
        if node is not None and node.op == "Neg":
            factor, name = Factor(_times(factor.scale, -1.0), factor.shift), node.inputs[0]
            continue
        pair = graph.split(node) if node is not None and node.op in ("Mul", "Div", "Add") else None
        if node is None or pair is None or (node.op == "Div" and node.inputs[0] == pair[1]):
            return factor, name
        value = _constant(graph, pair[1], graph.shape(name)[-1])
        if value is None or graph.shape(pair[0])[-1:] != graph.shape(name)[-1:]:
            return factor, name
        if node.op == "Add":
            added = _times(factor.scale, value)
            vectored = np.broadcast_to(np.asarray(added, np.float32), graph.shape(name)[-1:])
            factor = Factor(factor.scale, vectored if factor.shift is None else factor.shift + vectored)
        else:
            factor = Factor(_times(factor.scale, value if node.op == "Mul" else 1 / value), factor.shift)
        name = pair[0]


def _times(a: Array | float, b: Array | float) -> Array | float:
    product = np.asarray(a, np.float64) * np.asarray(b, np.float64)
    return float(product) if product.ndim == 0 else np.asarray(product, np.float32)


def _constant(graph: Graph, name: str, width: int) -> Array | float | None:
    """The constant as one number that is not 0, or as a vector along the last axis."""
    scalar = graph.scalar(name)
    if scalar is not None:
        return scalar or None
    return vector(graph, name, width)
