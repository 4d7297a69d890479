# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""chain_add: every input of small widths, in both forms."""

from __future__ import annotations

import pytest
from bench import Bench, equal, grid

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("minus", [0, 1])
@pytest.mark.parametrize(("a_bits", "b_bits", "y_bits"), [(4, 4, 5), (3, 5, 6), (6, 2, 4), (5, 5, 8), (1, 1, 2)])
def test_every_input(minus: int, a_bits: int, b_bits: int, y_bits: int) -> None:
    a, b, c = grid(range(-(1 << a_bits - 1), 1 << a_bits - 1), range(-(1 << b_bits - 1), 1 << b_bits - 1), (0, 1))
    wave = Bench("chain_add", Minus=minus, AW=a_bits, BW=b_bits, YW=y_bits, flags=["-Wno-UNUSEDSIGNAL"]).run(
        a_i=a, b_i=b, c_i=c
    )
    half = 1 << y_bits - 1
    equal(wave.signed("y_o"), (a + b + c + half) % (2 * half) - half)  # a narrow sum wraps
