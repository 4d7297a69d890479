# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What each input of an exported decoder is for, read off what the model does with it.

| role      | what the model does with it                                      | what it is fed    |
| --------- | ---------------------------------------------------------------- | ----------------- |
| token ids | looks them up in the table with as many rows as there are logits | the tokens        |
| positions | makes angles of them, or looks them up in a table of positions   | 0, 1, 2, ...      |
| types     | looks them up in another small table                             | zeros             |
| past      | appends keys or values to it                                     | nothing: length 0 |
| buffer    | writes keys or values into it, or appends to a fixed length      | zeros             |
| mask      | adds it to scores, compares it, sums it                          | ones, or causal   |
| idle      | nothing that the logits need                                     | zeros             |
| count     | cuts the rows of logits from the end with it                     | zero: all         |
| switch    | a truth value: training, use of a cache                          | false             |

A name decides only between two inputs that are used in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from ..errors import ModelError
from .graph import Value, ancestors
from .load import Source

_INTEGERS = (TensorProto.INT64, TensorProto.INT32)
_MOVES = ("Cast", "Expand", "Flatten", "Identity", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze")
_LINES = ("Add", "Clip", "Concat", "Div", "Max", "Min", "Mul", "Sub")
_PRODUCTS = ("Einsum", "MatMul")
_WRITES = ("ScatterElements", "ScatterND", "TensorScatter", "Where")
_PLAIN = (
    *_MOVES, *_LINES, "And", "CumSum", "Equal", "Gather", "GatherND", "Greater", "GreaterOrEqual", "IsNaN", "Less",
    "LessOrEqual", "Mod", "Neg", "Not", "Or", "Pad", "Pow", "Range", "ReduceMax", "ReduceMin", "ReduceSum",
    "ScatterElements", "ScatterND", "Sqrt", "Tanh", "Trilu", "Where", "Xor",
)  # fmt: skip
FEW_TYPES = 8  # rows of a table of token types


@dataclass(frozen=True)
class Past:
    """A cache: the axis along which it grows, and its length where that is fixed."""

    axis: int | None
    fixed: int | None = None
    appended: bool = True  # otherwise written into, from position 0 on


@dataclass(frozen=True)
class Inputs:
    """The inputs of an exported decoder, by role. ``static`` is the token count, if it is fixed."""

    ids: str
    static: int | None
    feeds: dict[str, str]  # the other inputs, by role
    pasts: dict[str, Past] = field(default_factory=dict)


def output_name(source: Source) -> str:
    """The output with the logits: named so, or the first of one row of floats per token."""
    outputs = list(source.proto.graph.output)
    if not outputs:
        raise ModelError(f"{source.path}: has no outputs, so it is truncated or was not written by an exporter")
    names = [value.name for value in outputs]
    if "logits" in names:
        return "logits"
    rows = [v.name for v in outputs if v.type.tensor_type.elem_type == TensorProto.FLOAT and len(_dims(v)) in (2, 3)]
    return (rows or names)[0]


def read_inputs(source: Source) -> Inputs:
    """Sort the model's inputs into roles; refuse what is no text decoder."""
    reader = _Reader(source)
    roles = {value.name: reader.role(value) for value in source.proto.graph.input}
    looked_up = [name for name, role in roles.items() if role == "lookup"]
    if not looked_up:
        names = [name for name, role in roles.items() if role == "mask"]
        raise ModelError(
            f"{source.path}: is no decoder: nothing looks an integer input of token ids up in a table; its integer "
            f"inputs are {names}"
        )
    ids = reader.best_ids(looked_up)
    for name in looked_up:
        if name != ids:
            roles[name] = "types" if max(reader.rows(name), default=0) <= FEW_TYPES else "positions"
    value = reader.values[ids]
    dims = _dims(value)
    if len(dims) == 2 and dims[0] not in (None, 1):
        raise ModelError(f"{source.path}: input {ids!r} has a fixed batch of {dims[0]}; export with batch 1")
    del roles[ids]
    pasts = {name: reader.pasts.get(name, Past(None)) for name, role in roles.items() if role in ("past", "buffer")}
    return Inputs(ids, dims[-1], roles, pasts)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.logits = output_name(source)
        self.needed = ancestors(source.makers(), [self.logits])
        self.values = {value.name: value for value in source.proto.graph.input}
        self.users: dict[str, list[tuple[onnx.NodeProto, int]]] = {}
        for node in source.proto.graph.node:
            if self.needed.intersection(node.output):
                for at, name in enumerate(node.input):
                    self.users.setdefault(name, []).append((node, at))
        self.pasts: dict[str, Past] = {}

    def role(self, value: onnx.ValueInfoProto) -> str:
        kind, rank, name = value.type.tensor_type.elem_type, len(_dims(value)), value.name
        if name not in self.needed or all(node.op_type in ("Shape", "Size") for node, _ in self.users.get(name, [])):
            return self.source.roles.get(name) or _idle(value)
        integer = kind in _INTEGERS
        if integer and rank in (1, 2) and self._lookups(name):
            return "lookup"
        if rank in (1, 2) and (integer or kind == TensorProto.FLOAT) and self._turns(name):
            return "positions"
        if kind == TensorProto.FLOAT and rank >= 3 and self._cache(value):
            return "past" if self.pasts[name].fixed is None else "buffer"
        if kind == TensorProto.BOOL and np.prod([dim or 0 for dim in _dims(value)]) == 1:
            return "switch"
        if rank in (2, 3, 4) and (integer or kind in (TensorProto.FLOAT, TensorProto.BOOL)) and self._masks(name):
            return "positions" if integer and "position" in name.lower() else "mask"
        if integer and rank == 1 and self._places(name):
            return "positions"
        if integer and rank in (0, 1) and self._counts(name):
            return "count"
        raise ModelError(
            f"{self.source.path}: input {name!r} is {describe(value)}, so this is no decoder "
            "of token ids; hardwire takes the ONNX export of a decoder-only language model"
        )

    def _reach(self, name: str, passed: Callable[[onnx.NodeProto, int], bool]) -> Iterator[tuple[onnx.NodeProto, int]]:
        """The nodes that read ``name``, also through those that ``passed`` lets through, and at which input."""
        stack, reached = [name], {name}
        while stack:
            for node, at in self.users.get(stack.pop(), []):
                yield node, at
                fresh = [out for out in node.output if out and out not in reached] if passed(node, at) else []
                reached.update(fresh)
                stack.extend(fresh)

    def _by_moves(self, node: onnx.NodeProto, at: int) -> bool:
        shifted = node.op_type in ("Add", "Sub", "Clip") and any(n in self.source.weights for n in node.input)
        return at == 0 and node.op_type in (*_MOVES, "Gather") or shifted

    def _lookups(self, name: str) -> list[Value]:
        """Stored tables of rows that it is an index into."""
        lookups = []
        for node, at in self._reach(name, self._by_moves):
            if node.op_type == "Gather" and at == 1:
                behind = ancestors(self.source.makers(), [node.input[0]])
                if not behind & self.values.keys():
                    tables = [self.source.weights[weight] for weight in sorted(behind & self.source.weights.keys())]
                    lookups += [t for t in tables if t.ndim == 2 and t.dtype.kind == "f"][:1]
        return lookups

    def rows(self, name: str) -> list[int]:
        return [len(table) for table in self._lookups(name)]

    def _turns(self, name: str) -> bool:
        """Whether cosines and sines are made of it."""
        through = (*_MOVES, *_LINES, *_PRODUCTS)
        return any(
            node.op_type in ("Cos", "Sin") or (node.op_type == "RotaryEmbedding" and at == 3)
            for node, at in self._reach(name, lambda node, at: node.op_type in through)
        )

    def _places(self, name: str) -> bool:
        """Whether it says where in a buffer keys and values are written."""
        return any(
            node.op_type in _WRITES and (at != 0) != (node.op_type == "Where")
            for node, at in self._reach(name, lambda node, at: node.op_type in (*_MOVES, *_LINES, "Equal", "Range"))
        )

    def _counts(self, name: str) -> bool:
        """Whether it says how many rows of logits from the end are wanted: ``x[:, -count:]``; 0 wants all."""
        return any(
            node.op_type == "Slice" and at == 1
            for node, at in self._reach(name, lambda node, at: node.op_type in (*_MOVES, *_LINES, "Neg"))
        )

    def _masks(self, name: str) -> bool:
        """Whether it comes to the weights of an attention elementwise."""
        return any(
            node.op_type == "Softmax" or (node.op_type == "Attention" and at == 3)
            for node, at in self._reach(name, lambda node, at: node.op_type in _PLAIN)
        )

    def best_ids(self, names: list[str]) -> str:
        """The input that is looked up in a table with as many rows as there are logits; then by name, then the most."""
        value = next(output for output in self.source.proto.graph.output if output.name == self.logits)
        vocab = (_dims(value) or [None])[-1]

        def fitness(name: str) -> tuple[bool, bool, int]:
            rows = self.rows(name)
            other_role = any(word in name.lower() for word in ("position", "type", "segment"))
            return vocab in rows, not other_role, max(rows)

        return max(names, key=fitness)

    def _cache(self, value: onnx.ValueInfoProto) -> bool:
        """Whether keys or values are appended to it or written into it."""
        dims = _dims(value)
        stack: list[tuple[str, list[int | None], bool]] = [(value.name, list(range(len(dims))), False)]
        reached = {value.name}
        while stack:
            name, axes, cut = stack.pop()
            for node, at in self.users.get(name, []):
                past = self._grows(node, at, axes, dims)
                if past is not None:
                    overwritten = cut and past.fixed is not None  # between what is kept in front and behind
                    self.pasts[value.name] = replace(past, appended=past.appended and not overwritten)
                    return True
                for out, moved in _moved(self.source, node, at, axes):
                    if out not in reached:
                        reached.add(out)
                        stack.append((out, moved, cut or node.op_type == "Slice"))
        return False

    def _grows(self, node: onnx.NodeProto, at: int, axes: list[int | None], dims: list[int | None]) -> Past | None:
        kind = node.op_type
        axis: int | None = None
        if kind == "Concat" and len(node.input) > 1:
            axis = axes[int(_attribute(node, "axis", 0)) % len(axes)]
        elif kind == "Attention" and at in (4, 5):
            axis = axes[2]
        elif kind in _WRITES and (at == 0) != (kind == "Where") and None not in dims[1:]:
            return Past(None, 1, appended=False)
        return None if axis is None else Past(axis, dims[axis])


def _idle(value: onnx.ValueInfoProto) -> str:
    """What an input is fed of which the logits need at most the shape, and other outputs perhaps more: by its name."""
    kind, rank, name = value.type.tensor_type.elem_type, len(_dims(value)), value.name.lower()
    if rank == 2 and kind in (*_INTEGERS, TensorProto.FLOAT) and "mask" in name and _dims(value)[1] is None:
        return "mask"
    if rank in (1, 2) and kind in _INTEGERS and "position" in name:
        return "positions"
    return "past" if rank >= 3 and kind == TensorProto.FLOAT else "idle"


def _moved(
    source: Source, node: onnx.NodeProto, at: int, axes: list[int | None]
) -> Iterator[tuple[str, list[int | None]]]:
    """Where each axis of a cache is behind a node that cuts or turns it."""
    kind = node.op_type
    if at != 0:
        return
    if kind in ("Cast", "Identity", "Slice"):
        yield node.output[0], axes
    elif kind == "Split":
        yield from ((out, axes) for out in node.output)
    elif kind == "Gather":
        index = source.weights.get(node.input[1])
        axis = int(_attribute(node, "axis", 0)) % len(axes)
        if index is not None and index.ndim == 0:
            yield node.output[0], axes[:axis] + axes[axis + 1 :]
        elif index is not None and index.ndim == 1:
            yield node.output[0], axes
    elif kind == "Transpose":
        perm = list(_attribute(node, "perm", list(range(len(axes)))[::-1]))
        if sorted(perm) == list(range(len(axes))):
            yield node.output[0], [axes[axis_index] for axis_index in perm]
    elif kind in ("Squeeze", "Unsqueeze"):
        chosen = source.weights.get(node.input[1]) if len(node.input) > 1 else None
        listed = np.ravel(chosen).tolist() if chosen is not None else list(_attribute(node, "axes", []))
        if kind == "Squeeze" and listed:
            dropped = {int(axis_index) % len(axes) for axis_index in listed}
            yield node.output[0], [axis for i, axis in enumerate(axes) if i not in dropped]
        elif kind == "Unsqueeze":
            wider: list[int | None] = list(axes)
            rank = len(axes) + len(listed)
            for axis_index in sorted(int(axis_index) % rank for axis_index in listed):
                wider.insert(axis_index, None)
            yield node.output[0], wider


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    attribute = next((a for a in node.attribute if a.name == name), None)
    return default if attribute is None else helper.get_attribute_value(attribute)


def describe(value: onnx.ValueInfoProto) -> str:
    """Type and shape of an input or output, for messages."""
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


# ---------------------------------------------------------------------------------------------------
# What they are fed.


def make_feeds(source: Source, inputs: Inputs, ids: Value, head_dim: int | None = None) -> dict[str, Value]:
    """Everything the model wants beside ``ids`` [1, T]: an empty past, all visible, positions from 0.

    ``head_dim``: channels of a head, for a past [1, heads, 0, channels] that leaves them open. A past that is a ring
    is as long as that must be, with zeros, which nothing reads: no position before the tokens is valid.
    """
    length = ids.shape[1]
    symbols = _symbols(source, inputs, length)
    before = max((past.fixed or 0 for past in inputs.pasts.values() if past.appended), default=0)
    feeds: dict[str, Value] = {}
    for value in source.proto.graph.input:
        dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        role = "ids" if value.name == inputs.ids else inputs.feeds[value.name]
        dims = _dims(value)
        if role == "ids":
            feeds[value.name] = ids.astype(dtype).reshape(-1) if len(dims) == 1 else ids.astype(dtype)
        elif role == "mask":
            feeds[value.name] = _mask(source, inputs, value, length, before).astype(dtype)
        elif role == "past":
            feeds[value.name] = np.zeros(_past_shape(source, value, inputs.pasts[value.name], head_dim), dtype)
        elif role == "positions":
            positions = np.arange(length, dtype=dtype)
            feeds[value.name] = positions if len(dims) == 1 else positions[None]
        elif role == "types":
            feeds[value.name] = np.zeros(length if len(dims) == 1 else (1, length), dtype)
        else:  # a buffer, a count, a switch, or idle
            params = [dim.dim_param for dim in value.type.tensor_type.shape.dim]
            feeds[value.name] = np.zeros([d or symbols.get(p, 1) for d, p in zip(dims, params, strict=True)], dtype)
    return feeds


def _symbols(source: Source, inputs: Inputs, length: int) -> dict[str, int]:
    """Lengths of the dimensions that have the names of those of the token ids."""
    value = next(candidate for candidate in source.proto.graph.input if candidate.name == inputs.ids)
    names = [dim.dim_param for dim in value.type.tensor_type.shape.dim]
    return dict(zip(reversed([name for name in names if name]), (length, 1), strict=False))


def _past_shape(source: Source, value: onnx.ValueInfoProto, past: Past, head_dim: int | None) -> list[int]:
    dims = _dims(value)
    if head_dim is not None and dims[1:2] != [None] and dims[2:] == [None, None]:
        dims = [None, dims[1], None, head_dim]
    axis_known = past.axis is not None and dims[past.axis] is None
    shape = [dim or (0 if not axis_known and i else 1) for i, dim in enumerate(dims)]
    if axis_known and past.axis is not None:
        shape[past.axis] = 0
    if len(shape) == 4 and shape[2] == 0:
        shape[2] = source.rings.get(value.name, 0)
    return shape


def _mask(source: Source, inputs: Inputs, value: onnx.ValueInfoProto, length: int, before: int) -> Value:
    """All ones, over what a fixed past has in front of the tokens or behind them zeros; causal where it is a square."""
    dims = _dims(value)
    buffers = [past for past in inputs.pasts.values() if not past.appended]
    total = dims[-1] or before + length
    if total < before + length or (total > before + length and not buffers):
        raise ModelError(
            f"{source.path}: input {value.name!r} is {describe(value)}, where an attention mask of "
            f"{length} tokens was expected; export with dynamic lengths"
        )
    if len(dims) == 2:
        row = np.zeros((1, total))
        row[:, before : before + length] = 1
        return row
    visible = np.zeros((length, total), bool)
    visible[:, before : before + length] = np.tri(length, dtype=bool)
    visible = visible.reshape(*[1] * (len(dims) - 2), length, total)
    additive = value.type.tensor_type.elem_type == TensorProto.FLOAT
    return np.where(visible, 0.0, float(np.finfo(np.float32).min)) if additive else visible
