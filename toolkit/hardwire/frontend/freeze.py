# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Freeze, execute, fold: what does not depend on the tokens becomes a constant, by running it.

requires: a checked Source.
ensures: a Graph whose nodes all depend on the token ids, at batch 1, a fixed length, an empty past,
positions 0, 1, 2... and nothing masked. Shapes count as constants even where they are read off the tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..errors import ModelError, ToolMissing
from .graph import Graph, Node, Value, ancestors
from .load import Source

FED_SIZE = 1024  # weights from this many elements on are fed to the runtime without a copy
LONGEST_STATIC = 4096  # tokens; what is made of them grows with their square
_PRIMES = (23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103)


@dataclass(frozen=True)
class Inputs:
    """The inputs of an exported decoder, by role. ``static`` is the token count, if it is fixed."""

    ids: str
    static: int | None
    feeds: dict[str, str]  # the other inputs: "mask", "positions", "flat_positions", "past" or "idle"


def import_runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ToolMissing('ONNX Runtime is not installed; run: pip install "hardwire[onnx]"') from error
    return onnxruntime


def read_inputs(source: Source) -> Inputs:
    """Sort the model's inputs into roles; refuse what is no text decoder."""
    ids: list[onnx.ValueInfoProto] = []
    feeds: dict[str, str] = {}
    needed = ancestors(source.makers(), [_logits(source)])
    for value in source.proto.graph.input:
        kind, rank = value.type.tensor_type.elem_type, len(value.type.tensor_type.shape.dim)
        lower = value.name.lower()
        if "mask" in lower:
            feeds[value.name] = "mask"
        elif "position" in lower:
            feeds[value.name] = "flat_positions" if rank == 1 else "positions"
        elif kind in (TensorProto.INT64, TensorProto.INT32) and rank == 2:
            ids.append(value)
        elif kind == TensorProto.FLOAT and rank == 4 and ("past" in lower or "key" in lower or "cache" in lower):
            feeds[value.name] = "past"
        elif kind == TensorProto.INT64 and rank == 0 and value.name not in needed:
            feeds[value.name] = "idle"  # transformers 5 hands a window's size from cache to cache
        else:
            raise ModelError(
                f"{source.path}: input {value.name!r} is {_describe(value)}, so this is no decoder "
                "of token ids; hardwire takes the ONNX export of a decoder-only language model"
            )
    if len(ids) != 1:
        names = [value.name for value in ids]
        raise ModelError(f"{source.path}: is no decoder: it needs one 2-D integer input of token ids, has {names}")
    dims = _dims(ids[0])
    if dims[0] not in (None, 1):
        raise ModelError(f"{source.path}: input {ids[0].name!r} has a fixed batch of {dims[0]}; export with batch 1")
    if ids[0].name not in {name for node in source.proto.graph.node for name in node.input}:
        raise ModelError(f"{source.path}: is no decoder: nothing reads the token ids {ids[0].name!r}")
    return Inputs(ids[0].name, dims[1], feeds)


def _describe(value: onnx.ValueInfoProto) -> str:
    tensor = value.type.tensor_type
    dims = [dim.dim_param or dim.dim_value for dim in tensor.shape.dim]
    return f"{TensorProto.DataType.Name(tensor.elem_type)} of shape {dims}"


def _dims(value: onnx.ValueInfoProto) -> list[int | None]:
    """Fixed dimensions as numbers, others as None. Some exporters write numbers as symbol names."""
    result: list[int | None] = []
    for dim in value.type.tensor_type.shape.dim:
        text = dim.dim_param
        result.append(int(text) if text.isdigit() else None if text or dim.dim_value <= 0 else dim.dim_value)
    return result


def make_feeds(source: Source, inputs: Inputs, ids: Value, head_dim: int | None = None) -> dict[str, Value]:
    """Everything the model wants beside ``ids`` [1, T]: an empty past, all visible, positions from 0.

    ``head_dim``: channels of a head, for a past [1, heads, 0, channels] that leaves them open. A past that is a ring
    is as long as that must be, with zeros, which nothing reads: no position before the tokens is valid.
    """
    length = ids.shape[1]
    feeds: dict[str, Value] = {}
    for value in source.proto.graph.input:
        dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        role = "ids" if value.name == inputs.ids else inputs.feeds[value.name]
        if role == "ids":
            feeds[value.name] = ids.astype(dtype)
        elif role == "mask":
            _check_fixed(source, value, 1, length)
            feeds[value.name] = np.ones((1, length), dtype)
        elif role == "past":
            dims = _dims(value)
            if head_dim is not None and dims[1] is not None and dims[2:] == [None, None]:
                dims = [None, dims[1], None, head_dim]
            shape = [1] + [0 if dim is None else dim for dim in dims[1:]]
            if 0 not in shape:
                raise ModelError(
                    f"{source.path}: input {value.name!r} has a past of fixed shape {shape}; "
                    "export with a dynamic past length, or without a cache"
                )
            if shape[2] == 0:
                shape[2] = source.rings.get(value.name, 0)
            feeds[value.name] = np.zeros(shape, dtype)
        elif role == "idle":
            feeds[value.name] = np.zeros((), dtype)
        else:
            positions = np.arange(length, dtype=dtype)
            feeds[value.name] = positions if role == "flat_positions" else positions[None]
    return feeds


