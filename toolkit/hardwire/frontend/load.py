# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Read an ONNX file that nobody vouches for: bounds, paths and structure first, numbers after.

ensures: nodes are in execution order, every tensor has one maker, weights are finite and complete, and
``Source.proto`` holds no weight data (it would otherwise exist twice).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnx.inliner
from onnx import TensorProto, numpy_helper

from ..errors import ModelError
from . import branches, quantized, rounded
from .contrib import lower, rings, roles
from .graph import Value
from .widen import HALVES, raw_type, widen, widened
from .widen import NOTE as HALF_NOTE

MAX_FILE_BYTES = 2**31 - 1  # protobuf's own limit
MAX_EXTERNAL_BYTES = 64 * 2**30
MAX_NODES = 200_000

_NIBBLES = (TensorProto.INT4, TensorProto.UINT4)
_STANDARD = ("", "ai.onnx")
_SUBGRAPHS = ("If", "Loop", "Scan", "SequenceMap")
_RANDOM = (
    "RandomNormal",
    "RandomUniform",
    "RandomNormalLike",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
)


@dataclass(kw_only=True)
class Source:
    """A checked ONNX model. ``proto`` has nodes, inputs and outputs; ``weights`` has the initializers.

    ``notes`` say in what it is not the file as it is; where ``altered``, ONNX Runtime is given ``proto`` to compare.
    """

    path: Path
    proto: onnx.ModelProto
    weights: dict[str, Value]
    sha256: str
    altered: bool = False
    notes: list[str] = field(default_factory=list)
    rings: dict[str, int] = field(default_factory=dict)  # past inputs that are never shorter than this
    roles: dict[str, str] = field(default_factory=dict)  # of inputs that the file reads, but ``proto`` does not
    last: Source | None = None  # before last.py, where that had to do something

    def makers(self) -> dict[str, onnx.NodeProto]:
        return {out: node for node in self.proto.graph.node for out in node.output if out}


def load(path: str | Path) -> Source:
    """Read and check ``path``; raises ModelError for anything malformed."""
    path = Path(path)
    data = _read(path)
    digest = hashlib.sha256(data)
    try:
        proto = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf raises its own DecodeError, onnx a ValueError
        raise ModelError(f"{path}: not an ONNX file, or truncated ({_first_line(error)}); export it again") from error
    del data
    if not proto.HasField("graph") or not proto.graph.node:
        raise ModelError(f"{path}: holds no ONNX graph; export the model again")
    if not proto.opset_import:
        raise ModelError(f"{path}: names no opset, so it is truncated or was not written by an exporter")
    if proto.functions:
        try:
            proto = onnx.inliner.inline_local_functions(proto)
        except Exception as error:  # of a type of its own
            raise ModelError(
                f"{path}: its local functions are malformed ({_first_line(error)}); export it again"
            ) from error
    _check_inputs(path, proto.graph)
    notes = [branches.NOTE] if branches.take_branches(proto.graph) else []
    stored = {tensor.data_type for tensor in proto.graph.initializer} & set(HALVES)
    half = widen(proto.graph) or bool(stored)
    weights = _weights(path, proto, digest)
    buffers, input_roles = rings(path, proto), roles(proto)
    notes += [quantized.NOTE] if quantized.dequantize(path, proto, weights) else []
    unlike = lower(path, proto, weights)
    _check_nodes(path, proto, weights)
    _sort(path, proto, set(weights))
    first = "bfloat16" if TensorProto.BFLOAT16 in stored else "half precision"
    notes += [HALF_NOTE] * half + rounded.restore(proto.graph, weights, first) + unlike.changed
    source = Source(
        path=path,
        proto=proto,
        weights=weights,
        sha256=digest.hexdigest(),
        altered=bool(notes),
        notes=notes,
        rings=buffers,
        roles=input_roles,
    )
    source.notes += unlike.same
    return source


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ModelError(f"{path}: no such file; give the path of a .onnx file")
    size = path.stat().st_size
    if size == 0:
        raise ModelError(f"{path}: the file is empty; export the model again")
    if size > MAX_FILE_BYTES:
        raise ModelError(f"{path}: {size} bytes in one ONNX file, the limit is {MAX_FILE_BYTES}; use external data")
    return path.read_bytes()


def _check_inputs(path: Path, graph: onnx.GraphProto) -> None:
    seen: set[str] = set()
    for value in graph.input:
        if value.name in seen:
            raise ModelError(f"{path}: two inputs are named {value.name!r}; export the model again")
        seen.add(value.name)
    if len(graph.node) > MAX_NODES:
        raise ModelError(f"{path}: {len(graph.node)} nodes, the limit is {MAX_NODES}")
    if graph.sparse_initializer:
        raise ModelError(f"{path}: has sparse initializers, which are not supported; store the weights dense")


