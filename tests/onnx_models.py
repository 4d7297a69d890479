# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Tiny decoders written node by node, in the dialects that exporters speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

V, D, H, G, C, F, LAYERS, CONTEXT, EPS = 40, 24, 4, 2, 6, 36, 2, 64, 1e-5
Floats = NDArray[np.float32]


@dataclass
class Builder:
    """Collects nodes; ``op`` returns the name of the result."""

    opset: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    weights: dict[str, Floats] = field(default_factory=dict)
    seed: int = 7

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attrs: object) -> str:
        names = [f"{kind}_{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, names[0], **attrs))
        return names[0]

    def const(self, value: object, dtype: type = np.float32, name: str = "") -> str:
        name = name or f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.const(values, np.int64)

    def weight(self, name: str, *shape: int, around: float = 0.0) -> Floats:
        rng = np.random.default_rng([self.seed, *name.encode()])
        spread = shape[-1] ** -0.5 if around == 0 else 0.2
        return self.weights.setdefault(name, (around + spread * rng.normal(size=shape)).astype(np.float32))

    def linear(self, x: str, name: str, out: int, into: int) -> str:
        """MatMul with the transposed weight: what exporters make of a Linear."""
        return self.op("MatMul", x, self.const(self.weight(name, out, into).T, name=f"onnx::{name}"))

    def model(
        self, logits: str, extra: tuple[onnx.ValueInfoProto, ...] = (), length: int | str = "T", ids: str = "input_ids"
    ) -> onnx.ModelProto:
        self.nodes.append(helper.make_node("Identity", [logits], ["logits"], "last"))
        inputs = [helper.make_tensor_value_info(ids, TensorProto.INT64, [1, length]), *extra]
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, length, V])]
        graph = helper.make_graph(self.nodes, "tiny", inputs, outputs, self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)


def save(model: onnx.ModelProto, folder: Path, name: str = "model.onnx") -> Path:
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def _llama(
    b: Builder, norm: Callable[[str, str], str], mix: Callable[[str, str, str, int], str], early: bool = False
) -> str:
    """Embedding, blocks and tied head; ``mix`` turns projected q, k, v into mixed values [1, T, H * C].

    ``early``: the last norm stands behind the embedding, and none in front of the head.
    """
    table = b.weight("embed", V, D)
    x = b.op("Gather", b.const(table, name="embed"), "input_ids")
    x = norm(x, "norm") if early else x
    for layer in range(LAYERS):
        h = norm(x, f"{layer}.norm1")
        q, k, v = (b.linear(h, f"{layer}.{n}", size * C, D) for n, size in (("q", H), ("k", G), ("v", G)))
        x = b.op("Add", x, b.linear(mix(q, k, v, layer), f"{layer}.o", D, H * C))
        h = norm(x, f"{layer}.norm2")
        gate, up = b.linear(h, f"{layer}.gate", F, D), b.linear(h, f"{layer}.up", F, D)
        hidden = b.op("Mul", b.op("Mul", gate, b.op("Sigmoid", gate)), up)
        x = b.op("Add", b.linear(hidden, f"{layer}.down", D, F), x)  # either operand order
    return b.op("MatMul", x if early else norm(x, "norm"), b.op("Transpose", "embed", perm=[1, 0]))


def _length(b: Builder) -> str:
    """T as a [1] tensor, read off the tokens."""
    return b.op("Slice", b.op("Shape", "input_ids"), b.ints(1), b.ints(2))


def _range(b: Builder, length: str) -> str:
    end = b.op("Squeeze", length, b.ints(0))
    return b.op("Range", b.const(0, np.int64), end, b.const(1, np.int64))


