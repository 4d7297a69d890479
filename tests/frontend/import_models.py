# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""One tiny decoder of two layers, with a hook wherever the files that people have differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx_models import Builder

V, D, H, C, F, LAYERS, N = 40, 24, 4, 6, 36, 2, 32  # N positions
INT, FLOAT, BOOL = TensorProto.INT64, TensorProto.FLOAT, TensorProto.BOOL
Hook = Callable[..., str]


def same(b: Builder, x: str, *_: object) -> str:
    return x


@dataclass
class Parts:
    """The hooks; each takes the builder and gives the name of its result."""

    ids: Hook = lambda b: "input_ids"
    positions: Hook | None = None  # to positions [1, T] of a learned table; None: as many as there are tokens
    embedded: Hook = same
    laid: Hook = same  # [1, T, D] as the blocks see it
    rows: tuple[int, int] = (1, -1)  # its axes in front of D
    norm: Hook | None = None
    turn: Hook = same  # (b, heads [1, H, T, C], layer)
    mixed: Hook = same  # mixed values [1, T, H * C]
    keys: Hook = same  # (b, heads, layer, "key" or "value"): with a cache
    mask: Hook | None = None  # to what is added to scores
    projected: Hook = same  # (b, x, layer, kind): behind a branch's last matrix
    added: Hook | None = None  # (b, stream, branch, layer, kind)
    activation: Hook | None = None
    normed: Hook = same  # behind the last norm
    headed: Hook = same  # behind the head
    table: bool = True  # learned positions
    post: bool = False
    parallel: bool = False
    bias: bool = False
    length: int | str = "T"
    ids_rank: int = 2
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] | None = None
    opset: int = 18


