# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Follow numbers through reshapes, slices, repeats, concatenations and constant factors.

Exporters move heads around in dozens of ways. Instead of a pattern for each, ``trace`` runs the moves on
indices: it says for every element of a tensor which elements of an earlier tensor it is made of, and with
which factors. A projection split, fused or permuted, heads repeated, rotary embeddings in any spelling and
scales put on either side then all look the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .graph import Graph, Node, fail

_AXES_INPUT = 3


@dataclass(frozen=True)
class Trace:
    """``value[e] = sum over k of coef[e, k] * base.flat[index[e, k]]`` for every element e.

    ``index`` and ``coef`` have the tensor's shape and a last axis of K terms; ``tables`` names the
    constants that the factors came from.
    """

    base: str
    index: NDArray[np.int64]
    coef: NDArray[np.float64]
    tables: frozenset[str] = frozenset()

    def map(self, move: Callable[[NDArray[Any]], NDArray[Any]]) -> Trace:
        """Move the elements (``move`` keeps the last axis) and leave their terms alone."""
        return Trace(self.base, np.asarray(move(self.index)), np.asarray(move(self.coef)), self.tables)

    def scaled(self, factor: NDArray[np.float64] | float, tables: frozenset[str] = frozenset()) -> Trace:
        factor = np.asarray(factor, np.float64)
        coef = self.coef * (factor[..., None] if factor.ndim else factor)
        return Trace(self.base, np.broadcast_to(self.index, coef.shape), coef, self.tables | tables)

    def plus(self, other: Trace) -> Trace:
        index = _stack(self.index, other.index)
        return Trace(self.base, index, _stack(self.coef, other.coef), self.tables | other.tables).compact()

    def compact(self) -> Trace:
        """Drop terms that are zero everywhere."""
        used = np.abs(self.coef).reshape(-1, self.coef.shape[-1]).max(0) > 0
        used[0] |= not used.any()
        return Trace(self.base, self.index[..., used], self.coef[..., used], self.tables)


