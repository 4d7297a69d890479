# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""times: every value times constants, modulo the width of the result."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("factor", [0, 1, 5, 21, 85, 341])
@pytest.mark.parametrize(("in_bits", "out_bits"), [(8, 20), (12, 9)])
def test_every_value(factor: int, in_bits: int, out_bits: int) -> None:
    x = np.arange(-(1 << in_bits - 1), 1 << in_bits - 1)
    half = 1 << out_bits - 1
    wave = Bench("times", InW=in_bits, OutW=out_bits, Factor=factor, flags=["-Wno-UNUSEDSIGNAL"]).run(x_i=x)
    equal(wave.signed("y_o"), (x * factor + half) % (2 * half) - half)
