# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RMSNorm and LayerNorm, as one operator or in pieces, become ``Norm`` nodes.

requires: a simplified Graph.
ensures: each recognised norm is one node with a decoder.Norm; gain and bias are in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ..decoder import Array, Norm
from .graph import Graph, Node, fail
from .simplify import vector

_SQUARES = ("ReduceMean", "ReduceSum", "ReduceSumSquare", "ReduceL2")
_NO_ZERO = 1e-6  # at most, of what keeps a length from being zero


def match_norms(graph: Graph) -> None:
    """Replace the norms of a graph, in place. Raises ModelError for one that no ``Norm`` can be."""
    for node in list(graph.nodes):
        if node.op in ("RMSNormalization", "LayerNormalization", "SimplifiedLayerNormalization"):
            _replace(graph, node, node.inputs[0], _operator(graph, node))
        elif node.op == "LpNormalization":
            _by_length(graph, node)
        elif node.op in _SQUARES:
            _decomposed(graph, node)
    graph.index()
    for node in list(graph.nodes):
        if node.op == "Norm":
            _absorb(graph, graph.makers[node.outputs[0]])
    graph.prune()


def _replace(graph: Graph, node: Node, data: str, norm: Norm) -> Node:
    """Put a Norm node where ``node`` was."""
    norm_node = replace(node, op="Norm", inputs=(data,), outputs=node.outputs[:1], attrs={"norm": norm})
    graph.nodes[next(i for i, old in enumerate(graph.nodes) if old is node)] = norm_node
    graph.makers[node.outputs[0]] = norm_node
    return norm_node


def _operator(graph: Graph, node: Node) -> Norm:
    """RMSNormalization (opset 23), LayerNormalization (17)."""
    shape = graph.shape(node.inputs[0])
    if int(node.attrs.get("axis", -1)) % len(shape) != len(shape) - 1:
        fail(node, f"normalises from axis {node.attrs['axis']} on; only the last axis is supported")
    parts: list[Array | None] = [None, None]
    for index, name in enumerate(tensor for tensor in node.inputs[1:3] if tensor):
        parts[index] = vector(graph, name, shape[-1])
        if parts[index] is None:
            fail(node, f"its weight {name!r} is not a constant vector of {shape[-1]} numbers")
    kind: Literal["rms", "layer"] = "layer" if node.op == "LayerNormalization" else "rms"
    return Norm(kind, float(node.attrs.get("epsilon", 1e-5)), parts[0], parts[1])


def _by_length(graph: Graph, node: Node) -> None:
    """LpNormalization: x over its length is RMSNorm without eps over the root of the width."""
    shape = graph.shape(node.inputs[0])
    if int(node.attrs.get("p", 2)) == 2 and int(node.attrs.get("axis", -1)) % len(shape) == len(shape) - 1:
        _replace(graph, node, node.inputs[0], Norm("rms", 0.0, _even(shape[-1] ** -0.5, shape[-1])))


def _even(gain: float, size: int) -> Array | None:
    """A gain that is the same for all channels."""
    return None if np.isclose(gain, 1.0, rtol=1e-7) else np.full(size, gain, np.float32)


def _decomposed(graph: Graph, reduced: Node) -> None:
    """x / sqrt(mean(x * x) + eps) around the mean of squares, their sum, or its root; anything else is left alone."""
    found = _squares(graph, reduced)
    if found is None or not _over_last_axis(graph, reduced):
        return
    x, times = found  # of the mean of x * x, what the node makes
    denominator = _denominator(graph, reduced, times)
    if denominator is None:
        return
    times, eps, end = denominator  # x over the root, or x times the inverse root
    size = graph.shape(x)[-1]
    gained = _gained(graph, end, x, size)
    if gained is None or (end.op == "Div" and end.inputs[0] != gained[0]):
        return
    gain = _even(times**-0.5, size)
    if gained[1] is not None:
        gain = gained[1] if gain is None else np.asarray(gain * gained[1], np.float32)
    centred = _centred(graph, x)
    _replace(graph, end, x if centred is None else centred, Norm("rms" if centred is None else "layer", eps, gain))


def _squares(graph: Graph, reduced: Node) -> tuple[str, float] | None:
    """(x, n): the node makes n times the mean of x * x, or the root of that."""
    x, size = reduced.inputs[0], graph.shape(reduced.inputs[0])[-1] if reduced.inputs[0] in graph.shapes else 0
    if reduced.op in ("ReduceSumSquare", "ReduceL2"):
        return x, float(size)
    square = graph.maker(x)
    if square is None:
        return None
    x = square.inputs[0]
    is_square = square.op == "Pow" and graph.scalar(square.inputs[1]) == 2
    if not is_square and not (square.op == "Mul" and square.inputs == (x, x)):
        return None
    return x, 1.0 if reduced.op == "ReduceMean" else float(size)


