# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Drop what does nothing, and give what remains one spelling.

requires: a Graph as frozen.
ensures: no no-ops, no dead or duplicate nodes, every view is one ``Reshape`` without a shape input, and
every ``Linear`` node carries a decoder.Linear.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..decoder import Linear
from .graph import Graph, Node, Value, fail, signature

_VIEWS = ("Reshape", "Flatten", "Unsqueeze", "Squeeze")
_SAME_IF_SHAPE = ("Expand", "Slice", "Tile", "Pad")
_FLOAT_OR_INT = (1, 6, 7)  # FLOAT, INT32, INT64


def simplify(graph: Graph) -> None:
    """Simplify a graph, in place."""
    alias: dict[str, str] = {}
    nodes_by_key: dict[object, Node] = {}
    nodes: list[Node] = []
    makers: dict[str, Node] = {}
    for node in graph.nodes:
        node = replace(node, inputs=tuple(alias.get(name, name) for name in node.inputs))
        node = _as_view(graph, _as_sum(node), makers)
        target = _stands_for(graph, node, makers)
        if target is None:
            key = signature(node), graph.shapes[node.outputs[0]]  # only its shape tells a view from another
            twin = nodes_by_key.setdefault(key, node)
            if twin is not node:
                alias.update(dict(zip(node.outputs, twin.outputs, strict=True)))
                continue
            nodes.append(node)
            makers.update({out: node for out in node.outputs})
        else:
            alias[node.outputs[0]] = target
    graph.nodes = nodes
    graph.logits = alias.get(graph.logits, graph.logits)
    graph.prune()
    _match_linear(graph)


def _as_sum(node: Node) -> Node:
    """Sum of two tensors is an Add."""
    return replace(node, op="Add") if node.op == "Sum" and len(node.inputs) == 2 else node


def _as_view(graph: Graph, node: Node, makers: dict[str, Node]) -> Node:
    """Spell every view as Reshape, and read through the view before it."""
    if node.op not in _VIEWS and not _moves_nothing(graph, node):
        return node
    data = node.inputs[0]
    before = makers.get(data)
    if before is not None and before.op == "Reshape":
        data = before.inputs[0]
    return replace(node, op="Reshape", inputs=(data,), attrs={})


def _moves_nothing(graph: Graph, node: Node) -> bool:
    """Whether all elements stay in their order: a Transpose of axes of size 1, an Expand or Slice that keeps all."""
    if not node.inputs or node.inputs[0] in graph.constants or node.inputs[0] not in graph.shapes:
        return False
    shape, out = graph.shapes[node.inputs[0]], graph.shapes.get(node.outputs[0], ())
    if node.op == "Transpose":
        perm = [axis for axis in node.attrs.get("perm", range(len(shape))[::-1]) if shape[axis] != 1]
        return perm == sorted(perm)
    if node.op == "Gather":  # of the one slice there is
        return shape[int(node.attrs.get("axis", 0))] == 1 and np.prod(out) == np.prod(shape)
    return node.op == "Expand" and np.prod(out) == np.prod(shape)


def _stands_for(graph: Graph, node: Node, makers: dict[str, Node]) -> str | None:
    """The tensor that equals the node's output, if the node does nothing."""
    data, out = node.inputs[0], node.outputs[0]
    same = graph.shapes.get(out) == (graph.shapes.get(data) if data not in graph.constants else None)
    if node.op == "Dropout" and len(node.inputs) > 2 and graph.scalar(node.inputs[2]):
        fail(node, "drops numbers at random, as in training; call model.eval() before the export")
    if node.op in ("Identity", "Dropout"):
        return data
    if node.op == "Cast" and node.attrs.get("to") in _FLOAT_OR_INT:
        return data  # float to float or integer to integer: frozen float32 models have no other
    if (node.op == "Reshape" or node.op in _SAME_IF_SHAPE) and same:
        return data
    if node.op == "Concat":
        full = [name for name in node.inputs if 0 not in graph.shape(name)]
        return full[0] if len(full) == 1 else None
    if node.op == "Split" and len(node.outputs) == 1:
        return data
    return _neutral(graph, node) or _guarded(graph, node, makers)