def llama_decomposed(
    window: int | None = None, theta: float = 10000.0, past: bool = False
) -> tuple[onnx.ModelProto, dict[str, Floats]]:
    """TorchScript-like: every norm, rotary embedding and attention in pieces, sizes computed from Shape."""
    b = Builder(18)
    length = _length(b)
    positions = "position_ids" if past else b.op("Unsqueeze", _range(b, length), b.ints(0))
    inv_freq = b.const((theta ** -(np.arange(C // 2) * 2 / C)).reshape(1, -1, 1))
    floats = b.op("Cast", b.op("Unsqueeze", positions, b.ints(1)), to=TensorProto.FLOAT)
    angle = b.op("Transpose", b.op("MatMul", inv_freq, floats), perm=[0, 2, 1])
    both = b.op("Concat", angle, angle, axis=-1)
    cos, sin = (b.op("Unsqueeze", b.op(kind, both), b.ints(1)) for kind in ("Cos", "Sin"))
    row = _range(b, length)
    behind = b.op("Sub", b.op("Unsqueeze", row, b.ints(1)), b.op("Unsqueeze", row, b.ints(0)))
    hidden = b.op("Less", behind, b.const(0, np.int64))
    if window is not None:
        hidden = b.op("Or", hidden, b.op("GreaterOrEqual", behind, b.const(window, np.int64)))
    mask = b.op("Where", hidden, b.const(-3.4e38), b.const(0.0))

    def norm(x: str, name: str) -> str:
        mean = b.op("ReduceMean", b.op("Pow", x, b.const(2.0)), b.ints(-1))
        root = b.op("Sqrt", b.op("Add", mean, b.const(EPS)))
        inverse = b.op("Div", b.const(1.0), root)
        return b.op("Mul", b.const(b.weight(name, D, around=1.0)), b.op("Mul", x, inverse))

    def heads(x: str, count: int) -> str:
        shape = b.op("Concat", b.ints(1), length, b.ints(count), b.ints(C), axis=0)
        return b.op("Transpose", b.op("Reshape", x, shape), perm=[0, 2, 1, 3])

    def rotate(x: str) -> str:
        first = b.op("Slice", x, b.ints(0), b.ints(C // 2), b.ints(3))
        second = b.op("Slice", x, b.ints(C // 2), b.ints(2**62), b.ints(3))
        turned = b.op("Concat", b.op("Neg", second), first, axis=-1)
        return b.op("Add", b.op("Mul", x, cos), b.op("Mul", turned, sin))

    def repeat(x: str) -> str:
        shape = b.op("Concat", b.ints(1), b.ints(G), b.ints(H // G), length, b.ints(C), axis=0)
        wide = b.op("Expand", b.op("Unsqueeze", x, b.ints(2)), shape)
        return b.op("Reshape", wide, b.op("Concat", b.ints(1), b.ints(H), length, b.ints(C), axis=0))

    def mix(q: str, k: str, v: str, layer: int) -> str:
        q, k, v = rotate(heads(q, H)), rotate(heads(k, G)), heads(v, G)
        if past:
            k = b.op("Concat", f"past_key_values.{layer}.key", k, axis=2)
            v = b.op("Concat", f"past_key_values.{layer}.value", v, axis=2)
        root = b.const(C**-0.25)  # SDPA scales both sides
        score = b.op("MatMul", b.op("Mul", q, root), b.op("Mul", b.op("Transpose", repeat(k), perm=[0, 1, 3, 2]), root))
        weight = b.op("Softmax", b.op("Add", score, mask), axis=-1)
        weight = b.op("Where", b.op("IsNaN", weight), b.const(0.0), weight)
        mixed = b.op("Transpose", b.op("MatMul", weight, repeat(v)), perm=[0, 2, 1, 3])
        return b.op("Reshape", mixed, b.op("Concat", b.ints(1), length, b.ints(H * C), axis=0))

    extra = [helper.make_tensor_value_info("position_ids", TensorProto.INT64, [1, "T"])] if past else []
    for layer in range(LAYERS if past else 0):
        names = [f"past_key_values.{layer}.{kind}" for kind in ("key", "value")]
        extra += [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, G, "P", C]) for name in names]
    logits = _llama(b, norm, mix)
    return b.model(logits, tuple(extra)), b.weights


def llama_operators(interleaved: bool = False, early: bool = False) -> tuple[onnx.ModelProto, dict[str, Floats]]:
    """Opset 23: RMSNormalization, RotaryEmbedding with stored tables of CONTEXT rows, Attention with GQA."""
    b = Builder(23)
    angle = np.outer(np.arange(CONTEXT), 10000.0 ** -(np.arange(C // 2) * 2 / C))
    cos, sin = b.const(np.cos(angle), name="cos_cache"), b.const(np.sin(angle), name="sin_cache")
    positions = b.op("Unsqueeze", _range(b, _length(b)), b.ints(0))

    def norm(x: str, name: str) -> str:
        return b.op("RMSNormalization", x, b.const(b.weight(name, D, around=1.0)), axis=-1, epsilon=EPS)

    def mix(q: str, k: str, v: str, layer: int) -> str:
        turn = {"interleaved": int(interleaved)}
        q = b.op("RotaryEmbedding", q, cos, sin, positions, num_heads=H, **turn)
        k = b.op("RotaryEmbedding", k, cos, sin, positions, num_heads=G, **turn)
        return b.op("Attention", q, k, v, q_num_heads=H, kv_num_heads=G, is_causal=1)

    return b.model(_llama(b, norm, mix, early)), b.weights


def gpt2(
    activation: str = "tanh", length: int | str = "T", alibi: str = ""
) -> tuple[onnx.ModelProto, dict[str, Floats]]:
    """LayerNorm in pieces, learned positions, one Gemm for q, k and v, Where mask, untied head.

    ``alibi``: in place of positions, "added" as BLOOM does, behind a norm of the embedding, or "masked" as MPT does.
    """
    b = Builder(20)
    x = b.op("Gather", b.const(b.weight("embed", V, D), name="embed"), "input_ids")
    if not alibi:
        rows = b.op("Gather", b.const(b.weight("positions", CONTEXT, D), name="wpe"), _range(b, _length(b)))
        x = b.op("Add", x, rows)
    row = _range(b, _length(b))
    slopes = b.const(0.5 ** np.arange(1, H + 1).reshape(1, H, 1, 1))
    places = b.op("Unsqueeze", b.op("Cast", row, to=TensorProto.FLOAT), b.ints(0, 1, 2))
    seen = b.op("LessOrEqual", b.op("Unsqueeze", row, b.ints(0)), b.op("Unsqueeze", row, b.ints(1)))

    def norm(y: str, name: str) -> str:
        centred = b.op("Sub", y, b.op("ReduceMean", y, b.ints(-1)))
        variance = b.op("ReduceMean", b.op("Mul", centred, centred), b.ints(-1))
        unit = b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, b.const(EPS))))
        scaled = b.op("Mul", unit, b.const(b.weight(f"{name}.gain", D, around=1.0)))
        return b.op("Add", scaled, b.const(b.weight(f"{name}.bias", D)))

    def conv1d(y: str, name: str, out: int, into: int) -> str:
        flat = b.op("Reshape", y, b.ints(-1, into))
        weight = b.const(b.weight(name, out, into).T)
        flat = b.op("Gemm", flat, weight, b.const(b.weight(f"{name}.bias", out)))
        return b.op("Reshape", flat, b.ints(1, -1, out))

    def gelu(y: str) -> str:
        if activation == "erf":
            half = b.op("Mul", y, b.const(0.5))
            return b.op("Mul", half, b.op("Add", b.op("Erf", b.op("Div", y, b.const(2**0.5))), b.const(1.0)))
        if activation in ("Relu by itself", "Relu to the second"):
            above = b.op("Relu", y)
            return b.op("Mul", above, above) if activation == "Relu by itself" else b.op("Pow", above, b.const(2.0))
        if activation != "tanh":
            return b.op(activation, y)
        inner = b.op("Add", y, b.op("Mul", b.const(0.044715), b.op("Pow", y, b.const(3.0))))
        bend = b.op("Tanh", b.op("Mul", inner, b.const((2 / np.pi) ** 0.5)))
        return b.op("Mul", b.op("Mul", b.const(0.5), y), b.op("Add", bend, b.const(1.0)))

    x = norm(x, "early") if alibi == "added" else x
    for layer in range(LAYERS):
        qkv = conv1d(norm(x, f"{layer}.norm1"), f"{layer}.qkv", 3 * H * C, D)
        q = b.op("Split", qkv, outputs=3, axis=-1, num_outputs=3)
        parts = [
            b.op("Transpose", b.op("Reshape", name, b.ints(1, -1, H, C)), perm=[0, 2, 1, 3])
            for name in (q, f"{q}_1", f"{q}_2")
        ]
        score = b.op("MatMul", parts[0], b.op("Transpose", parts[1], perm=[0, 1, 3, 2]))
        score = b.op("Div", score, b.const(C**0.5))
        if alibi == "added":
            score = b.op("Add", b.op("Mul", slopes, places), score)
        if alibi == "masked":
            far = b.op("Mul", slopes, b.op("Sub", places, b.op("ReduceMax", places)))
            score = b.op("Add", score, b.op("Where", seen, far, b.const(-3.4e38)))
        else:
            score = b.op("Where", seen, score, b.const(-np.inf))
        mixed = b.op("MatMul", b.op("Softmax", score, axis=-1), parts[2])
        mixed = b.op("Transpose", mixed, perm=[0, 2, 1, 3])
        x = b.op("Add", conv1d(b.op("Reshape", mixed, b.ints(1, -1, H * C)), f"{layer}.o", D, H * C), x)
        hidden = gelu(conv1d(norm(x, f"{layer}.norm2"), f"{layer}.up", F, D))
        x = b.op("Add", x, conv1d(hidden, f"{layer}.down", D, F))
    return b.model(b.linear(norm(x, "norm"), "head", V, D), length=length), b.weights
