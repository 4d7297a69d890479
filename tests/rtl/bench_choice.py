# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Structs of the checked-in choice_pkg, for benches."""

from __future__ import annotations

from hardwire.driver.guide_tables import ROW_BITS, GuideTables
from hardwire.ops.choice import EXTENDED
from hardwire.plan.choice import BEST, CHOICE, DRAWN, GUIDE, GUIDE_DEFAULT, choice_values
from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import Struct

MOST = EXTENDED
VALUES = choice_values(complete(defaults()), MOST, GUIDE_DEFAULT)
BEST_BITS = BEST.bits(VALUES)


def packed(struct: Struct, **fields: int) -> int:
    """A struct as a port takes it; what is not given is 0."""
    places = struct.places(VALUES)
    return sum((value & (1 << places[name].bits) - 1) << places[name].low for name, value in fields.items())


def guide_words(guide: GuideTables) -> list[int]:
    """``guide_t`` cycle by cycle: the classes and the table of an automaton, and its first state."""
    return [
        *(
            packed(GUIDE, puts_class=1, place=place, token_class=kind)
            for place, kind in enumerate(guide.classes.tolist())
        ),
        *(
            packed(GUIDE, puts_entry=1, place=place, token_class=word >> ROW_BITS, row=word & (1 << ROW_BITS) - 1)
            for place, word in enumerate(guide.table.tolist())
        ),
        packed(GUIDE, puts_state=1, row=guide.start),
    ]


def unpacked(struct: Struct, word: int) -> dict[str, int]:
    """Its fields, with their signs."""
    found = {}
    for name, place in struct.places(VALUES).items():
        value = word >> place.low & (1 << place.bits) - 1
        found[name] = value - (1 << place.bits) if place.signed and value >> place.bits - 1 else value
    return found


__all__ = ["BEST", "BEST_BITS", "CHOICE", "DRAWN", "GUIDE", "MOST", "VALUES", "guide_words", "packed", "unpacked"]
