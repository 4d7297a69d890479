# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Read an MLP's activation off what it computes: evaluate the elementwise part and compare.

Exporters spell SiLU and GELU in many ways; all of them are the same numbers on a grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..decoder import Activation, Linear, Mlp, activate
from .graph import Graph, Node, fail
from .match_attention import pick
from .trace import trace

Grid = NDArray[np.float64]

_TOLERANCE = 2e-6  # decoder.erf is good to 1.5e-7, constants are float32
_ERF = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x: Grid) -> Grid:
    return np.asarray(1 / (1 + np.exp(-x)))


def _gelu(x: Grid, node: Node) -> Grid:
    if node.attrs.get("approximate", "none") == "tanh":
        return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    return np.asarray(0.5 * x * (1 + _ERF(x / math.sqrt(2))))


def _clip(x: Grid, low: Grid | None = None, high: Grid | None = None) -> Grid:
    return np.asarray(np.clip(x, -np.inf if low is None else low, np.inf if high is None else high))


_ELEMENTWISE: dict[str, Callable[..., Grid]] = {
    "Abs": np.abs,
    "Add": np.add,
    "Clip": _clip,
    "Div": np.divide,
    "Erf": _ERF,
    "Exp": np.exp,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Neg": np.negative,
    "Pow": np.power,
    "Reciprocal": np.reciprocal,
    "Relu": lambda x: np.maximum(x, 0),
    "Sigmoid": _sigmoid,
    "Softplus": lambda x: np.logaddexp(0, x),
    "Sub": np.subtract,
    "Tanh": np.tanh,
    "Where": np.where,
}


def match_mlp(graph: Graph, down: Node) -> tuple[Mlp, str]:
    """The MLP that ends in Linear ``down``, and the root of its input."""
    leaves: list[str] = []
    _collect(graph, down.inputs[0], leaves)
    if len(leaves) > 2:
        for leaf in leaves:
            _projection(graph, down, leaf)  # names the operator that is not understood
        fail(down, f"its input combines {len(leaves)} tensors {leaves}; an MLP combines one or, gated, two")
    grid = np.linspace(-6, 6, 97)
    if len(leaves) == 1:
        named = _name(graph, down, {leaves[0]: grid})
        order = [leaves[0]]
    else:
        order = leaves
        named = _gated(graph, down, order, grid)
        if named is None:
            order = leaves[::-1]
            named = _gated(graph, down, order, grid)
    if named is None:
        node = graph.maker(graph.root(down.inputs[0])) or down
        fail(node, f"not one of the supported MLP activations {', '.join(get_args(Activation))}")
    sides = [_projection(graph, down, leaf) for leaf in order]
    if len({source for _, source in sides}) > 1:
        fail(down, "the gate and the up projection of its MLP read different tensors")
    gate = sides[0][0] if len(sides) == 2 else None
    activation, scale = named
    layer = pick(down.attrs["layer"], _every_row(down))
    layer = layer if scale == 1 else Linear(np.asarray(layer.weight * np.float32(scale), np.float32), layer.bias)
    return Mlp(sides[-1][0], layer, activation, gate), sides[0][1]


def _every_row(node: Node) -> NDArray[np.int64]:
    return np.arange(len(node.attrs["layer"].weight))


def _collect(graph: Graph, name: str, leaves: list[str]) -> None:
    """Names of the tensors where the elementwise part begins, in order of appearance."""
    name = graph.root(name)
    node = graph.maker(name)
    if name in graph.constants and graph.scalar(name) is not None:
        return
    if node is not None and node.op in (*_ELEMENTWISE, "Gelu", "Swish"):
        for operand in filter(None, node.inputs):
            _collect(graph, operand, leaves)
    elif name not in leaves:
        leaves.append(name)


def _evaluate(graph: Graph, name: str, values: dict[str, Grid]) -> Grid:
    name = graph.root(name)
    if name in values:
        return values[name]
    if name in graph.constants:
        return np.asarray(graph.scalar(name), np.float64)
    node = graph.makers[name]
    inputs: list[Any] = [_evaluate(graph, operand, values) if operand else None for operand in node.inputs]
    if node.op == "Gelu":
        result = _gelu(inputs[0], node)
    elif node.op == "Swish":
        result = inputs[0] * _sigmoid(float(node.attrs.get("alpha", 1.0)) * inputs[0])
    else:
        result = _ELEMENTWISE[node.op](*inputs)
    values[name] = result
    return result


def _name(
    graph: Graph, down: Node, values: dict[str, Grid], factor: Grid | float = 1.0
) -> tuple[Activation, float] | None:
    """The activation that, times ``factor`` and a constant, gives the input of ``down``, and that constant.

    The first value is the input of the activation.
    """
    x = next(iter(values.values()))
    with np.errstate(all="ignore"):
        y = _evaluate(graph, down.inputs[0], dict(values))
        for kind in get_args(Activation):
            expected = activate(x.astype(np.float64), kind) * factor
            top = int(np.abs(expected).argmax())
            scale = float(y.flat[top] / expected.flat[top])
            scale = 1.0 if np.isclose(scale, 1.0, rtol=_TOLERANCE) else scale
            if scale and np.allclose(y, scale * expected, rtol=_TOLERANCE, atol=abs(scale) * _TOLERANCE):
                activation: Activation = kind
                return activation, scale
    return None


def _gated(graph: Graph, down: Node, order: list[str], grid: Grid) -> tuple[Activation, float] | None:
    """The activation, and a constant factor, if the input of ``down`` is act(order[0]) * order[1]."""
    gate, up = (g.ravel() for g in np.meshgrid(grid, np.linspace(-2, 2, 9)))
    return _name(graph, down, {order[0]: gate, order[1]: up}, up)


def _projection(graph: Graph, down: Node, leaf: str) -> tuple[Linear, str]:
    """The projection behind ``leaf``, cut out of a fused one if need be, and the root of its input."""
    part = trace(graph, leaf)
    maker = graph.maker(part.base)
    if maker is None or maker.op != "Linear" or part.index.shape[-1] > 1 or bool((part.coef != 1).any()):
        fail(graph.maker(leaf) or down, "not understood in an MLP; a linear projection was expected", leaf)
    layer: Linear = maker.attrs["layer"]
    token, row = np.divmod(part.index.reshape(graph.length, -1), layer.weight.shape[0])
    if bool((token != np.arange(graph.length)[:, None]).any()) or bool((row != row[0]).any()):
        fail(maker, "its rows are moved between tokens inside an MLP, which is not supported")
    return pick(layer, row[0]), graph.root(maker.inputs[0])