def _neutral(graph: Graph, node: Node) -> str | None:
    """Add 0, Sub 0, Mul 1, Div 1, Pow 1."""
    pair = graph.split(node)
    neutral = {"Add": 0.0, "Sub": 0.0, "Mul": 1.0, "Div": 1.0, "Pow": 1.0}.get(node.op)
    if pair is None or neutral is None:
        return None
    computed, constant = pair
    if node.op in ("Sub", "Div", "Pow") and node.inputs[0] == constant:
        return None
    unchanged = graph.shapes[computed] == graph.shapes[node.outputs[0]]
    return computed if unchanged and graph.scalar(constant) == neutral else None


def _guarded(graph: Graph, node: Node, makers: dict[str, Node]) -> str | None:
    """Where that always takes the same side; Where(IsNaN(x), 0, x), as no softmax row is empty: a token sees itself."""
    if node.op != "Where":
        return None
    always = graph.constants.get(node.inputs[0])
    if always is not None and (bool(always.all()) or not bool(always.any())):
        chosen = node.inputs[1 if bool(always.all()) else 2]
        return chosen if chosen in graph.shapes and graph.shapes[chosen] == graph.shapes[node.outputs[0]] else None
    if graph.scalar(node.inputs[1]) != 0:
        return None
    test = makers.get(node.inputs[0])
    return node.inputs[2] if test and test.op == "IsNaN" and test.inputs[0] == node.inputs[2] else None


# ---------------------------------------------------------------------------------------------------
# Linear layers.


def _match_linear(graph: Graph) -> None:
    """MatMul with a constant and Gemm become Linear; a constant vector added next becomes its bias."""
    for index, node in enumerate(graph.nodes):
        layer = _layer(graph, node)
        if layer is not None:
            graph.nodes[index] = replace(node, op="Linear", inputs=node.inputs[:1], attrs={"layer": layer})
    graph.index()
    for index, node in enumerate(graph.nodes):
        pair = graph.split(node) if node.op == "Add" else None
        before = graph.source(pair[0]) if pair else None
        if pair is None or before is None or before.op != "Linear":
            continue
        linear: Linear = before.attrs["layer"]
        bias = vector(graph, pair[1], linear.weight.shape[0])
        if bias is not None and linear.bias is None:
            merged = replace(before, outputs=node.outputs, attrs={"layer": Linear(linear.weight, bias)})
            graph.nodes[index] = graph.makers[node.outputs[0]] = merged
    graph.prune()


def _layer(graph: Graph, node: Node) -> Linear | None:
    if node.op not in ("MatMul", "Gemm") or len(node.inputs) < 2 or node.inputs[0] in graph.constants:
        return None
    weight = graph.constants.get(node.inputs[1])
    if weight is None:
        return None
    if node.op == "MatMul":
        weight = weight.reshape(weight.shape[-2:]) if weight.size == np.prod(weight.shape[-2:]) else weight
        return Linear(weight.T) if weight.ndim == 2 else None
    attrs = node.attrs
    if attrs.get("transA", 0) or attrs.get("alpha", 1.0) != 1.0 or attrs.get("beta", 1.0) != 1.0:
        return None
    weight = weight if attrs.get("transB", 0) else weight.T
    if not node.inputs[2:] or not node.inputs[2]:
        return Linear(weight)
    bias = vector(graph, node.inputs[2], weight.shape[0])
    return Linear(weight, bias) if bias is not None else None


def vector(graph: Graph, name: str, size: int) -> Value | None:
    """The constant ``name`` as a vector along the last axis, if it is one of this size."""
    value = graph.constants.get(name)
    if value is None or value.size != size or value.shape[-1:] != (size,):
        return None
    return value.reshape(size)
