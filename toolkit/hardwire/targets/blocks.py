# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""How many of a device's multipliers and block RAMs a product or a memory takes."""

from __future__ import annotations

from functools import lru_cache

from .family import Fabric

BRAM18_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))


def multipliers(f: Fabric, a: int, b: int) -> int:
    """Blocks of one signed a x b product."""
    wide, narrow = f.multiplier
    return min(-(-a // wide) * -(-b // narrow), -(-b // wide) * -(-a // narrow))


def tail_words(words: int) -> int:
    """Of a memory's words, the few by which it passes a power of two, as rtl/engine_pkg.sv counts them."""
    half = 1 << max((words - 1).bit_length() - 1, 0)
    return words - half if words > 512 and words - half <= 16 else 0


@lru_cache(maxsize=4096)
def bram18(width: int, depth: int) -> int:
    """Block RAMs of 18 Kbit that a memory takes."""
    return min(-(-width // w) * -(-depth // d) for w, d in BRAM18_SHAPES)
