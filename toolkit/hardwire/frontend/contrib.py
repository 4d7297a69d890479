# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's own operators, as its generative exporter writes them, in standard ones.

requires: a proto without weights, and the weights as arrays.
ensures: the operators below are gone; others of their domain are left for the checks to refuse. The import is still
compared with ONNX Runtime on the file as it is.

| operator                                   | becomes                                                       |
| ------------------------------------------ | ------------------------------------------------------------- |
| SkipSimplifiedLayerNormalization           | Add, SimplifiedLayerNormalization                             |
| SkipLayerNormalization                     | Add, LayerNormalization                                       |
| MatMulNBits                                | MatMul, its weight multiplied out                             |
| GatherBlockQuantized                       | Gather, its table multiplied out                              |
| RotaryEmbedding                            | RotaryEmbedding of opset 23                                   |
| GroupQueryAttention                        | Split, norms, RotaryEmbedding and Attention of opset 23       |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from ..errors import ModelError
from .graph import Value, ancestors

DOMAIN = "com.microsoft"
ATTENTION_OPSET = 23
MAX_WEIGHT_BYTES = 16 * 2**30
MAX_WINDOW = 2**20
NO_SINK = -1e4  # the share of a sink at or below this is nothing


def rings(path: Path, proto: onnx.ModelProto) -> dict[str, int]:
    """Past inputs that are buffers for a window of keys or values, and how many positions they need at least.

    ONNX Runtime takes no shorter one; what is valid in it is told by the length of the mask.
    """
    windows: dict[str, int] = {}
    for node in proto.graph.node:
        at = _attributes(node) if node.domain == DOMAIN and node.op_type == "GroupQueryAttention" else {}
        if at.get("sliding_window_cache", 0):
            window = int(at.get("local_window_size", -1))
            if not 0 < window <= MAX_WINDOW:
                where = f"{path}: node {node.name or node.output[0]!r} ({node.op_type})"
                raise ModelError(f"{where}: a cache for a window of {window} positions is not supported")
            windows.update(dict.fromkeys(filter(None, _named(node, 5)[3:]), window))
    return windows


BITS_NOTE = "weights of {bits} bits in blocks: taken by the numbers that they stand for"
NORM_NOTE = "norms inside GroupQueryAttention, which ONNX Runtime lacks on a CPU: compared with them outside of it"


@dataclass
class Lowered:
    """What is to be said of it: where ONNX Runtime can run the file as it is, and where it cannot."""

    same: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def roles(proto: onnx.ModelProto) -> dict[str, str]:
    """What GroupQueryAttention does with inputs that are not there any more when it is lowered."""
    makers = {out: node for node in proto.graph.node for out in node.output if out}
    inputs = {value.name for value in proto.graph.input}
    role_of: dict[str, str] = {}
    for node in proto.graph.node:
        if node.domain == DOMAIN and node.op_type == "GroupQueryAttention":
            names = _named(node, 10)
            for role, tensors in (("past", names[3:5]), ("positions", names[9:]), ("mask", names[5:7])):
                behind = ancestors(makers, [name for name in tensors if name]) & inputs
                role_of.update({name: role for name in behind if name not in role_of})
    return role_of


def lower(path: Path, proto: onnx.ModelProto, weights: dict[str, Value]) -> Lowered:
    """Replace the known operators of ``DOMAIN`` in ``proto``; multiplied-out weights are added to ``weights``."""
    views = {node.output[0]: node.input[0] for node in proto.graph.node if node.op_type == "Reshape"}
    lowering = _Lowering(path, weights, views)
    forms = {
        "SkipSimplifiedLayerNormalization": lowering.skip_norm,
        "SkipLayerNormalization": lowering.skip_norm,
        "MatMulNBits": lowering.matmul_bits,
        "GatherBlockQuantized": lowering.gather_blocks,
        "RotaryEmbedding": lowering.rotary,
        "GroupQueryAttention": lowering.attention,
    }
    if not any(node.domain == DOMAIN and node.op_type in forms for node in proto.graph.node):
        return Lowered()
    nodes = []
    for node in proto.graph.node:
        form = forms.get(node.op_type) if node.domain == DOMAIN else None
        nodes += [node] if form is None else form(node)
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    produced = {out for node in nodes for out in node.output}
    outputs = [value for value in proto.graph.output if value.name in produced]  # no more caches
    del proto.graph.output[:]
    proto.graph.output.extend(outputs)
    for opset in proto.opset_import:
        if opset.domain in ("", "ai.onnx"):
            opset.version = max(opset.version, ATTENTION_OPSET)
    bits = " and ".join(str(count) for count in sorted(lowering.bits))
    return Lowered([BITS_NOTE.format(bits=bits)] * bool(bits), [NORM_NOTE] * lowering.normed)


