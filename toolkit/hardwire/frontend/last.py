# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Logits of the last token only: the selection is taken out, so that the head reads every position.

requires: a Source, and the Graph that it froze to.
ensures: a Source whose logits have a row for each token. The last rows are compared with the file as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
from onnx import helper

from .graph import Graph, Node, fail
from .load import Source

NOTE = (
    "logits of the last token only in the file: here the head reads every position, compared with ONNX Runtime without "
    "the selection, and at the last position with it"
)
_PICKS = ("Gather", "GatherND", "GatherElements", "Slice", "Split")


def every_position(source: Source, graph: Graph) -> Source:
    """``source`` itself where the logits have a row for each token already."""
    shape = graph.shape(graph.logits)
    if np.prod(shape[:-1]) == graph.length or graph.length == 1:
        return source
    pick = _selection(graph)
    if pick is None:
        return source
    node, axis = pick
    chosen = _chosen(graph, node, axis)
    if chosen is not None and chosen.tolist() != [graph.length - 1]:
        fail(node, f"keeps the logits of positions {chosen.tolist()[:8]} of {graph.length}; export those of all tokens")
    if chosen is None:
        fail(node, "chooses the positions of the logits by something unknown; export the logits of all tokens")
    return _without(source, graph, node)


def _selection(graph: Graph) -> tuple[Node, int] | None:
    """The node on the way to the logits behind which the tokens are gone, and their axis in front of it."""
    name = graph.logits
    while True:
        node = graph.maker(name)
        if node is None:
            return None
        before = [tensor for tensor in node.inputs if tensor and tensor not in graph.constants and tensor != graph.ids]
        wide = next((tensor for tensor in before if graph.length in graph.shape(tensor)), None)
        if wide is not None:
            return (node, graph.shape(wide).index(graph.length)) if node.op in _PICKS else None
        if not before:
            return None
        name = before[0]


def _chosen(graph: Graph, node: Node, axis: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None:
    """Which positions the node keeps."""
    rows = np.arange(graph.length)
    if node.op == "Gather" and int(node.attrs.get("axis", 0)) % len(graph.shape(node.inputs[0])) == axis:
        return rows[graph.constants[node.inputs[1]].astype(np.int64)].reshape(-1)
    if node.op == "Slice":
        starts, ends, axes, steps = [*(graph.constants[n].tolist() for n in node.inputs[1:]), None, None][:4]
        rank = len(graph.shape(node.inputs[0]))
        for at, sliced in enumerate(axes or range(len(starts))):
            if sliced % rank == axis:
                return rows[starts[at] : ends[at] : (steps or [1] * len(starts))[at]]
    if node.op in ("GatherND", "GatherElements") and node.inputs[1] in graph.constants:
        places = np.unique(graph.constants[node.inputs[1]] % graph.length)
        return np.asarray(places[places > 0] if node.op == "GatherND" else places, np.int64)
    return None


def _without(source: Source, graph: Graph, node: Node) -> Source:
    """The node replaced by a view [.., T, D] of what it chooses from."""
    proto = onnx.ModelProto.FromString(source.proto.SerializeToString())
    weights = dict(source.weights)
    for old in proto.graph.node:
        if list(old.output) == list(node.outputs):
            width = graph.shape(node.inputs[0])[-1]
            same_rank = len(graph.shape(node.outputs[0])) == len(graph.shape(node.inputs[0]))
            name = f"{node.outputs[0]}::rows"
            weights[name] = np.array([1, -1, width] if same_rank else [-1, width])
            old.CopyFrom(helper.make_node("Reshape", [node.inputs[0], name], [node.outputs[0]], old.name))
    return replace(source, proto=proto, weights=weights, altered=True, notes=[*source.notes, NOTE], last=source)
