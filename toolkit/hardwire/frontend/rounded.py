# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Known numbers that were rounded to half precision or bfloat16, as they were before.

A file in half precision has the root of 2 as 1.4140625 and its cosines to three digits. They are matched within the
rounding of their type and then put back, so that everything behind works with, and is compared at, float32:

- a scalar in front of an Erf, Tanh or Sigmoid, if it is the rounding of one of the constants of a GELU;
- a pair of stored tables, if both are roundings of amplitude * cos(p * w) and amplitude * sin(p * w), p the row.

The bound on a table: with u the unit roundoff of the type and a the amplitude, a number is rounded by at most u * a.
Its phase is then off by at most sqrt(2) * u. The slope of a line through N phases is off by at most 1.5 times that at
the last of them (sum p * e / sum p * p * N <= 1.5 e). So it is within u * a of angles that are known, and within
(1 + 1.5 * sqrt(2)) * u * a of angles that are read off it, plus what float32 tables are off anyway.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import onnx
from numpy.typing import NDArray

from .graph import Value
from .rope import angles, table_tolerance

NOTE = "constants rounded to {kinds} were taken as they were before: {what}"
UNITS = {"half precision": 2.0**-11, "bfloat16": 2.0**-8}  # unit roundoff of 11 and 8 bits of significand
READ = 1 + 1.5 * math.sqrt(2)  # as derived above
FEWEST = 8  # rows of a table, and different numbers in it
MOST_ANGLES = 1024
LARGEST = 4.0  # amplitude of a table

_CONSTANTS = (
    math.sqrt(2), math.sqrt(0.5), math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi), 0.044715,
    0.044715 * math.sqrt(2 / math.pi), 2 * 0.044715 * math.sqrt(2 / math.pi),
)  # fmt: skip
_BENDS = ("Erf", "Tanh", "Sigmoid")
_SMOOTH = ("Add", "Cast", "Div", "Identity", "Mul", "Neg", "Pow", "Sub")

Floats = NDArray[np.float64]


def restore(graph: onnx.GraphProto, weights: dict[str, Value], first: str = "half precision") -> list[str]:
    """Replace what is known in ``weights``; a note where there was any. ``first``: the type that the file has."""
    restored: dict[str, list[str]] = {}
    order = sorted(UNITS, key=lambda kind: kind != first)
    for name in sorted(_inside_activations(graph) & weights.keys()):
        value = weights[name]
        for kind in order if value.dtype.kind == "f" and value.size == 1 else ():
            constant = _unrounded(float(value.reshape(-1)[0]), kind)
            if constant is not None:
                weights[name] = np.full(value.shape, constant, np.float32)
                restored.setdefault(kind, []).append("constants of the activation")
                break
    for kind in order:
        tables = _restore_tables(weights, kind)
        restored.setdefault(kind, []).extend(["tables of cosines and sines"] * bool(tables))
    kinds = [kind for kind, values in restored.items() if values]
    corrected = sorted({subject for kind in kinds for subject in restored[kind]})
    return [NOTE.format(kinds=" and ".join(kinds), what=", ".join(corrected))] if kinds else []


def round_to(value: Floats, kind: str) -> Floats:
    """The nearest number of the type, ties to even, as float64."""
    if kind == "half precision":
        with np.errstate(over="ignore"):
            return np.asarray(value, np.float64).astype(np.float16).astype(np.float64)
    words = np.asarray(value, np.float32).view(np.uint32).astype(np.uint64)
    words = (words + 0x7FFF + ((words >> np.uint64(16)) & np.uint64(1))) >> np.uint64(16) << np.uint64(16)
    return words.astype(np.uint32).view(np.float32).astype(np.float64)


def _unrounded(value: float, kind: str) -> float | None:
    """The known number that rounds to ``value``, if it is not that number itself."""
    for constant in _CONSTANTS:
        if abs(value) != np.float32(constant) and float(round_to(np.array([constant]), kind)[0]) == abs(value):
            return math.copysign(constant, value)
    return None


def _inside_activations(graph: onnx.GraphProto) -> set[str]:
    """Names that an Erf, Tanh or Sigmoid is computed from elementwise."""
    makers = {out: node for node in graph.node for out in node.output if out}
    stack = [name for node in graph.node if node.op_type in _BENDS for name in node.input]
    names: set[str] = set()
    while stack:
        name = stack.pop()
        if name not in names:
            names.add(name)
            if name in makers and makers[name].op_type in _SMOOTH:
                stack.extend(makers[name].input)
    return names


# ---------------------------------------------------------------------------------------------------
# Tables.