def _check_fixed(source: Source, value: onnx.ValueInfoProto, axis: int, length: int) -> None:
    dims = _dims(value)
    if len(dims) != 2 or dims[axis] not in (None, length):
        raise ModelError(
            f"{source.path}: input {value.name!r} is {_describe(value)}, where an attention mask of "
            f"{length} tokens was expected; export with dynamic lengths"
        )


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
    taken = {dim for value in source.weights.values() for dim in value.shape}
    return next((prime for prime in _PRIMES if prime not in taken), _PRIMES[0])


def dependent(source: Source, inputs: Inputs) -> set[str]:
    """Names of the tensors whose values (not only their shapes) depend on the tokens or the past."""
    tainted = {inputs.ids} | {name for name, role in inputs.feeds.items() if role == "past"}
    for node in source.proto.graph.node:
        if node.op_type not in ("Shape", "Size") and tainted.intersection(node.input):
            tainted.update(filter(None, node.output))
    return tainted


def freeze(source: Source) -> tuple[Graph, Inputs]:
    inputs = read_inputs(source)
    length = choose_length(source, inputs)
    logits = _logits(source)
    tainted = dependent(source, inputs)
    if logits not in tainted:
        raise ModelError(f"{source.path}: is no decoder: output {logits!r} does not depend on the token ids")
    needed = ancestors(source.makers(), [logits])
    live = [n for n in source.proto.graph.node if any(out in tainted and out in needed for out in n.output)]
    read = {name for node in live for name in node.input if name}
    constant = sorted(name for name in read if name not in tainted and name not in source.weights)
    shaped = sorted({out for node in live for out in node.output if out} | (read & tainted))
    ids = np.arange(length)[None] % 2
    values, shapes = execute(source, make_feeds(source, inputs, ids), constant, shaped)
    values.update({name: source.weights[name] for name in read if name in source.weights})
    graph = Graph([_node(node) for node in live], values, shapes, inputs.ids, logits, length)
    if not any(
        n.op in ("Gather", "GatherElements") and inputs.ids in ancestors(source.makers(), n.inputs[1:2])
        for n in graph.nodes
    ):
        raise ModelError(f"{source.path}: is no decoder: no Gather looks the token ids {inputs.ids!r} up in a table")
    return graph, inputs


def _logits(source: Source) -> str:
    names = [value.name for value in source.proto.graph.output]
    if not names:
        raise ModelError(f"{source.path}: has no outputs, so it is truncated or was not written by an exporter")
    return "logits" if "logits" in names else names[0]


def _node(proto: onnx.NodeProto) -> Node:
    attrs = {a.name: _attribute(a) for a in proto.attribute}
    scope = next((p.value for p in proto.metadata_props if p.key.endswith("name_scopes")), "")
    try:  # the exporter writes the repr of a list of scopes; the longest is the module path
        scope = [part for part in scope.strip("[]'\"").split("', '") if part][-2:][0]
    except IndexError:
        scope = ""
    return Node(proto.op_type, tuple(proto.input), tuple(proto.output), attrs, proto.name, scope)


def _attribute(attr: onnx.AttributeProto) -> Any:
    if attr.type == onnx.AttributeProto.TENSOR:
        return numpy_helper.to_array(attr.t)
    value = helper.get_attribute_value(attr)
    return value.decode() if isinstance(value, bytes) else value


def execute(
    source: Source,
    feeds: dict[str, Value],
    wanted: Iterable[str],
    shaped: Iterable[str] = (),
) -> tuple[dict[str, Value], dict[str, tuple[int, ...]]]:
    """Values of ``wanted`` and shapes of ``shaped``, run without optimisations and without other work.

    Large weights are fed instead of stored in the session: it then needs no copy of them.
    """
    runtime = import_runtime()
    wanted, shaped = list(wanted), [name for name in shaped if name not in feeds]
    shapes = {name: value.shape for name, value in feeds.items()}
    if not wanted and not shaped:
        return {}, shapes
    feeds = dict(feeds)
    model = _submodel(source, feeds, wanted, shaped)
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        results = session.run([value.name for value in model.graph.output], feeds)
    except Exception as error:  # ONNX Runtime's own types derive from it
        raise ModelError(f"{source.path}: ONNX Runtime cannot run it: {str(error).strip()[:400]}") from error
    values = dict(zip(wanted, results, strict=False))
    shapes.update(
        {name: tuple(int(d) for d in dims) for name, dims in zip(shaped, results[len(wanted) :], strict=True)}
    )
    return values, shapes


def _submodel(
    source: Source,
    feeds: dict[str, Value],
    wanted: list[str],
    shaped: list[str],
) -> onnx.ModelProto:
    """The part of the model that makes ``wanted`` and ``shaped``; adds its weights to ``feeds``."""
    needed = ancestors(source.makers(), [*wanted, *shaped])
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
    for name in [*wanted, *(f"{name}::shape" for name in shaped)]:
        graph.output.append(onnx.ValueInfoProto(name=name))
    return model
