# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Structs of the checked-in choice_pkg, for benches."""

from __future__ import annotations

from hardwire.ops.choice import EXTENDED
from hardwire.plan.choice import BEST, CHOICE, DRAWN, choice_values
from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import Struct

MOST = EXTENDED
VALUES = choice_values(complete(defaults()), MOST)
BEST_BITS = BEST.bits(VALUES)


def packed(struct: Struct, **fields: int) -> int:
    """A struct as a port takes it; what is not given is 0."""
    places = struct.places(VALUES)
    return sum((value & (1 << places[name].bits) - 1) << places[name].low for name, value in fields.items())


def unpacked(struct: Struct, word: int) -> dict[str, int]:
    """Its fields, with their signs."""
    found = {}
    for name, place in struct.places(VALUES).items():
        value = word >> place.low & (1 << place.bits) - 1
        found[name] = value - (1 << place.bits) if place.signed and value >> place.bits - 1 else value
    return found


__all__ = ["BEST", "BEST_BITS", "CHOICE", "DRAWN", "MOST", "VALUES", "packed", "unpacked"]
