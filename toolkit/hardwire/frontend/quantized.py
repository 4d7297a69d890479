# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are quantized already: their stored integers become the numbers that they stand for.

requires: a proto without weights, and the weights as arrays.
ensures: no activation is rounded any more. What has no such form (a matrix of integers behind integers) is refused.

| written by                 | operators                                       | becomes     |
| -------------------------- | ----------------------------------------------- | ----------- |
| quantize_dynamic           | DynamicQuantizeLinear, MatMulInteger, Cast, Mul | MatMul      |
| the same, optimised        | DynamicQuantizeMatMul, MatMulIntegerToFloat     | MatMul, Add |
| quantize_static, QDQ       | QuantizeLinear, DequantizeLinear                | Identity    |
| either, of a table         | Gather, DequantizeLinear                        | Gather      |
| matmul_nbits_quantizer QDQ | DequantizeLinear of int4 in blocks              | a weight    |
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from ..errors import ModelError
from .graph import Value

NOTE = (
    "already quantized: taken by the numbers that its weights stand for, and compared with ONNX Runtime on those, "
    "without the rounding of activations; the float export gives a better chip"
)
MAX_WEIGHT_BYTES = 16 * 2**30
_MOVES = (
    "Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Tile", "Transpose",
    "Unsqueeze",
)  # fmt: skip
_SIGNED = ("Add", "Gemm", "MatMul")  # what a quantizer takes a Relu away behind
_ROUNDS = ("QuantizeLinear", "DynamicQuantizeLinear")
_REFUSED = (
    "QAttention", "QEmbedLayerNormalization", "QGemm", "QMoE", "MatMulBnb4", "MatMulFpQ4", "MatMulInteger16",
    "ConvInteger", "GemmFloat8", "ReduceSumInteger", "MulInteger", "MatMulBlockQuantizedFp4Weight",
    "MatMulBlockQuantizedFp8Weight",
)  # fmt: skip