def _check_nodes(path: Path, proto: onnx.ModelProto, weights: dict[str, Value]) -> None:
    version = next((o.version for o in proto.opset_import if o.domain in _STANDARD), 1)
    for node in proto.graph.node:
        where = f"{path}: node {node.name or ''.join(node.output[:1])!r} ({node.op_type})"
        if node.domain not in _STANDARD:
            raise ModelError(
                f"{where}: operators of domain {node.domain!r} are not supported; "
                "export with torch.onnx.export or optimum, without fusing optimisations"
            )
        if node.op_type in _SUBGRAPHS:
            raise ModelError(
                f"{where}: control flow is not supported, but for an If over an input or a constant; export without it"
            )
        if node.op_type in _RANDOM:
            raise ModelError(f"{where}: a random operator; export the model in evaluation mode")
        if node.op_type == "Dropout" and _drops(node, weights):
            raise ModelError(
                f"{where}: drops numbers at random, as the model was exported in training mode; call model.eval() "
                "before the export"
            )
        supported = onnx.defs.has(node.op_type, version) or node.op_type == "SimplifiedLayerNormalization"
        if not supported:  # ONNX Runtime keeps the exception above in the standard domain
            raise ModelError(f"{where}: not an ONNX operator of opset {version}; export with standard operators")


def _drops(node: onnx.NodeProto, weights: dict[str, Value]) -> bool:
    """Whether a Dropout is stored as one of training, at a rate above 0."""
    _, rate, training = [*node.input, "", ""][:3]
    on = training in weights and bool(np.any(weights[training]))
    return on and not (rate in weights and not np.any(weights[rate]))


# ---------------------------------------------------------------------------------------------------
# Weights.


def _weights(path: Path, proto: onnx.ModelProto, digest: hashlib._Hash) -> dict[str, Value]:
    """Initializers and Constant nodes as arrays; the proto loses both."""
    weights: dict[str, Value] = {}
    external: dict[str, Path] = {}
    graph = proto.graph
    for tensor in graph.initializer:
        if tensor.name in weights:
            raise ModelError(f"{path}: two initializers are named {tensor.name!r}; export the model again")
        weights[tensor.name] = _finite(path, tensor.name, _array(path, tensor, external))
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
    del graph.initializer[:]
    computed = []
    for node in graph.node:
        if node.op_type == "Constant" and node.domain in _STANDARD and len(node.output) == 1:
            weights[node.output[0]] = _finite(path, node.output[0], _constant(path, node, external))
        else:
            computed.append(node)
    del graph.node[:]
    graph.node.extend(computed)
    inputs = [value for value in graph.input if value.name not in weights]  # IR 3 lists weights as inputs
    del graph.input[:]
    graph.input.extend(inputs)
    for file in sorted(set(external.values())):
        with open(file, "rb") as stream:
            while chunk := stream.read(1 << 22):
                digest.update(chunk)
    return weights


def _constant(path: Path, node: onnx.NodeProto, external: dict[str, Path]) -> Value:
    attr = next((a for a in node.attribute), None)
    where = f"{path}: node {node.name or node.output[0]!r} (Constant)"
    if attr is None:
        raise ModelError(f"{where}: holds no value; export the model again")
    if attr.name == "value":
        return _array(path, attr.t, external, node.output[0])
    if attr.name in ("value_float", "value_floats"):
        return np.asarray(onnx.helper.get_attribute_value(attr), np.float32)
    if attr.name in ("value_int", "value_ints"):
        return np.asarray(onnx.helper.get_attribute_value(attr), np.int64)
    raise ModelError(f"{where}: a value of kind {attr.name!r} is not supported")


def _array(path: Path, tensor: TensorProto, external: dict[str, Path], name: str = "") -> Value:
    name = tensor.name or name
    where = f"{path}: initializer {name!r}"
    try:
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
    except Exception as error:  # KeyError here, TypeError there, by onnx's version
        raise ModelError(f"{where}: element type {tensor.data_type} is not an ONNX type") from error
    if tensor.data_type in _NIBBLES and tensor.data_location != TensorProto.EXTERNAL:
        return _nibbles(where, tensor)
    half = tensor.data_type in HALVES
    dtype = raw_type(tensor.data_type) if half else dtype
    if dtype.kind not in "fiub":
        kind = TensorProto.DataType.Name(tensor.data_type)
        raise ModelError(f"{where}: element type {kind} is not supported; export the model in float32")
    shape = tuple(tensor.dims)
    count = 1
    for dim in shape:
        count *= dim
    if any(dim < 0 for dim in shape) or count * dtype.itemsize > MAX_EXTERNAL_BYTES:
        raise ModelError(f"{where}: impossible shape {list(shape)}")
    if tensor.data_location == TensorProto.EXTERNAL:
        value = _external(path, name, tensor, dtype, shape, external)
        return widened(value, tensor.data_type) if half else value
    if tensor.HasField("raw_data"):
        raw = tensor.raw_data
        if len(raw) != count * dtype.itemsize:
            raise ModelError(f"{where}: shape {list(shape)} needs {count * dtype.itemsize} bytes, has {len(raw)}")
        value = np.frombuffer(raw, dtype).reshape(shape)
        return widened(value, tensor.data_type) if half else value
    try:
        value = np.asarray(numpy_helper.to_array(tensor))
        return value.astype(np.float32) if half else value
    except Exception as error:  # whatever onnx and numpy say of bytes that do not fit
        raise ModelError(f"{where}: its data does not fill shape {list(shape)}; export the model again") from error


