# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Merged decoders: an ``If`` over an input, with a branch that reads the cache and one that does not.

ensures: each ``If`` whose condition is an input or a stored constant is replaced by one of its branches; others are
left for the checks to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx
from onnx import helper, numpy_helper

NOTE = "a merged decoder: the branch without a past was taken, and compared with ONNX Runtime by itself"
MOST = 1000  # of them, nested ones included
_PASSED = ("Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze")


def take_branches(graph: onnx.GraphProto) -> bool:
    """Put one branch in the place of each ``If``; whether there were any."""
    count = 0
    while count < MOST:
        choice = next(((i, n) for i, n in enumerate(graph.node) if n.op_type == "If" and _chosen(graph, n)), None)
        if choice is None:
            break
        index, node = choice
        branch = _chosen(graph, node)
        assert branch is not None
        body = _renamed(branch, f"{node.output[0]}::")
        nodes = [*graph.node[:index], *body.node, *_named(body, node), *graph.node[index + 1 :]]
        graph.initializer.extend(body.initializer)
        copies = [onnx.NodeProto.FromString(copy.SerializeToString()) for copy in nodes]
        del graph.node[:]
        graph.node.extend(copies)
        count += 1
    return count > 0


def _named(body: onnx.GraphProto, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The branch's results under the names that the rest of the model reads."""
    pairs = zip(body.output, node.output, strict=False)
    return [helper.make_node("Identity", [value.name], [out], f"{node.name}/{out}") for value, out in pairs if out]


def _chosen(graph: onnx.GraphProto, node: onnx.NodeProto) -> onnx.GraphProto | None:
    """The branch that a constant condition takes; of an input's two the one that reads less of the cache."""
    branches = {a.name: a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH}
    if set(branches) != {"then_branch", "else_branch"} or not node.input or not node.output:
        return None
    makers = {out: producer for producer in graph.node for out in producer.output if out}
    name = node.input[0]
    for _ in range(len(makers)):
        if name not in makers or makers[name].op_type not in _PASSED or not makers[name].input:
            break
        name = makers[name].input[0]
    stored = _stored(graph, makers, name)
    if stored is not None:
        return branches["then_branch" if stored else "else_branch"]
    inputs = {value.name: value for value in graph.input}
    if name not in inputs:
        return None
    caches = {key for key, value in inputs.items() if len(value.type.tensor_type.shape.dim) > 2}
    reads = {key: len(caches & set(_outer(branch))) for key, branch in branches.items()}
    return branches["then_branch" if reads["then_branch"] < reads["else_branch"] else "else_branch"]


def _stored(graph: onnx.GraphProto, makers: dict[str, onnx.NodeProto], name: str) -> bool | None:
    tensor = next((tensor_proto for tensor_proto in graph.initializer if tensor_proto.name == name), None)
    maker = makers.get(name)
    if tensor is None and maker is not None and maker.op_type == "Constant":
        tensor = next((a.t for a in maker.attribute if a.name == "value"), None)
    if tensor is None or tensor.data_location == onnx.TensorProto.EXTERNAL:
        return None
    try:
        value = numpy_helper.to_array(tensor)
    except Exception:  # whatever onnx and numpy say of bytes that do not fit
        return None
    return bool(value.ravel()[0]) if value.size == 1 else None


def _subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == onnx.AttributeProto.GRAPHS:
            yield from attribute.graphs


def _outer(graph: onnx.GraphProto) -> Iterator[str]:
    """Names that a branch reads, those of its own tensors among them."""
    for node in graph.node:
        yield from node.input
        for inner in _subgraphs(node):
            yield from _outer(inner)
    yield from (value.name for value in graph.output)


def _renamed(graph: onnx.GraphProto, prefix: str) -> onnx.GraphProto:
    """A copy whose own tensors have ``prefix`` before their names: both branches use the same ones."""
    copy = onnx.GraphProto.FromString(graph.SerializeToString())
    own = {out for node in copy.node for out in node.output if out} | {tensor.name for tensor in copy.initializer}
    names = {name: prefix + name for name in own}
    for tensor in copy.initializer:
        tensor.name = names[tensor.name]
    for value in copy.output:
        value.name = names.get(value.name, value.name)
    for node in copy.node:
        node.output[:] = [names.get(name, name) for name in node.output]
        _rename_inputs(node, names)
    return copy


def _rename_inputs(node: onnx.NodeProto, names: dict[str, str]) -> None:
    node.input[:] = [names.get(name, name) for name in node.input]
    for inner in _subgraphs(node):
        hidden = {out for inner_node in inner.node for out in inner_node.output} | {
            tensor.name for tensor in inner.initializer
        }
        visible = {name: new for name, new in names.items() if name not in hidden}
        for inner_node in inner.node:
            _rename_inputs(inner_node, visible)
        for value in inner.output:
            value.name = visible.get(value.name, value.name)
