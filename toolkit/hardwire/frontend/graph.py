# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The importer's own graph: the nodes that depend on the tokens, and everything else as constants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError

Value = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Node:
    """One operation. ``inputs`` may hold "" for an optional input that is absent."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    scope: str = ""

    def describe(self) -> str:
        where = f" in {self.scope}" if self.scope else ""
        return f"node {self.name or self.outputs[0]!r} ({self.op}){where}"


@dataclass(kw_only=True)
class Graph:
    """A frozen model: batch 1, ``length`` tokens, nothing in the past.

    ``nodes`` are in execution order and depend on the token ids; every other tensor is in
    ``constants``. ``shapes`` knows every tensor that a node makes.
    """

    nodes: list[Node]
    constants: dict[str, Value]
    shapes: dict[str, tuple[int, ...]]
    ids: str
    logits: str
    length: int

    def __post_init__(self) -> None:
        self.index()

    def index(self) -> None:
        """Rebuild the two maps below; every pass that changes ``nodes`` ends with it."""
        self.makers = {out: node for node in self.nodes for out in node.outputs}
        self.users: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                self.users.setdefault(name, []).append(node)

    def prune(self) -> None:
        """Drop the nodes that the logits do not need."""
        needed = {self.logits}
        live: list[Node] = []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                live.append(node)
        self.nodes = live[::-1]
        self.constants = {name: value for name, value in self.constants.items() if name in needed}
        self.index()

    def maker(self, name: str) -> Node | None:
        return self.makers.get(name)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.constants[name].shape if name in self.constants else self.shapes[name]

    def root(self, name: str) -> str:
        """The tensor behind views that only regroup the leading axes ([1, T, D] and [T, D])."""
        node = self.maker(name)
        while node is not None and node.op == "Reshape":
            if self.shape(node.inputs[0])[-1:] != self.shape(name)[-1:]:
                break
            name = node.inputs[0]
            node = self.maker(name)
        return name

    def source(self, name: str) -> Node | None:
        """The node behind ``root(name)``; None for the token ids."""
        return self.maker(self.root(name))

    def only_user(self, name: str) -> Node | None:
        """The one node that reads ``name``, seen through the views of ``root``; None if several do."""
        users = self.users.get(name, [])
        if len(users) != 1 or name == self.logits:
            return None
        view = users[0]
        if view.op == "Reshape" and self.shape(view.outputs[0])[-1:] == self.shape(name)[-1:]:
            return self.only_user(view.outputs[0])
        return view

    def split(self, node: Node) -> tuple[str, str] | None:
        """(computed, constant) names of a two-input node with exactly one constant operand."""
        if len(node.inputs) != 2:
            return None
        first, second = node.inputs
        if (first in self.constants) == (second in self.constants):
            return None
        return (second, first) if first in self.constants else (first, second)

    def scalar(self, name: str) -> float | None:
        """The value of a one-element (or uniform) constant."""
        value = self.constants.get(name)
        if value is None or value.size == 0:
            return None
        first = value.flat[0]
        return float(first) if value.size == 1 or bool((value == first).all()) else None


def fail(node: Node | None, why: str, tensor: str = "") -> NoReturn:
    """Refuse a model, naming the node."""
    raise ModelError(f"{node.describe() if node else f'tensor {tensor!r}'}: {why}")


def signature(node: Node) -> tuple[object, ...]:
    """Equal for two nodes that compute the same thing."""
    attrs = tuple(sorted((key, _plain(value)) for key, value in node.attrs.items()))
    return node.op, node.inputs, attrs, len(node.outputs)


def _plain(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}{value.tobytes()!r}"
    return repr(value)


def ancestors(makers: dict[str, Any], names: Iterable[str]) -> set[str]:
    """Names of all tensors that ``names`` depend on, themselves included; ``makers`` maps to
    ONNX nodes."""
    seen: set[str] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        node = makers.get(name)
        if node is not None:
            stack.extend(node.input)
    return seen