def _nibbles(where: str, tensor: TensorProto) -> Value:
    """Integers of four bits, one to a byte."""
    try:
        value = np.asarray(numpy_helper.to_array(tensor))
        return value.astype(np.int8 if tensor.data_type == TensorProto.INT4 else np.uint8)
    except Exception as error:  # whatever onnx and numpy say of bytes that do not fit
        raise ModelError(
            f"{where}: its data does not fill shape {list(tensor.dims)}; export the model again"
        ) from error


def _external(
    path: Path,
    name: str,
    tensor: TensorProto,
    dtype: np.dtype[np.generic],
    shape: tuple[int, ...],
    external: dict[str, Path],
) -> Value:
    """A read-only map of external data that lies beside the model, and only there."""
    entry = {item.key: item.value for item in tensor.external_data}
    location = entry.get("location", "")
    where = f"{path}: initializer {name!r}: external data {location!r}"
    folder = path.resolve().parent
    file = (folder / location).resolve()
    if not location or Path(location).is_absolute() or not file.is_relative_to(folder):
        raise ModelError(f"{where} points outside the model's folder; put the file beside the model")
    if not file.is_file():
        raise ModelError(f"{where} is missing; copy it beside the model")
    try:
        offset = int(entry.get("offset", "0"))
        length = int(entry.get("length", str(int(np.prod(shape, dtype=object)) * dtype.itemsize)))
    except ValueError as error:
        raise ModelError(f"{where}: offset or length is no number ({_first_line(error)})") from error
    needed, size = int(np.prod(shape, dtype=object)) * dtype.itemsize, file.stat().st_size
    if offset < 0 or length != needed or offset + length > size:
        raise ModelError(f"{where}: bytes {offset} to {offset + length} of {size} for shape {list(shape)}; truncated?")
    external[location] = file
    if needed == 0:
        return np.zeros(shape, dtype)
    return np.memmap(file, dtype, mode="r", offset=offset, shape=shape)


def _finite(path: Path, name: str, value: Value) -> Value:
    """NaN never, infinities only where they are a mask: a scalar, or zeros and minus infinity."""
    if value.dtype.kind != "f" or value.size == 0 or bool(np.isfinite(value).all()):
        return value
    where = f"{path}: initializer {name!r}"
    bad = int(np.argmax(~np.isfinite(value).ravel()))
    hint = "the training diverged or the file is damaged"
    if bool(np.isnan(value).any()):
        raise ModelError(f"{where}: element {bad} is {value.flat[bad]}; {hint}")
    if value.size == 1 or bool(((value == 0) | (value == -np.inf)).all()):
        return value
    raise ModelError(f"{where}: element {bad} is {value.flat[bad]}; {hint}")


# ---------------------------------------------------------------------------------------------------
# Order.


def _sort(path: Path, proto: onnx.ModelProto, stored: set[str]) -> None:
    """Put the nodes in execution order; refuse cycles, unknown tensors and tensors made twice."""
    graph = proto.graph
    produced = stored | {value.name for value in graph.input}
    makers: dict[str, onnx.NodeProto] = {}
    for node in graph.node:
        for out in filter(None, node.output):
            if out in makers or out in produced:
                raise ModelError(f"{path}: tensor {out!r} is made twice, the second time by node {node.name!r}")
            makers[out] = node
    readers: dict[str, list[int]] = {}
    missing = [0] * len(graph.node)
    for index, node in enumerate(graph.node):
        for name in {name for name in node.input if name and name not in produced}:
            missing[index] += 1
            readers.setdefault(name, []).append(index)
    order = [index for index, count in enumerate(missing) if count == 0]
    for index in order:  # grows while it is walked
        for name in filter(None, graph.node[index].output):
            produced.add(name)
            for reader in readers.get(name, ()):
                missing[reader] -= 1
                if missing[reader] == 0:
                    order.append(reader)
    if len(order) < len(graph.node):
        first = next(index for index, count in enumerate(missing) if count)
        _refuse_order(path, graph.node[first], produced, makers)
    for value in graph.output:
        if value.name not in produced:
            raise ModelError(f"{path}: output {value.name!r} is made by no node; export the model again")
    copies = [onnx.NodeProto.FromString(graph.node[index].SerializeToString()) for index in order]
    del graph.node[:]
    graph.node.extend(copies)


def _refuse_order(path: Path, node: onnx.NodeProto, produced: set[str], makers: dict[str, onnx.NodeProto]) -> None:
    """Follow what is missing until it repeats (a cycle) or has no maker."""
    seen: set[str] = set()
    while True:
        missing = next(name for name in node.input if name and name not in produced)
        where = f"{path}: node {node.name or node.output[0]!r} ({node.op_type})"
        if missing not in makers:
            raise ModelError(f"{where} reads tensor {missing!r}, which nothing makes; export the model again")
        if missing in seen:
            raise ModelError(f"{where} depends on its own output through tensor {missing!r}: the graph has a cycle")
        seen.add(missing)
        node = makers[missing]