def _gained(graph: Graph, end: Node, x: str, size: int) -> tuple[str, Array | None] | None:
    """(operand of ``end``, gain): x itself, or x times a constant vector."""
    if x in end.inputs:
        return x, None
    for name in end.inputs:
        node = graph.maker(name)
        pair = graph.split(node) if node is not None and node.op == "Mul" else None
        gain = vector(graph, pair[1], size) if pair is not None and pair[0] == x else None
        if gain is not None:
            return name, np.asarray(gain, np.float32)
    return None


def _over_last_axis(graph: Graph, node: Node) -> bool:
    axes = node.attrs.get("axes")
    if axes is None and len(node.inputs) > 1 and node.inputs[1] in graph.constants:
        axes = graph.constants[node.inputs[1]].ravel().tolist()
    rank = len(graph.shape(node.inputs[0]))
    return bool(node.attrs.get("keepdims", 1)) and axes is not None and [a % rank for a in axes] == [rank - 1]


def _denominator(graph: Graph, reduced: Node, times: float) -> tuple[float, float, Node] | None:
    """(n, eps, node) that applies the (inverse) root of n times (mean of squares + eps) to the input.

    ``times``: of the mean of squares, what ``reduced`` makes, or the root of it.
    """
    eps, node, rooted = 0.0, graph.only_user(reduced.outputs[0]), reduced.op == "ReduceL2"
    while not rooted and node is not None and node.op in ("Mul", "Div", "Add") and (pair := graph.split(node)):
        value = graph.scalar(pair[1])
        if not value or value < 0 or (node.op == "Div" and node.inputs[0] == pair[1]):
            return None
        if node.op == "Add":
            eps += value / times
        else:
            times *= value if node.op == "Mul" else 1 / value
        node = graph.only_user(node.outputs[0])
    inverse = False
    if not rooted:
        if node is not None and node.op == "Pow" and graph.scalar(node.inputs[1]) in (0.5, -0.5):
            inverse = graph.scalar(node.inputs[1]) == -0.5
        elif node is None or node.op != "Sqrt":
            return None
        node = graph.only_user(node.outputs[0])
    while node is not None and not inverse and _keeps_from_zero(graph, node):
        node = graph.only_user(node.outputs[0])
    if node is not None and not inverse and (
        node.op == "Reciprocal" or (node.op == "Div" and graph.scalar(node.inputs[0]) == 1)
    ):  # fmt: skip
        inverse, node = True, graph.only_user(node.outputs[0])
    return (times, eps, node) if node is not None and node.op == ("Mul" if inverse else "Div") else None


def _keeps_from_zero(graph: Graph, node: Node) -> bool:
    """Clip or Max to a number that no length of a vector comes near, or an Expand over the vector."""
    if node.op == "Expand":
        return True
    if node.op == "Clip" and not any(node.inputs[2:]) and len(node.inputs) > 1:
        low = graph.scalar(node.inputs[1])
    elif node.op == "Max" and (pair := graph.split(node)) is not None:
        low = graph.scalar(pair[1])
    else:
        return False
    return low is not None and 0 <= low <= _NO_ZERO


def _centred(graph: Graph, x: str) -> str | None:
    """y, if ``x`` is y minus its mean over the last axis."""
    node = graph.maker(x)
    if node is None or node.op != "Sub":
        return None
    mean = graph.maker(node.inputs[1])
    is_mean = mean is not None and mean.op == "ReduceMean" and _over_last_axis(graph, mean)
    return node.inputs[0] if is_mean and mean is not None and mean.inputs[0] == node.inputs[0] else None


def _absorb(graph: Graph, node: Node) -> None:
    """Take the gain and bias behind a norm into it: a norm keeps one of each."""
    while True:
        norm: Norm = node.attrs["norm"]
        user = graph.only_user(node.outputs[0])
        pair = graph.split(user) if user is not None and user.op in ("Mul", "Add") else None
        if user is None or pair is None:
            return
        value = vector(graph, pair[1], graph.shape(node.outputs[0])[-1])
        if value is None:
            return
        if user.op == "Add" and norm.bias is None:
            norm = replace(norm, bias=value)
        elif user.op == "Mul" and norm.bias is None:
            norm = replace(norm, gain=value if norm.gain is None else np.asarray(norm.gain * value, np.float32))
        else:
            return
        node = _replace(graph, user, node.inputs[0], norm)