def _stack(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Terms of two tensors that broadcast against each other, side by side."""
    shape = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    return np.concatenate([np.broadcast_to(t, (*shape, t.shape[-1])) for t in (a, b)], axis=-1)


def trace(graph: Graph, name: str) -> Trace:
    """The trace of ``name`` back to the nearest tensors that are more than moved or scaled."""
    node = graph.maker(name)
    step = None if node is None else _step(graph, node, name)
    if step is not None:
        return step
    shape = graph.shape(name)
    index = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(*shape, 1)
    return Trace(name, index, np.ones(index.shape))


def _step(graph: Graph, node: Node, name: str) -> Trace | None:
    """The trace through ``node``, or None where the node is no move."""
    op, shape = node.op, graph.shape(name)
    if op in ("Reshape", "Transpose", "Expand", "Tile", "Slice", "Split", "Gather", "GatherND", "Neg"):
        before = trace(graph, node.inputs[0]) if node.inputs[0] not in graph.constants else None
        return None if before is None else _move(graph, node, name, before)
    if op in ("Mul", "Div"):
        pair = graph.split(node)
        if pair is None or (op == "Div" and node.inputs[0] == pair[1]):
            return None
        value = graph.constants[pair[1]].astype(np.float64)
        before = trace(graph, pair[0]).scaled(1.0)
        factor = np.broadcast_to(value if op == "Mul" else 1 / value, shape)
        spread = before.map(lambda t: np.broadcast_to(t, (*shape, t.shape[-1])))
        return spread.scaled(factor, frozenset([pair[1]] if value.size > 1 else []))
    if op in ("Add", "Sub"):
        if any(operand in graph.constants for operand in node.inputs):
            return None
        first, second = (trace(graph, operand) for operand in node.inputs)
        return first.plus(second.scaled(1.0 if op == "Add" else -1.0)) if first.base == second.base else None
    if op == "Concat":
        return _concat(graph, node)
    if op in ("ScatterElements", "ScatterND", "TensorScatter", "Where"):
        return _scattered(graph, node)
    return _rotary(graph, node) if op == "RotaryEmbedding" else None


def _move(graph: Graph, node: Node, name: str, before: Trace) -> Trace | None:
    shape = graph.shape(name)
    if node.op == "Neg":
        return before.scaled(-1.0)
    if node.op == "Reshape":
        return before.map(lambda t: t.reshape(*shape, t.shape[-1]))
    if node.op == "Transpose":
        perm = node.attrs.get("perm", range(len(shape))[::-1])
        return before.map(lambda t: t.transpose(*perm, len(shape)))
    if node.op == "Expand":
        return before.map(lambda t: np.broadcast_to(t, (*shape, t.shape[-1])))
    if node.op == "Tile":
        repeats = tuple(int(r) for r in graph.constants[node.inputs[1]])
        return before.map(lambda t: np.tile(t, (*repeats, 1)))
    if node.op == "Slice":
        where = _slices(graph, node, len(graph.shape(node.inputs[0])))
        return None if where is None else before.map(lambda t: t[where])
    chosen = graph.constants.get(node.inputs[1]) if node.op in ("Gather", "GatherND") else None
    if node.op == "GatherND":
        if chosen is None or node.attrs.get("batch_dims", 0):
            return None
        places = tuple(np.moveaxis(chosen.astype(np.int64), -1, 0))
        return before.map(lambda t: t[places])
    axis = int(node.attrs.get("axis", 0)) % len(graph.shape(node.inputs[0]))
    if node.op == "Gather":
        return None if chosen is None else before.map(lambda t: np.take(t, chosen.astype(np.int64), axis))
    start = sum(graph.shape(out)[axis] for out in node.outputs[: node.outputs.index(name)])  # Split
    return before.map(lambda t: np.take(t, range(start, start + shape[axis]), axis))


def _slices(graph: Graph, node: Node, rank: int) -> tuple[slice, ...] | None:
    """The index expression of a Slice with constant bounds."""
    bounds = [graph.constants.get(bound) if bound else None for bound in node.inputs[1:]]
    if len(bounds) < 2 or bounds[0] is None or bounds[1] is None:
        return None
    starts, ends = bounds[0].tolist(), bounds[1].tolist()
    axes = range(len(starts)) if len(bounds) < 3 or bounds[2] is None else bounds[2].tolist()
    steps = [1] * len(starts) if len(bounds) < 4 or bounds[3] is None else bounds[3].tolist()
    where = [slice(None)] * rank
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 1:
            return None
        where[axis % rank] = slice(start, end, step)
    return tuple(where)


def _concat(graph: Graph, node: Node) -> Trace | None:
    """Parts of one tensor, and zeros: the fixed cache in front of it or behind it."""
    if any(np.any(graph.constants[operand]) for operand in node.inputs if operand in graph.constants):
        return None
    traced = [None if operand in graph.constants else trace(graph, operand) for operand in node.inputs]
    parts = [part for part in traced if part is not None]
    if len({part.base for part in parts}) != 1:
        return None
    axis = int(node.attrs["axis"]) % (parts[0].index.ndim - 1)
    terms = max(part.index.shape[-1] for part in parts)

    def widen(t: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([t, np.zeros((*t.shape[:-1], terms - t.shape[-1]), t.dtype)], -1)

    filled = [
        _nothing(parts[0].base, graph.shape(operand), terms) if part is None else part
        for operand, part in zip(node.inputs, traced, strict=True)
    ]
    index = np.concatenate([widen(part.index) for part in filled], axis)
    coef = np.concatenate([widen(part.coef) for part in filled], axis)
    return Trace(parts[0].base, index, coef, frozenset().union(*(part.tables for part in parts)))


def _nothing(base: str, shape: tuple[int, ...], terms: int) -> Trace:
    """A trace to ``base`` of tensor shape ``shape`` whose index and coefficient, each [*shape, terms], are 0."""
    return Trace(base, np.zeros((*shape, terms), np.int64), np.zeros((*shape, terms)))


def _scattered(graph: Graph, node: Node) -> Trace | None:
    """What is written into a buffer of zeros, at places that do not depend on the tokens."""
    old, new = (2, 1) if node.op == "Where" else (0, 2)
    if node.op == "TensorScatter":
        new = 1
    if node.op == "Where" and node.inputs[1] in graph.constants:
        old, new = 1, 2
    places = [place for i, place in enumerate(node.inputs) if place and i not in (old, new)]
    zeros = graph.constants.get(node.inputs[old])
    if zeros is None or np.any(zeros) or node.inputs[new] in graph.constants:
        return None
    if any(place not in graph.constants for place in places):
        return None
    part = trace(graph, node.inputs[new])
    buffer = _nothing(part.base, graph.shape(node.outputs[0]), part.index.shape[-1])
    where = [graph.constants[place] for place in places]
    for to, values in ((buffer.index, part.index), (buffer.coef, part.coef)):
        for term in range(values.shape[-1]):
            _write(node, to[..., term], values[..., term], where, written_first=new == 1)
    return Trace(part.base, buffer.index, buffer.coef, part.tables)


def _write(node: Node, to: NDArray[Any], values: NDArray[Any], where: list[NDArray[Any]], written_first: bool) -> None:
    """Put ``values`` into ``to`` as the node does; ``written_first``: where a condition of Where is true."""
    axis = int(node.attrs.get("axis", -2 if node.op == "TensorScatter" else 0))
    if node.op == "Where":
        chosen = where[0] if written_first else ~where[0]
        cells = np.broadcast_to(chosen, to.shape)
        to[cells] = np.broadcast_to(values, to.shape)[cells]
    elif node.op == "ScatterElements":
        np.put_along_axis(to, where[0].astype(np.int64) % to.shape[axis], values, axis)
    elif node.op == "ScatterND":
        to[tuple(np.moveaxis(where[0], -1, 0).astype(np.int64))] = values
    else:
        start = int(where[0].ravel()[0]) if where else 0
        axis %= to.ndim
        to[tuple(slice(start, start + values.shape[axis]) if i == axis else slice(None) for i in range(to.ndim))] = (
            values
        )


def _rotary(graph: Graph, node: Node) -> Trace:
    """RotaryEmbedding of opset 23, taken apart: [B, heads, T, C] or [B, T, heads * C]."""
    before = trace(graph, node.inputs[0])
    if any(operand not in graph.constants for operand in node.inputs[1:] if operand):
        fail(node, "its cosine and sine tables depend on the tokens; only constant tables are supported")
    cos, sin = (graph.constants[operand].astype(np.float64) for operand in node.inputs[1:3])
    if len(node.inputs) > _AXES_INPUT and node.inputs[_AXES_INPUT]:
        positions = graph.constants[node.inputs[_AXES_INPUT]].astype(np.int64)
        cos, sin = cos[positions], sin[positions]  # [B, T, R / 2]
    shape = graph.shape(node.inputs[0])
    flat = len(shape) == 3
    if flat:
        heads = int(node.attrs.get("num_heads", 0))
        if heads < 1:
            fail(node, "a 3-D input needs the attribute num_heads")
        before = before.map(lambda t: t.reshape(shape[0], shape[1], heads, -1, t.shape[-1]).swapaxes(1, 2))
    cos, sin = cos[:, None], sin[:, None]
    turned = 2 * cos.shape[-1]
    unturned = before.map(lambda t: t[..., turned:, :])
    pairs = (slice(0, turned, 2), slice(1, turned, 2))
    if not node.attrs.get("interleaved", 0):
        pairs = (slice(0, turned // 2), slice(turned // 2, turned))
    first, second = (before.map(lambda t, part=part: t[..., part, :]) for part in pairs)  # type: ignore[misc]
    a = first.scaled(cos).plus(second.scaled(-sin))
    b = second.scaled(cos).plus(first.scaled(sin))
    result = before.scaled(1.0)
    terms = max(a.index.shape[-1], b.index.shape[-1], unturned.index.shape[-1])
    index = np.zeros((*result.index.shape[:-1], terms), np.int64)
    coef = np.zeros(index.shape)
    for part, where in ((a, pairs[0]), (b, pairs[1]), (unturned, slice(turned, None))):
        index[..., where, : part.index.shape[-1]] = part.index
        coef[..., where, : part.coef.shape[-1]] = part.coef
    rotated = Trace(before.base, index, coef, before.tables | frozenset(node.inputs[1:3]))
    return rotated.map(lambda t: t.swapaxes(1, 2).reshape(*shape, t.shape[-1])) if flat else rotated