def _restore_tables(weights: dict[str, Value], kind: str) -> list[str]:
    sides: dict[str, dict[str, Floats]] = {"cos": {}, "sin": {}, "both": {}}
    for name, value in weights.items():
        column_side = _table(value, kind)
        if column_side is not None:
            sides[column_side[0]][name] = column_side[1]
    names: list[str] = []
    for name, table in sides["both"].items():
        first = table[0] != 0
        exact = _fit(table[:, first], table[:, ~first], kind)
        if exact is not None:
            exact_table = np.empty_like(table)
            exact_table[:, first], exact_table[:, ~first] = exact
            _store(weights, name, exact_table)
            names.append(name)
    for cos_name, cos in sides["cos"].items():
        for sin_name, sin in sides["sin"].items():
            exact = _fit(cos, sin, kind) if cos.shape == sin.shape and sin_name not in names else None
            if exact is not None:
                for name, side in zip((cos_name, sin_name), exact, strict=True):
                    _store(weights, name, side)
                    names.append(name)
                break
    return names


def _store(weights: dict[str, Value], name: str, table: Floats) -> None:
    """[N, K] in the form that the stored table has."""
    value = weights[name]
    turned = table if _row_axis(value) == 0 else table.T
    weights[name] = np.ascontiguousarray(turned.reshape(value.shape), np.float32)


def _row_axis(value: Value) -> int | None:
    """The axis of np.squeeze(value) along which the positions run: at 0 all cosines are equal and all sines are 0."""
    flat = np.squeeze(value)
    for axis in range(2 if flat.ndim == 2 else 1):
        if flat.size // flat.shape[axis] > MOST_ANGLES:
            continue
        row = np.take(flat, 0, axis).ravel()
        if flat.shape[axis] >= FEWEST and len(set(np.unique(row).tolist()) - {0.0}) <= 1:
            return axis
    return None


def _table(value: Value, kind: str) -> tuple[str, Floats] | None:
    """(side, [N, K]) of a table of rounded cosines, sines, or both."""
    if value.dtype.kind != "f" or np.squeeze(value).ndim not in (2, 3) or value.size < 2 * FEWEST:
        return None
    axis = _row_axis(value)
    if axis is None:
        return None
    flat = np.squeeze(value)
    table = np.asarray(flat.reshape(len(flat), -1) if axis == 0 else flat.T, np.float64)
    if not np.abs(table).max() <= LARGEST or len(np.unique(table[:, :64])) < FEWEST:
        return None
    if not np.array_equal(round_to(table, kind), table):
        return None
    first = table[0] != 0
    if first.all() or not first.any():
        return ("cos" if first.all() else "sin"), table
    return ("both", table) if 2 * int(first.sum()) == len(first) else None


def _fit(cos: Floats, sin: Floats, kind: str) -> tuple[Floats, Floats] | None:
    """The tables before their rounding, if that is what they are."""
    unit, rows = UNITS[kind], np.arange(len(cos))
    size = float(np.sqrt((cos**2 + sin**2).mean()))
    size = 1.0 if abs(size - 1) <= unit else size
    slope = angles(cos / size, sin / size)
    phase = np.arctan2(sin, cos) - np.outer(rows, slope)
    phase -= 2 * np.pi * np.round(phase / (2 * np.pi))
    slope = slope + rows @ phase / float(rows @ rows)
    for angle, share in ((_power_law(slope), 1.0), (slope, READ)):
        if angle is not None:
            turn = np.outer(rows, angle)
            exact = size * np.cos(turn), size * np.sin(turn)
            worst = max(float(np.abs(a - b).max()) for a, b in zip(exact, (cos, sin), strict=True))
            if worst <= share * unit * size + table_tolerance(len(cos)):
                return exact
    return None


def _power_law(slope: Floats) -> Floats | None:
    """theta ** (-i / n) next to the angles read, with theta a number of few digits; None if they are none."""
    order = np.unique(np.round(np.abs(slope), 12))[::-1]
    groups = [float(order[0])]
    for before, after in pairwise(order):
        if after < before * (1 - 1e-3):
            groups.append(float(after))
    if len(groups) < 2 or groups[-1] <= 0:
        return None
    count = len(groups)
    step = np.arange(1, count)
    weight = np.square(groups[1:])  # a faster angle is read to more digits
    log = -float((weight * step * np.log(groups[1:])).sum() / (weight * step * step).sum()) * count
    theta = math.exp(min(log, 60.0))
    digits = 10.0 ** max(math.floor(math.log10(theta)) - 1, 0) if theta >= 1 else 1.0
    law = (round(theta / digits) * digits or 1.0) ** -(np.arange(count) / count)
    nearest = np.abs(np.abs(slope)[:, None] - law).argmin(1)
    return np.asarray(np.sign(slope) * law[nearest], np.float64)