def dequantize(path: Path, proto: onnx.ModelProto, weights: dict[str, Value]) -> bool:
    """Rewrite ``proto``, adding float arrays to ``weights``; whether anything was quantized."""
    for node in proto.graph.node:
        if node.op_type in _REFUSED or node.op_type.startswith("QLinear"):
            raise _refusal(path, node)
    kinds = {"DequantizeLinear", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", *_ROUNDS}
    if not any(node.op_type in kinds for node in proto.graph.node):
        return False
    pass_ = _Dequantizing(path, proto, weights)
    for node in proto.graph.node:
        if node.op_type == "MatMulInteger":
            pass_.match_product(node)
    nodes = [replacement for node in proto.graph.node for replacement in pass_.step(node)]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return True


def _refusal(path: Path, node: onnx.NodeProto, why: str = "") -> ModelError:
    more = f" ({why})" if why else ""
    return ModelError(
        f"{path}: node {node.name or node.output[0]!r} ({node.op_type}): the model is already quantized in a form that "
        f"its weights cannot be read from{more}; give the float export"
    )


class _Dequantizing:
    def __init__(self, path: Path, proto: onnx.ModelProto, weights: dict[str, Value]) -> None:
        self.path, self.weights = path, weights
        self.makers = {out: node for node in proto.graph.node for out in node.output if out}
        self.users: dict[str, list[onnx.NodeProto]] = {}
        for node in proto.graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)
        self.stored = self._stored(proto)
        self.done: dict[str, list[onnx.NodeProto]] = {}  # what takes the place of the nodes of a product

    def _stored(self, proto: onnx.ModelProto) -> set[str]:
        """Names that depend on weights alone; nodes need not be in order."""
        constant, grown = set(self.weights), True
        while grown:
            grown = False
            for node in proto.graph.node:
                if node.input and node.output[0] not in constant and all(n in constant for n in node.input if n):
                    constant.update(node.output)
                    grown = True
        return constant

    def step(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """What stands in the place of ``node``."""
        if node.output and node.output[0] in self.done:
            return self.done[node.output[0]]
        forms = {
            "MatMulIntegerToFloat": self._to_float,
            "DynamicQuantizeMatMul": self._dynamic_matmul,
            "Gather": self._gather,
            "DequantizeLinear": self._dequantized,
        }
        if node.op_type in forms:
            return forms[node.op_type](node)
        if node.op_type not in _ROUNDS or node.input[0] in self.stored:
            return [node]
        if node.op_type == "DynamicQuantizeLinear":
            self.weights[node.output[1]] = np.float32(1).reshape(())
            if len(node.output) > 2 and node.output[2]:
                self.weights[node.output[2]] = np.float32(0).reshape(())
        kind = "Relu" if self._cuts(node) else "Identity"
        return [helper.make_node(kind, [node.input[0]], [node.output[0]], node.name)]

    def _cuts(self, node: onnx.NodeProto) -> bool:
        """Whether a rounding has no level below zero, for which the quantizer took the Relu in front of it out."""
        zero = self.weights.get([*node.input, "", ""][2])
        maker = self.makers.get(node.input[0])
        low = zero is not None and zero.dtype.kind in "iu" and bool((zero == np.iinfo(zero.dtype).min).all())
        return low and node.op_type == "QuantizeLinear" and maker is not None and maker.op_type in _SIGNED

    # -- tables and weights ----------------------------------------------------------------------------

    def _dequantized(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """A stored tensor becomes a weight; a computed one was a float number before it was rounded."""
        data = node.input[0]
        if data in self.weights:
            self.weights[node.output[0]] = self._numbers(node, self.weights[data], data)
            return []
        if data in self.stored:
            return [node]
        behind = self._behind(data)
        if behind is None:
            raise _refusal(self.path, node, f"{data!r} is no number that was rounded in front of it")
        return [helper.make_node("Identity", [data], [node.output[0]], node.name)]

    def _behind(self, name: str) -> onnx.NodeProto | None:
        """The rounding, or the look-up in a stored table, behind moves of integers."""
        for _ in range(len(self.makers)):
            node = self.makers.get(name)
            if node is None or node.op_type in _ROUNDS:
                return node
            if node.op_type not in _MOVES:
                return None
            if node.op_type == "Gather" and node.input[0] in self.stored:
                return node
            name = node.input[0]
        return None

    def _gather(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """A look-up in a table of integers whose rows are multiplied out behind it."""
        table, name = node.input[0], node.output[0]
        if table not in self.weights or self.weights[table].dtype.kind not in "iu" or node.input[1] in self.stored:
            return [node]
        for _ in range(len(self.makers)):  # through moves to where the rows become numbers
            users = self.users.get(name, [])
            kinds = {(user.op_type, *user.input[1:]) for user in users}  # optimisers copy what several nodes read
            if len(kinds) == 1 and users[0].op_type == "DequantizeLinear":
                break
            if len(users) != 1 or users[0].op_type not in _MOVES:
                return [node]
            name = users[0].output[0]
        numbers = f"{node.output[0]}::table"
        self.weights[numbers] = self._numbers(users[0], self.weights[table], table)
        return [helper.make_node("Gather", [numbers, node.input[1]], list(node.output), node.name, axis=_axis(node))]

    def _numbers(self, node: onnx.NodeProto, data: Value, name: str) -> Value:
        """(data - zero) * scale as float32: per tensor, along an axis, or in blocks of an axis."""
        at = _attributes(node)
        names = [*node.input, ""][1:3]
        if names[0] not in self.weights or (names[1] and names[1] not in self.weights):
            raise _refusal(self.path, node, f"the scale of {name!r} is not stored")
        scale = self.weights[names[0]].astype(np.float32)
        zero = self.weights[names[1]].astype(np.float32) if names[1] else np.float32(0)
        if data.size * 4 > MAX_WEIGHT_BYTES:
            raise _refusal(self.path, node, f"{data.size:,} numbers")
        try:
            axis, block = int(at.get("axis", 1)), int(at.get("block_size", 0))
            scale, zero = (_spread(factor, data, axis, block) for factor in (scale, zero))
            return np.asarray((data.astype(np.float32) - zero) * scale, np.float32)
        except (ValueError, IndexError) as error:
            raise _refusal(self.path, node, f"its scale does not go with {name!r}: {error}") from error

    # -- matrices --------------------------------------------------------------------------------------

    def _matrix(self, node: onnx.NodeProto, packed: str, zero: str, scale: str) -> str:
        """The name of a new weight [K, N]."""
        if packed not in self.weights or scale not in self.weights or (zero and zero not in self.weights):
            raise _refusal(self.path, node, f"the weight {packed!r}, its zero or its scale is not stored")
        levels = self.weights[packed].astype(np.float32)
        if zero:
            levels = levels - self.weights[zero].astype(np.float32)
        name = f"{node.output[0]}::weight"
        self.weights[name] = np.asarray(levels * self.weights[scale].astype(np.float32), np.float32)
        return name

    def match_product(self, node: onnx.NodeProto) -> None:
        """MatMulInteger, Cast, Mul: the last of them makes the product of the float numbers."""
        data, packed, _, zero = [*node.input, "", ""][:4]
        product = self._only(self._only(node, "Cast"), "Mul")
        rounding = self._behind(data)
        if product is None or rounding is None or rounding.op_type not in _ROUNDS:
            raise _refusal(self.path, node, "no scale behind its product")
        cast = next(name for name in product.input if self._made_by(name, "Cast"))
        scale = next((name for name in product.input if name != cast), "")
        factors = [scale]
        if scale in self.makers and self.makers[scale].op_type == "Mul":
            factors = list(self.makers[scale].input)
        own = [name for name in factors if name in self.weights and name not in rounding.output]
        if len(own) != 1 or len(factors) > 2:
            raise _refusal(self.path, node, "the scale of its weight is not stored")
        weight = self._matrix(node, packed, zero, own[0])
        self.done |= {node.output[0]: [], cast: []}
        self.done[product.output[0]] = [helper.make_node("MatMul", [data, weight], [product.output[0]], node.name)]

    def _to_float(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        data, packed, _, scale, _, zero, bias = [*node.input, *[""] * 7][:7]
        return self._product(node, data, self._matrix(node, packed, zero, scale), bias)

    def _dynamic_matmul(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        data, packed, scale, zero, bias = [*node.input, *[""] * 5][:5]
        return self._product(node, data, self._matrix(node, packed, zero, scale), bias)

    def _product(self, node: onnx.NodeProto, data: str, weight: str, bias: str) -> list[onnx.NodeProto]:
        out = f"{node.output[0]}::plain" if bias else node.output[0]
        nodes = [helper.make_node("MatMul", [data, weight], [out], node.name)]
        return [*nodes, helper.make_node("Add", [out, bias], [node.output[0]], f"{node.name}/Bias")] if bias else nodes

    def _only(self, node: onnx.NodeProto | None, kind: str) -> onnx.NodeProto | None:
        users = self.users.get(node.output[0], []) if node is not None else []
        return users[0] if len(users) == 1 and users[0].op_type == kind else None

    def _made_by(self, name: str, kind: str) -> bool:
        return name in self.makers and self.makers[name].op_type == kind


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _axis(node: onnx.NodeProto) -> int:
    return int(_attributes(node).get("axis", 0))


def _spread(part: Any, data: Value, axis: int, block: int) -> Any:
    """A scale or zero that broadcasts against ``data``."""
    part = np.asarray(part)
    if part.size == 1:
        return part.reshape(())
    axis %= data.ndim
    if block:
        return np.take(np.repeat(part, block, axis), range(data.shape[axis]), axis)
    return part.reshape([-1 if i == axis else 1 for i in range(data.ndim)])