def value(name: str, kind: int, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def tokens(b: Builder, ids: str = "input_ids") -> str:
    """T as a [1] tensor."""
    return b.op("Slice", b.op("Shape", ids), b.ints(-1), b.ints(2**31))


def count(b: Builder, ids: str = "input_ids") -> str:
    """0, 1, ... T - 1."""
    end = b.op("Squeeze", tokens(b, ids), b.ints(0))
    return b.op("Range", b.const(0, np.int64), end, b.const(1, np.int64))


def causal(b: Builder) -> str:
    """Zeros and large negative numbers, [T, T]."""
    row = count(b)
    late = b.op("Less", b.op("Unsqueeze", row, b.ints(1)), b.op("Unsqueeze", row, b.ints(0)))
    return b.op("Where", late, b.const(-1e9), b.const(0.0))


def layer_norm(b: Builder, x: str, name: str) -> str:
    gain, bias = b.weight(f"{name}.gain", D, around=1.0), b.weight(f"{name}.bias", D)
    return b.op("LayerNormalization", x, b.const(gain), b.const(bias), axis=-1, epsilon=1e-5)


def rms_norm(b: Builder, x: str, name: str) -> str:
    mean = b.op("ReduceMean", b.op("Pow", x, b.const(2.0)), b.ints(-1))
    root = b.op("Sqrt", b.op("Add", mean, b.const(1e-5)))
    return b.op("Mul", b.op("Div", x, root), b.const(b.weight(f"{name}.gain", D, around=1.0)))


def gelu(b: Builder, y: str) -> str:
    half = b.op("Mul", y, b.const(0.5))
    return b.op("Mul", half, b.op("Add", b.op("Erf", b.op("Div", y, b.const(2**0.5))), b.const(1.0)))


def gelu_tanh(b: Builder, y: str) -> str:
    inner = b.op("Add", y, b.op("Mul", b.const(0.044715), b.op("Pow", y, b.const(3.0))))
    bend = b.op("Tanh", b.op("Mul", inner, b.const((2 / np.pi) ** 0.5)))
    return b.op("Mul", b.op("Mul", b.const(0.5), y), b.op("Add", bend, b.const(1.0)))


def decoder(parts: Parts) -> onnx.ModelProto:
    """The model with these parts."""
    b = Builder(parts.opset)
    ids = parts.ids(b)
    x = b.op("Gather", b.const(b.weight("embed", V, D), name="embed"), ids)
    if parts.ids_rank == 1:
        x = b.op("Unsqueeze", x, b.ints(0))
    x = parts.embedded(b, x)
    if parts.table:
        rows = parts.positions(b) if parts.positions else count(b)
        x = b.op("Add", x, b.op("Gather", b.const(b.weight("positions", N, D), name="wpe"), rows))
    x = parts.laid(b, x)
    norm, bend = parts.norm or layer_norm, parts.activation or (lambda b, y: b.op("Relu", y))
    mask = (parts.mask or causal)(b)

    def add(x: str, branch: str, layer: int, kind: str) -> str:
        return parts.added(b, x, branch, layer, kind) if parts.added else b.op("Add", x, branch)

    def last(x: str, layer: int, kind: str, out: int, into: int) -> str:
        y = b.linear(x, f"{layer}.{kind}", out, into)
        y = b.op("Add", y, b.const(b.weight(f"{layer}.{kind}.bias", out))) if parts.bias else y
        return parts.projected(b, y, layer, kind)

    def attention(h: str, layer: int) -> str:
        q, k, v = (heads(b.linear(h, f"{layer}.{name}", H * C, D)) for name in "qkv")
        q, k = parts.turn(b, q, layer), parts.turn(b, k, layer)
        k, v = parts.keys(b, k, layer, "key"), parts.keys(b, v, layer, "value")
        score = b.op("MatMul", q, b.op("Transpose", k, perm=[0, 1, 3, 2]))
        score = b.op("Add", b.op("Mul", score, b.const(C**-0.5)), mask)
        mixed = b.op("Transpose", b.op("MatMul", b.op("Softmax", score, axis=-1), v), perm=[0, 2, 1, 3])
        mixed = parts.mixed(b, b.op("Reshape", mixed, b.ints(*parts.rows, H * C)), layer)
        return last(mixed, layer, "o", D, H * C)

    def heads(y: str) -> str:
        return b.op("Transpose", b.op("Reshape", y, b.ints(1, -1, H, C)), perm=[0, 2, 1, 3])

    def mlp(h: str, layer: int) -> str:
        return last(bend(b, b.linear(h, f"{layer}.up", F, D)), layer, "down", D, F)

    for layer in range(LAYERS):
        if parts.post:
            x = norm(b, b.op("Add", x, attention(x, layer)), f"{layer}.norm1")
            x = norm(b, b.op("Add", x, mlp(x, layer)), f"{layer}.norm2")
        elif parts.parallel:
            h = norm(b, x, f"{layer}.norm1")
            x = add(x, b.op("Add", attention(h, layer), mlp(h, layer)), layer, "both")
        else:
            x = add(x, attention(norm(b, x, f"{layer}.norm1"), layer), layer, "o")
            x = add(x, mlp(norm(b, x, f"{layer}.norm2"), layer), layer, "down")
    x = x if parts.post else norm(b, x, "norm")
    y = parts.headed(b, b.linear(parts.normed(b, x), "head", V, D))
    shape = [parts.length] if parts.ids_rank == 1 else [1, parts.length]
    model = b.model(y, tuple(parts.inputs))
    model.graph.input[0].CopyFrom(value("input_ids", INT, *shape))
    if parts.outputs is not None:
        del model.graph.output[:]
        model.graph.output.extend(parts.outputs)
    return model


# ---------------------------------------------------------------------------------------------------
# Half precision.


def halved(model: onnx.ModelProto, kind: int) -> onnx.ModelProto:
    """All float32 of the file as float16 or bfloat16, rounded to nearest."""
    for tensor in model.graph.initializer:
        if tensor.data_type == FLOAT:
            tensor.CopyFrom(rounded(numpy_helper.to_array(tensor), kind, tensor.name))
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "to" and attribute.i == FLOAT:
                attribute.i = kind
    for each in (*model.graph.input, *model.graph.output):
        if each.type.tensor_type.elem_type == FLOAT:
            each.type.tensor_type.elem_type = kind
    return model


def rounded(numbers: np.ndarray, kind: int, name: str) -> onnx.TensorProto:
    if kind == TensorProto.FLOAT16:
        with np.errstate(over="ignore"):
            return numpy_helper.from_array(numbers.astype(np.float16), name)
    words = np.ascontiguousarray(numbers, np.float32).view(np.uint32).astype(np.uint64)
    words = (words + 0x7FFF + ((words >> 16) & 1)) >> 16
    return helper.make_tensor(name, kind, numbers.shape, words.astype(np.uint16).tobytes(), raw=True)
