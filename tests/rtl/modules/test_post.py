# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""post: every kind at random, a row a cycle: rotation, activation times up, logits over temperature."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.ops import rope
from hardwire.ops.fixed import round_shift

pytestmark = pytest.mark.tools

KINDS = 8  # engine_pkg::kind_e
UP, LOGIT = 5, 7
# rows, bits in, bits out, rotations, stages of factors and of the rounding
CASES = [(4, 16, 22, 1, 1, 2), (2, 16, 16, 1, 1, 1), (4, 18, 22, 0, 1, 2), (4, 16, 22, 1, 2, 3)]


@pytest.mark.parametrize(("rows", "row_bits", "bits", "turns", "factors", "stages"), CASES)
def test_a_row_a_cycle(
    draw: np.random.Generator, rows: int, row_bits: int, bits: int, turns: int, factors: int, stages: int
) -> None:
    count = 6000
    kind, shift = draw.integers(0, KINDS, count), draw.integers(0, 40, count)
    most = draw.integers(2, bits + 1, count)
    y = draw.integers(-(1 << row_bits - 1), 1 << row_bits - 1, (count, rows)) >> draw.integers(0, row_bits, (count, 1))
    y[:8] = -(1 << row_bits - 1)
    kind[:8] = np.arange(8)
    cos, sin = draw.integers(-(1 << 14), (1 << 14) + 1, (2, count, rows // 2))
    gate, inverse = draw.integers(-(1 << 15), 1 << 15, (count, rows)), draw.integers(0, 1 << 17, count)
    bench = Bench("post", Rows=rows, RowW=row_bits, OutW=bits, Turns=turns, FactorStages=factors, Stages=stages)
    few = [t if rows > 2 else t[:, 0] for t in (cos, sin)]
    wave = bench.run(
        kind_i=kind,
        shift_i=shift,
        max_i=(1 << most - 1) - 1,
        y_i=y,
        cos_i=few[0],
        sin_i=few[1],
        gate_i=gate,
        inverse_i=inverse,
    )
    even, odd = y[:, ::2], y[:, 1::2]
    sin = sin * turns
    turned = np.stack([even * cos - odd * sin, odd * cos + even * sin], 2).reshape(count, rows)
    own = np.where((kind == UP)[:, None], y * gate, y * inverse[:, None])
    whole = np.where(((kind == UP) | (kind == LOGIT))[:, None], own, turned)
    high = ((1 << most - 1) - 1)[:, None]
    equal(wave.signed("z_o", rows), np.clip(round_shift(whole, shift[:, None]), ~high, high), late=factors + stages)


def test_it_rotates_as_the_reference_does(draw: np.random.Generator) -> None:
    y, (cos, sin) = draw.integers(-32768, 32768, (500, 2)), draw.integers(-(1 << 14), 1 << 14, (2, 500))
    bench = Bench("post", Rows=2, RowW=16, OutW=9)
    wave = bench.run(kind_i=1, shift_i=rope.ANGLE_BITS + rope.FRACTION, max_i=255, y_i=y, cos_i=cos, sin_i=sin)
    equal(wave.signed("z_o", 2), rope.rotate(y, cos[:, None], sin[:, None], 9), late=3)
