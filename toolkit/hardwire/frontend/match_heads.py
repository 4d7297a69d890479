# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Queries, keys and values back to their projection, through rotations and a norm of the heads.

requires: linear layers and norms matched.
ensures: the norm, where there is one, in front of the rotation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..decoder import Array, Linear, Norm, Rope
from .graph import Graph, Node, fail
from .rope import Heads, read_heads
from .trace import Trace, trace

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Side:
    """Where queries, keys or values come from. ``source``: root of the tensor that is projected."""

    heads: Heads
    layer: Linear
    norm: Norm | None  # over each head, in front of the rotation
    source: str
    tables: frozenset[str]  # constants that rotations come from


def read_side(graph: Graph, node: Node, role: str, part: Trace) -> Side:
    """The side that was traced as ``part`` [H, T, C, K]."""
    maker = graph.maker(part.base)
    if maker is None or maker.op != "Norm":
        return _projected(graph, node, role, part)
    _check_channels(graph, maker, role, part)
    norm, before = maker.attrs["norm"], trace(graph, maker.inputs[0])
    if before.index.shape[-1] == 1 and bool((before.coef == 1).all()):
        inner = Trace(before.base, before.index.reshape(-1)[part.index], part.coef, part.tables)
        return replace(_projected(graph, node, role, inner), norm=norm)
    if part.index.shape[-1] > 1:
        fail(maker, f"its {role} heads are rotated or scaled in front of it and rotated behind, which is not supported")
    terms, place = before.index.shape[-1], part.index[..., 0]
    index, coef = before.index.reshape(-1, terms)[place], before.coef.reshape(-1, terms)[place]
    side = _projected(graph, node, role, Trace(before.base, index, coef, before.tables))
    heads, norm = _norm_first(maker, role, side.heads, part.coef, norm)
    return replace(side, heads=heads, norm=norm)


def _check_channels(graph: Graph, norm: Node, role: str, part: Trace) -> None:
    """Refuse a norm over anything but the channels of each head, in their order."""
    width, size = graph.shape(part.base)[-1], part.index.shape[2]
    if width > size:
        fail(
            norm,
            f"normalises all {width} numbers of the {role} heads together, as OLMo 2 does, which is not supported; "
            f"a norm of each head's {size} is",
        )
    if width != size:
        fail(norm, f"normalises {width} numbers of a {role} head of {size}")
    if bool((part.index[:, :, :, 0] % width != np.arange(width)).any()):
        fail(norm, f"the channels of its {role} heads are permuted behind it, which is not supported")


def _projected(graph: Graph, node: Node, role: str, part: Trace) -> Side:
    """The side whose heads a linear layer makes."""
    maker = graph.maker(part.base)
    if maker is None or maker.op != "Linear":
        origin = maker.op if maker is not None else "an input"
        fail(node, f"its {role} comes from {origin}, where a linear projection was expected")
    layer: Linear = maker.attrs["layer"]
    token, row = np.divmod(part.index, layer.weight.shape[0])
    heads = read_heads(node, role, row, token, part.coef)
    return Side(heads=heads, layer=layer, norm=None, source=graph.root(maker.inputs[0]), tables=part.tables)


def _norm_first(node: Node, role: str, heads: Heads, factor: Floats, norm: Norm) -> tuple[Heads, Norm]:
    """Heads with a norm behind their rotation (nanochat), and that norm: the same function with the norm in front.

    A rotation leaves the mean of squares alone, and a gain that is the same for both channels of a pair may pass it.
    What heads are scaled by in front of the norm shows in its eps alone. ``factor`` is theirs behind it.
    """
    if norm.kind != "rms" or norm.bias is not None:
        fail(node, f"LayerNorm behind the rotation of its {role}, which is not supported; RMSNorm is")
    if not np.allclose(factor, factor.flat[0], rtol=1e-6):  # float32 products
        fail(node, f"its {role} is scaled by factors that differ between positions or channels")
    rope, scale = heads.rope, heads.scale
    if rope is not None:
        if norm.gain is not None and not np.array_equal(*_pairs(rope, norm.gain)):
            fail(
                node,
                f"a norm behind the rotation of its {role} has gains that differ within a rotated pair, which is not "
                "supported; one without gains (nanochat), or in front of the rotation (Qwen 3), is",
            )
        if rope.amplitude != 1 and 2 * len(rope.inv_freq) < heads.rows.shape[1]:
            fail(node, f"a norm behind rotary tables that scale a part of the channels of its {role}")
        rope, scale = replace(rope, amplitude=1.0), scale * rope.amplitude
    behind = float(factor.flat[0]) * float(np.sign(scale))
    return Heads(heads.rows, behind, rope), replace(norm, eps=norm.eps / scale**2)


def _pairs(rope: Rope, gain: Array) -> tuple[Array, Array]:
    """The gains of the first and of the second channel of each rotated pair."""
    half = len(rope.inv_freq)
    if rope.interleaved:
        return gain[0 : 2 * half : 2], gain[1 : 2 * half : 2]
    return gain[:half], gain[half : 2 * half]
