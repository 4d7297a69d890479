# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Read heads and rotary embeddings off a trace: which rows of the projection, which angles.

The tables are never trusted by name: angles come from the folded factors, are refined over all
positions, and every factor must then be what they say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..decoder import Rope
from .graph import Node, fail

_TOLERANCE = 2e-5  # float32 tables; an angle of p radians is itself off by about p * 6e-8
_NOTHING = 1e-12

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Heads:
    """What a query, key or value tensor [H, T, C] is made of."""

    rows: Ints  # [H, C] rows of the projection
    scale: float
    rope: Rope | None


def table_tolerance(positions: int) -> float:
    """How far a rotary table of so many positions may be from the cosines of float64."""
    return _TOLERANCE + positions * 2.5e-7


def read_heads(node: Node, role: str, row: Ints, token: Ints, coef: Floats) -> Heads:
    """``row``, ``token`` and ``coef`` [H, T, C, K] say, per element, which projected numbers it sums."""
    length = row.shape[1]
    live = np.abs(coef) > _NOTHING
    if bool((live & (token != np.arange(length)[None, :, None, None])).any()):
        fail(node, f"its {role} mixes tokens before the attention, which is not supported")
    own = np.take_along_axis(row[:, 0], np.abs(coef[:, 0]).argmax(-1)[..., None], -1)[..., 0]  # [H, C]
    mine = row == own[:, None, :, None]
    direct = np.where(mine, coef, 0).sum(-1)  # [H, T, C], the cosine side
    crossed = np.where(mine, 0, coef)
    sines = crossed.sum(-1)  # the sine side
    if not np.allclose(direct, direct[:1]) or not np.allclose(sines, sines[:1]):
        fail(node, f"the heads of its {role} are scaled or rotated differently, which is not supported")
    if not np.abs(sines).max() > _NOTHING:
        scale = float(direct[0, 0, 0])
        if not np.allclose(direct, scale, rtol=1e-6):  # float32 products
            fail(node, f"its {role} is scaled by factors that differ between positions or channels")
        return Heads(own, scale, None)
    partner = _partners(node, role, row, crossed, own)
    return Heads(own, *_rotation(node, role, partner, direct[0], sines[0]))


def _partners(node: Node, role: str, row: Ints, crossed: Floats, own: Ints) -> Ints:
    """For each channel the one it is rotated with, [C]; -1 for a channel that is not rotated."""
    weight = np.abs(crossed).max(1)  # [H, C, K]
    best = weight.argmax(-1)
    at = np.abs(crossed).max(-1).argmax(1)  # [H, C] the position where it shows most
    heads, channels = np.indices(own.shape)
    rows = row[heads, at, channels, best]
    if bool(((np.abs(crossed) > _NOTHING) & (row != rows[:, None, :, None])).any()):
        fail(node, f"its {role} mixes more than two channels; only rotations of pairs are supported")
    partner = np.full(own.shape, -1, np.int64)
    for head in range(len(own)):
        place = {int(r): c for c, r in enumerate(own[head])}
        for channel in np.flatnonzero(weight[head].max(-1) > _NOTHING):
            partner[head, channel] = place.get(int(rows[head, channel]), -2)
    if bool((partner != partner[0]).any()) or bool((partner == -2).any()):
        fail(node, f"its {role} is rotated with channels of another head, which is not supported")
    return np.asarray(partner[0], np.int64)


def _rotation(node: Node, role: str, partner: Ints, cosines: Floats, sines: Floats) -> tuple[float, Rope]:
    """Scale and Rope of factors ``cosines`` and ``sines``, each [T, C]."""
    length, channels = cosines.shape
    turned = int((partner >= 0).sum())
    half = turned // 2
    split = np.r_[np.arange(half) + half, np.arange(half)]
    paired = np.arange(turned) ^ 1
    interleaved = half > 1 and bool((partner[:turned] == paired).all())
    if not interleaved and not np.array_equal(partner[:turned], split):
        fail(node, f"the rotary pairs of its {role} are neither split nor interleaved: {partner.tolist()}")
    first = np.arange(0, turned, 2) if interleaved else np.arange(half)
    second = first + 1 if interleaved else first + half
    reach = float(cosines[0, 0])  # cos 0 times the scale
    scale = float(cosines[0, -1]) if turned < channels else reach
    inv_freq = angles(cosines[:, first] / reach, sines[:, second] / reach)
    turn = np.outer(np.arange(length), inv_freq)
    cos, sin = reach * np.cos(turn), reach * np.sin(turn)
    columns = ((cosines, first, cos), (cosines, second, cos), (sines, first, -sin), (sines, second, sin))
    worst = max(float(np.abs(table[:, c] - w).max()) for table, c, w in columns)
    if not worst <= abs(reach) * table_tolerance(length):
        fail(
            node,
            f"the factors of its {role} are no rotary embedding: off by {worst:.3g} from angles that "
            "grow evenly with the position",
        )
    if not np.allclose(cosines[:, turned:], scale, rtol=1e-6):  # float32 products
        fail(node, f"the channels of its {role} that are not rotated are scaled differently")
    return scale, Rope(inv_freq, interleaved, reach / scale)


def angles(cos: Floats, sin: Floats) -> Floats:
    """Radians per position of tables [T, n]: from position 1, then sharpened position by position."""
    radians = np.arctan2(sin[1], cos[1])
    position = 2
    while position < len(cos):
        measured = np.arctan2(sin[position], cos[position])
        radians = (measured + 2 * np.pi * np.round((position * radians - measured) / (2 * np.pi))) / position
        position = min(2 * position, len(cos) - 1) if position < len(cos) - 1 else len(cos)
    return np.asarray(radians, np.float64)
