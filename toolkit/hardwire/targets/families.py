# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The families that are known, by the key that a board.toml gives."""

from __future__ import annotations

from ..errors import BoardError
from . import ecp5, seven_series, ultrascale_plus
from .family import Family

FAMILIES: dict[str, Family] = {
    family.key: family for family in (seven_series.FAMILY, ultrascale_plus.FAMILY, ecp5.FAMILY)
}


def family_of(key: str) -> Family:
    """The family of that key. Raises BoardError for an unknown one."""
    if key not in FAMILIES:
        raise BoardError(f"no family {key!r}; known are {', '.join(FAMILIES)}")
    return FAMILIES[key]
