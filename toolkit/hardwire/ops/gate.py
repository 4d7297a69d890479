# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The MLP's middle: activation of the gate, by table, times the up projection; or of the up projection alone."""

from __future__ import annotations

import numpy as np

from ..decoder import Activation, activate
from .fixed import Ints, limits, round_shift, saturate

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


def hidden_table(kind: Activation, scale: float, unit: float, bits: int, hidden_bits: int) -> Ints:
    """The activation at every value of ``bits`` bits, times ``scale`` each, in ``unit``: the hidden values."""
    low, high = limits(bits)
    values = activate(np.arange(low, high + 1) * scale, kind).astype(np.float64)
    return saturate(np.rint(values / unit).astype(np.int64), hidden_bits)


def activated(up: Ints, table: Ints, bits: int) -> Ints:
    """table[up], index 0 the lowest of ``bits`` bits: the middle of an MLP without a gate."""
    return table[up - limits(bits)[0]]