class _Lowering:
    def __init__(self, path: Path, weights: dict[str, Value], views: dict[str, str]) -> None:
        self.path, self.weights, self.views, self.count = path, weights, views, 0
        self.bits: set[int] = set()
        self.normed = False

    def refuse(self, node: onnx.NodeProto, why: str) -> ModelError:
        return ModelError(f"{self.path}: node {node.name or node.output[0]!r} ({node.op_type}): {why}")

    def constant(self, node: onnx.NodeProto, value: Any) -> str:
        """Store ``value`` as a new initializer of ``node``; its name."""
        self.count += 1
        name = f"{node.output[0]}::{self.count}"
        self.weights[name] = np.asarray(value)
        return name

    def skip_norm(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """input + skip (+ bias), normalised; the fourth output is the sum."""
        simple = node.op_type == "SkipSimplifiedLayerNormalization"
        data, skip, gain, *more = _named(node, 5)
        beta, bias = ("", more[0]) if simple else (more[0], more[1])
        total = (list(node.output) + [""] * 4)[3] or f"{node.output[0]}::sum"
        first = f"{total}::plain" if bias else total
        nodes = [helper.make_node("Add", [data, skip], [first], f"{node.name}/Add")]
        if bias:
            nodes.append(helper.make_node("Add", [first, bias], [total], f"{node.name}/Bias"))
        kind = "SimplifiedLayerNormalization" if simple else "LayerNormalization"
        inputs = [name for name in (total, gain, beta) if name]
        eps = float(_attributes(node).get("epsilon", 1e-5))
        return [*nodes, helper.make_node(kind, inputs, [node.output[0]], node.name, axis=-1, epsilon=eps)]

    def matmul_bits(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """A [.., K] times a weight of N rows of K, packed in blocks of 2 to 8 bits with a scale and a zero each."""
        data, packed, scales, zeros, order, bias = _named(node, 6)
        at = _attributes(node)
        if order:
            raise self.refuse(
                node, "a weight in an order of its own (g_idx) is not supported; export without act-order"
            )
        weight = self._unpacked(
            node, packed, scales, zeros, int(at["N"]), int(at["K"]), int(at["bits"]), int(at["block_size"])
        )
        out = f"{node.output[0]}::plain" if bias else node.output[0]
        nodes = [helper.make_node("MatMul", [data, self.constant(node, weight.T)], [out], node.name)]
        return [*nodes, helper.make_node("Add", [out, bias], [node.output[0]], f"{node.name}/Bias")] if bias else nodes

    def gather_blocks(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """Rows of a table that is packed as the weight of MatMulNBits, often the head's own."""
        packed, ids, scales, zeros = _named(node, 4)
        at, packed = _attributes(node), self.views.get(packed, packed)
        if int(at.get("gather_axis", 0)) != 0 or int(at.get("quantize_axis", 1)) != 1 or scales not in self.weights:
            raise self.refuse(node, "only a stored table of rows, quantized along them, is supported")
        block, (rows, blocks) = int(at.get("block_size", 128)), self.weights[scales].shape[:2]
        table = self._unpacked(node, packed, scales, zeros, rows, blocks * block, int(at.get("bits", 4)), block)
        return [helper.make_node("Gather", [self.constant(node, table), ids], [node.output[0]], node.name, axis=0)]

    def _unpacked(
        self, node: onnx.NodeProto, packed: str, scales: str, zeros: str, rows: int, columns: int, bits: int, block: int
    ) -> Value:
        """The weight [rows, columns] in float32 of a packed one. Raises ModelError."""
        if bits not in (4, 8) or block < 1 or not 0 < rows * columns * 4 <= MAX_WEIGHT_BYTES:
            raise self.refuse(
                node, f"{bits} bits in blocks of {block} for a weight of {rows} x {columns}; 4 and 8 bits are known"
            )
        self.bits.add(bits)
        blocks = -(-columns // block)
        try:
            words = self.weights[packed].reshape(rows, blocks, -1)
            scale = self.weights[scales].astype(np.float32).reshape(rows, blocks, 1)
            zero: Value = np.full(1, 1 << (bits - 1), np.float32)
            if zeros:
                stored = self.weights[zeros]
                packed_pairs = stored.dtype == np.uint8
                levels = (
                    _levels(stored.reshape(rows, -1), bits)
                    if packed_pairs
                    else stored.astype(np.float32).reshape(rows, -1)
                )
                zero = levels[:, :blocks, None].astype(np.float32)
            return (
                ((_levels(words, bits)[:, :, :block] - zero) * scale).reshape(rows, -1)[:, :columns].astype(np.float32)
            )
        except (KeyError, ValueError) as error:
            raise self.refuse(
                node, f"its packed weight does not fill {rows} x {columns} ({error}); export it again"
            ) from error

    def rotary(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """Inputs, positions [B, T] and tables, in another order than the standard operator's."""
        data, positions, cos, sin = _named(node, 4)
        at = _attributes(node)
        if at.get("is_packed_batching", 0) or float(at.get("scale", 1.0)) != 1.0:
            raise self.refuse(node, "packed batches or a scale are not supported")
        attributes = {key: int(at.get(key, 0)) for key in ("interleaved", "num_heads", "rotary_embedding_dim")}
        return [
            helper.make_node("RotaryEmbedding", [data, cos, sin, positions], [node.output[0]], node.name, **attributes)
        ]

    def attention(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """Attention over an empty cache, rotated first where it says so; q, k and v may come packed in one."""
        at, names = _attributes(node), _named(node, 17)
        self._check_attention(node, at, names)
        heads, groups = int(at["num_heads"]), int(at["kv_num_heads"])
        nodes: list[onnx.NodeProto] = []

        def op(kind: str, inputs: list[str], outputs: int = 1, **attrs: Any) -> list[str]:
            self.count += 1
            outs = [f"{node.output[0]}::{kind}{self.count}.{i}" for i in range(outputs)]
            nodes.append(helper.make_node(kind, inputs, outs, f"{node.name}/{kind}{self.count}", **attrs))
            return outs

        parts = names[:3]
        if not names[1]:
            parts = self._split(op, node, names[0], heads, groups)
        if names[14]:
            parts[:2] = self._normed(op, at, parts, names[14:16], heads, groups)
        length = op("Gather", [op("Shape", [names[0]])[0], self.constant(node, 1)])[0]
        zero, step = self.constant(node, 0), self.constant(node, 1)
        row = op("Range", [zero, length, step])[0]
        if at.get("do_rotary", 0):
            positions = names[9] or op("Unsqueeze", [row, self.constant(node, [0])])[0]
            if names[7] not in self.weights or self.weights[names[7]].ndim != 2:
                raise self.refuse(node, "its rotary tables are no stored [positions, angles]")
            turned = 2 * self.weights[names[7]].shape[1]
            turn = {"interleaved": int(at.get("rotary_interleaved", 0)), "rotary_embedding_dim": turned}
            for side, count in ((0, heads), (1, groups)):
                inputs = [parts[side], names[7], names[8], positions]
                parts[side] = op("RotaryEmbedding", inputs, num_heads=count, **turn)[0]
        mask, window = [], int(at.get("local_window_size", -1))
        if window >= 0:
            ends = [op("Unsqueeze", [row, self.constant(node, [axis])])[0] for axis in (1, 0)]
            near = op("Less", [op("Sub", ends)[0], self.constant(node, window)])[0]
            mask = [near]
        if names[10]:
            low = self.constant(node, np.float32(np.finfo(np.float32).min))
            mask = [op("Where", [near, names[10], low])[0] if mask else names[10]]
        more = {"scale": float(at["scale"])} if at.get("scale", 0) else {}
        more |= {"softcap": float(at["softcap"])} if at.get("softcap", 0) else {}
        nodes.append(
            helper.make_node("Attention", [*parts, *mask], [node.output[0]], node.name, is_causal=1,
                             q_num_heads=heads, kv_num_heads=groups, **more)
        )  # fmt: skip
        return nodes

    def _check_attention(self, node: onnx.NodeProto, at: dict[str, Any], names: list[str]) -> None:
        """Refuse what the engine has no part for, each by what it is."""
        sinks = names[11] and not (names[11] in self.weights and np.all(self.weights[names[11]] <= NO_SINK))
        kinds = {at.get(f"{side}_quant_type", b"NONE") for side in "kv"} | {at.get("k_quant_type", b"NONE")}
        for present, feature in (
            (sinks, "attention sinks (head_sink: a learned share of every softmax that goes to no token)"),
            (at.get("smooth_softmax", 0) > 0, "a smooth softmax (a share of every softmax that goes to no token)"),
            (any(names[12:14]) or not kinds <= {b"NONE", b""}, "a quantized cache"),
            (names[16], "padded chunks of a batch (query_seqlens)"),
            (at.get("qk_output", 0), "an output of the scores"),
            (bool(names[14]) != bool(names[15]), "a norm of queries without one of keys"),
        ):
            if present:
                raise self.refuse(node, f"it has {feature}, which is not supported; export without it")
        if not at.get("causal", 1):
            raise self.refuse(node, "it has no causal mask; hardwire takes decoders only")

    def _normed(
        self, op: Any, at: dict[str, Any], parts: list[str], gains: list[str], heads: int, groups: int
    ) -> list[str]:
        """Queries and keys, normalised over each head in front of the rotation."""
        self.normed = True
        normed = []
        for part, gain, side, count in zip(parts, gains, "qk", (heads, groups), strict=False):
            eps = float(at.get(f"{side}_norm_epsilon", at.get("qk_norm_epsilon", 1e-6)))
            node = onnx.NodeProto(output=[part])
            heads_view = op("Reshape", [part, self.constant(node, np.array([0, 0, count, -1]))])[0]
            heads_view = op("SimplifiedLayerNormalization", [heads_view, gain], axis=-1, epsilon=eps)[0]
            normed.append(op("Reshape", [heads_view, self.constant(node, np.array([0, 0, -1]))])[0])
        return normed

    def _split(self, op: Any, node: onnx.NodeProto, packed: str, heads: int, groups: int) -> list[str]:
        """q, k and v of one tensor [B, T, (heads + 2 * groups) * C], cut in units of heads."""
        shape = [0, 0, heads + 2 * groups, -1]
        grouped = op("Reshape", [packed, self.constant(node, np.array(shape))])[0]
        sizes = self.constant(node, np.array([heads, groups, groups]))
        flat = self.constant(node, np.array([0, 0, -1]))
        return [op("Reshape", [part, flat])[0] for part in op("Split", [grouped, sizes], 3, axis=2)]


def _named(node: onnx.NodeProto, count: int) -> list[str]:
    """The node's first inputs, "" for those it does not have."""
    return (list(node.input) + [""] * count)[:count]


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _levels(packed: Value, bits: int) -> Value:
    """Unsigned levels of bytes [..., n]: two to a byte of 4 bits each, the lower first."""
    if bits == 8:
        return packed
    return np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:-1], -1)
