# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Soft cap: cap * tanh(x / cap), by a table of 512 segments with a line through each (Gemma Team, 2024)."""

from __future__ import annotations

import numpy as np

from .fixed import Ints, limits, round_shift

CAP_BITS = 16  # of both sides
SEGMENT_BITS = 7  # a segment is 128 values wide
CAP_ENTRIES = (1 << (CAP_BITS - SEGMENT_BITS)) + 1


def cap_table(cap: float, unit_in: float, unit_out: float) -> Ints:
    """cap * tanh(x / cap) at the ends of the segments, x from -2**15 to 2**15 times ``unit_in``; in ``unit_out``."""
    x = np.arange(-(CAP_ENTRIES // 2), CAP_ENTRIES // 2 + 1) * 2.0**SEGMENT_BITS * unit_in
    low, high = limits(CAP_BITS)
    return np.rint(cap * np.tanh(x / cap) / unit_out).clip(low, high).astype(np.int64)


def soft_cap(x: Ints, table: Ints) -> Ints:
    """The capped values of x, both of 16 bits."""
    index = (x >> SEGMENT_BITS) + CAP_ENTRIES // 2
    rest = x & ((1 << SEGMENT_BITS) - 1)
    return table[index] + round_shift((table[index + 1] - table[index]) * rest, SEGMENT_BITS)
