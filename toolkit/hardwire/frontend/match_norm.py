# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""RMSNorm and LayerNorm, as one operator or in pieces, become ``Norm`` nodes.

requires: a simplified Graph.
ensures: each recognised norm is one node with a decoder.Norm; gain and bias are in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ..decoder import Array, Norm
from .graph import Graph, Node, fail
from .simplify import vector


def match_norms(graph: Graph) -> None:
    """Replace the norms of a graph, in place. Raises ModelError for one that no ``Norm`` can be."""
    for node in list(graph.nodes):
        if node.op in ("RMSNormalization", "LayerNormalization", "SimplifiedLayerNormalization"):
            _replace(graph, node, node.inputs[0], _operator(graph, node))
        elif node.op == "ReduceMean":
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


def _decomposed(graph: Graph, mean: Node) -> None:
    """x / sqrt(mean(x * x) + eps) around the mean of squares ``mean``; anything else is left alone."""
    square = graph.maker(mean.inputs[0])
    if square is None or not _over_last_axis(graph, mean):
        return
    x = square.inputs[0]
    is_square = square.op == "Pow" and graph.scalar(square.inputs[1]) == 2
    if not is_square and not (square.op == "Mul" and square.inputs == (x, x)):
        return
    denominator = _denominator(graph, mean)
    if denominator is None:
        return
    eps, end = denominator  # x over the root, or x times the inverse root
    if x not in end.inputs or (end.op == "Div" and end.inputs[0] != x):
        return
    centred = _centred(graph, x)
    _replace(graph, end, x if centred is None else centred, Norm("rms" if centred is None else "layer", eps))


def _over_last_axis(graph: Graph, node: Node) -> bool:
    axes = node.attrs.get("axes")
    if axes is None and len(node.inputs) > 1 and node.inputs[1] in graph.constants:
        axes = graph.constants[node.inputs[1]].ravel().tolist()
    rank = len(graph.shape(node.inputs[0]))
    return bool(node.attrs.get("keepdims", 1)) and axes is not None and [a % rank for a in axes] == [rank - 1]


def _denominator(graph: Graph, mean: Node) -> tuple[float, Node] | None:
    """eps, and the node that applies the (inverse) root of ``mean + eps`` to the input."""
    eps, node = 0.0, graph.only_user(mean.outputs[0])
    if node is not None and node.op == "Add" and (pair := graph.split(node)) is not None:
        value = graph.scalar(pair[1])
        if value is None:
            return None
        eps, node = value, graph.only_user(node.outputs[0])
    inverse = False
    if node is not None and node.op == "Pow" and graph.scalar(node.inputs[1]) in (0.5, -0.5):
        inverse = graph.scalar(node.inputs[1]) == -0.5
    elif node is None or node.op != "Sqrt":
        return None
    node = graph.only_user(node.outputs[0])
    if (
        node is not None
        and not inverse
        and (node.op == "Reciprocal" or (node.op == "Div" and graph.scalar(node.inputs[0]) == 1))
    ):
        inverse, node = True, graph.only_user(node.outputs[0])
    return (eps, node) if node is not None and node.op == ("Mul" if inverse else "Div") else None


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
        elif user.op == "Mul" and norm.bias is None and norm.gain is None:
            norm = replace(norm, gain=value)
        else:
            return
        node = _replace(graph, user, node.inputs[0], norm)
