# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""activations: the residual as ops.norm shifts it, or another vector as it is; zero where no step is."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import PAUSES, active

from hardwire.ops import norm
from hardwire.ops.fixed import magnitude_bits

pytestmark = pytest.mark.tools

NORM, MIXED, HIDDEN = 0, 1, 2  # engine_pkg::source_e


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("residual", "bits", "side"), [(16, 9, 8), (12, 6, 9), (18, 5, 5)])
def test_a_vector_a_cycle(draw: np.random.Generator, residual: int, bits: int, side: int, idle: str) -> None:
    count, columns, act = 4000, 4, max(bits, side)
    x = draw.integers(-(1 << residual - 1), 1 << residual - 1, (count, columns)) >> draw.integers(
        0, residual, (count, 1)
    )
    x[:2], x[2], x[3] = 0, (1 << residual - 1) - 1, -(1 << residual - 1)
    sides = draw.integers(-(1 << side - 1), 1 << side - 1, (count, columns))
    step, source = active(idle, count, 5), draw.integers(0, 3, count)
    a, _, m = norm.shift_normalize(x, np.array([1]), bits)
    np.testing.assert_array_equal(m, magnitude_bits(x).max(1))
    wave = Bench("activations", Columns=columns, ResidualW=residual, NormW=bits, SideW=side, ActW=act).run(
        step_i=step.astype(int), source_i=source, bits_i=m, x_i=x, side_i=sides
    )
    wanted = np.where(source[:, None] == NORM, a, sides) * step[:, None]
    equal(wave.signed("act_o", columns), wanted, late=2)
