# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The gated MLP's middle: activation of the gate, by table, times the up projection."""

from __future__ import annotations

import numpy as np

from ..decoder import Activation, activate
from ..fixed import Ints, limits, round_shift, saturate

TABLE_BITS = 16


def activation_table(kind: Activation, scale: float, bits: int) -> tuple[Ints, float]:
    """The activation at every gate value of ``bits`` bits, times ``scale`` each, index 0 the lowest.

    Returns 16-bit entries and the real value of one of their units.
    """
    low, high = limits(bits)
    values = activate(np.arange(low, high + 1) * scale, kind).astype(np.float64)
    unit = float(np.abs(values).max()) / limits(TABLE_BITS)[1]
    return np.rint(values / unit).astype(np.int64), unit


def gated(gate: Ints, up: Ints, table: Ints, shift: Ints, gate_bits: int, bits: int) -> Ints:
    """round(table[gate] * up / 2**shift), saturated to ``bits`` bits."""
    return saturate(round_shift(table[gate - limits(gate_bits)[0]] * up, shift), bits)
