# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip with room for more positions than it has: what is in an engine whose context is longer than the chip's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .model import Chip

_Int = TypeVar("_Int", bound=np.integer[Any])


def with_positions(chip: Chip, context: int) -> Chip:
    """The chip in ``context`` positions, no fewer than its own. Tables are zero where it has none; who uses the first
    ones alone finds no difference."""
    s, more = chip.shape, context - chip.shape.context
    tables = {
        name: _padded(chip.tables[name].reshape(chip.wiring.rope_sets, s.context, -1), more) for name in ("cos", "sin")
    }
    flat = {name: table.reshape(chip.wiring.rope_sets * context, -1) for name, table in tables.items()}
    matrices = dict(chip.matrices)
    if position := matrices.get("position"):
        matrices["position"] = replace(
            position, weight=_padded(position.weight, more), multiplier=_padded(position.multiplier, more)
        )
    return replace(chip, shape=replace(s, context=context), tables={**chip.tables, **flat}, matrices=matrices)


def _padded(table: NDArray[_Int], more: int) -> NDArray[_Int]:
    """A table [sets, positions, ...] with zeros behind its positions."""
    return np.pad(table, [(0, 0), (0, more), *((0, 0) for _ in table.shape[2:])])
