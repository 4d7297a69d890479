# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Freeze, execute, fold: what does not depend on the tokens becomes a constant, by running it.

requires: a checked Source.
ensures: a Graph whose nodes all depend on the token ids, at batch 1, a fixed length, an empty past,
positions 0, 1, 2... and nothing masked. Shapes count as constants even where they are read off the tokens.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..errors import ModelError, ToolMissing
from .graph import Graph, Node, Value, ancestors
from .inputs import Inputs, make_feeds, output_name, read_inputs
from .load import Source

FED_SIZE = 1024  # weights from this many elements on are fed to the runtime without a copy
LONGEST_STATIC = 4096  # tokens; what is made of them grows with their square
LONGEST_SCOPES = 4096  # characters of a node's location
_PRIMES = (23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103)


def import_runtime() -> Any:
    """The module onnxruntime. Raises ToolMissing where it is not installed."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ToolMissing('ONNX Runtime is not installed; run: pip install "hardwire[onnx]"') from error
    return onnxruntime


def choose_length(source: Source, inputs: Inputs) -> int:
    """A token count that no weight has as a dimension, so that shapes tell tokens from channels."""
    if inputs.static is not None:
        if inputs.static < 2:
            raise ModelError(f"{source.path}: made for {inputs.static} token at a time; export with a dynamic length")
        if inputs.static > LONGEST_STATIC:
            raise ModelError(
                f"{source.path}: made for {inputs.static} tokens at a time, more than {LONGEST_STATIC}; "
                "export with a dynamic length"
            )
        return inputs.static
    dimensions = {dim for value in source.weights.values() for dim in value.shape}
    return next((prime for prime in _PRIMES if prime not in dimensions), _PRIMES[0])


def dependent(source: Source, inputs: Inputs) -> set[str]:
    """Names of the tensors whose values (not only their shapes) depend on the tokens or an empty past."""
    tainted = {inputs.ids} | {name for name, role in inputs.feeds.items() if role == "past"}
    for node in source.proto.graph.node:
        if node.op_type not in ("Shape", "Size") and tainted.intersection(node.input):
            tainted.update(filter(None, node.output))
    return tainted


def freeze(source: Source) -> tuple[Graph, Inputs]:
    """The graph of what depends on the tokens, at one length, everything else a constant; and the model's inputs.

    Raises ModelError for a model that is no decoder.
    """
    inputs = read_inputs(source)
    length = choose_length(source, inputs)
    logits = output_name(source)
    tainted = dependent(source, inputs)
    if logits not in tainted:
        raise ModelError(f"{source.path}: is no decoder: output {logits!r} does not depend on the token ids")
    needed = ancestors(source.makers(), [logits])
    live = [n for n in source.proto.graph.node if any(out in tainted and out in needed for out in n.output)]
    operands = {name for node in live for name in node.input if name}
    constant = sorted(name for name in operands if name not in tainted and name not in source.weights)
    shaped = sorted({out for node in live for out in node.output if out} | (operands & tainted))
    ids = np.arange(length)[None] % 2
    values, shapes = execute(source, make_feeds(source, inputs, ids), constant, shaped)
    values.update({name: source.weights[name] for name in operands if name in source.weights})
    graph = Graph(
        nodes=[_node(node) for node in live],
        constants=values,
        shapes=shapes,
        ids=inputs.ids,
        logits=logits,
        length=length,
    )
    if not any(
        n.op in ("Gather", "GatherElements") and inputs.ids in ancestors(source.makers(), n.inputs[1:2])
        for n in graph.nodes
    ):
        raise ModelError(f"{source.path}: is no decoder: no Gather looks the token ids {inputs.ids!r} up in a table")
    return graph, inputs


def _node(proto: onnx.NodeProto) -> Node:
    attrs = {a.name: _attribute(a) for a in proto.attribute}
    scope = next((p.value for p in proto.metadata_props if p.key.endswith("name_scopes")), "")
    return Node(
        op=proto.op_type,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attrs=attrs,
        name=proto.name,
        scope=module_path(scope),
    )


def module_path(scopes: str) -> str:
    """The module that torch's dynamo exporter says a node is from: the repr of a list, the node's own name last."""
    if len(scopes) > LONGEST_SCOPES:
        return ""
    try:
        path = ast.literal_eval(scopes)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    modules = [scope for scope in path[:-1] if isinstance(scope, str)] if isinstance(path, list) else []
    return next((scope for scope in reversed(modules) if scope and not scope.startswith("_empty_nn_module")), "")


def _attribute(attr: onnx.AttributeProto) -> Any:
    if attr.type == onnx.AttributeProto.TENSOR:
        return numpy_helper.to_array(attr.t)
    value = helper.get_attribute_value(attr)
    return value.decode() if isinstance(value, bytes) else value


def execute(
    source: Source,
    feeds: dict[str, Value],
    outputs: Iterable[str],
    shaped: Iterable[str] = (),
) -> tuple[dict[str, Value], dict[str, tuple[int, ...]]]:
    """Values of ``outputs`` and shapes of ``shaped``, run without optimisations and without other work.

    Large weights are fed instead of stored in the session: it then needs no copy of them.
    """
    runtime = import_runtime()
    outputs, shaped = list(outputs), [name for name in shaped if name not in feeds]
    shapes = {name: value.shape for name, value in feeds.items()}
    if not outputs and not shaped:
        return {}, shapes
    feeds = dict(feeds)
    model = _submodel(source, feeds, outputs, shaped)
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        results = session.run([value.name for value in model.graph.output], feeds)
    except Exception as error:  # ONNX Runtime's own types derive from it
        raise ModelError(f"{source.path}: ONNX Runtime cannot run it: {str(error).strip()[:400]}") from error
    values = dict(zip(outputs, results, strict=False))
    shapes.update(
        {name: tuple(int(d) for d in dims) for name, dims in zip(shaped, results[len(outputs) :], strict=True)}
    )
    return values, shapes


def _submodel(
    source: Source,
    feeds: dict[str, Value],
    outputs: list[str],
    shaped: list[str],
) -> onnx.ModelProto:
    """The part of the model that makes ``outputs`` and ``shaped``; adds its weights to ``feeds``."""
    needed = ancestors(source.makers(), [*outputs, *shaped])
    model = onnx.ModelProto(ir_version=source.proto.ir_version)
    model.opset_import.extend(source.proto.opset_import)
    graph = model.graph
    graph.name = "frozen"
    graph.node.extend(n for n in source.proto.graph.node if needed.intersection(filter(None, n.output)))
    for name in list(feeds):
        if name not in needed:
            del feeds[name]
    for name in sorted(needed & source.weights.keys()):
        value = source.weights[name]
        if value.size >= FED_SIZE:
            feeds[name] = value
        else:
            graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    for name, value in feeds.items():
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        graph.input.append(helper.make_tensor_value_info(name, kind, value.shape))
    for name in shaped:
        graph.node.append(helper.make_node("Shape", [name], [f"{name}::shape"]))
    for name in [*outputs, *(f"{name}::shape" for name in shaped)]:
        graph.output.append(onnx.ValueInfoProto(name=name))
    return model
