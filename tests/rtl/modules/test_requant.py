# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""requant: every input at small widths, with every shift and maximum; wide ones at random, a new one each cycle."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal, grid

from hardwire.ops.fixed import requantize, round_shift, saturate

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("most", [2, 5, 8])
def test_every_input(stages: int, most: int) -> None:
    x, shift = grid(range(-(1 << 10), 1 << 10), range(16))
    bench = Bench("requant", InW=11, OutW=8, ShiftW=4, Stages=stages)
    wave = bench.run(x_i=x, shift_i=shift, max_i=(1 << most - 1) - 1)
    equal(wave.signed("y_o"), requantize(x, 1, shift, most), late=stages)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_many_more_bits_than_the_result_has(stages: int) -> None:
    x, shift, most = grid(range(-(1 << 13), 1 << 13), range(16), [2, 3])
    bench = Bench("requant", InW=14, OutW=3, ShiftW=4, Stages=stages)
    wave = bench.run(x_i=x, shift_i=shift, max_i=(1 << most - 1) - 1)
    rounded = round_shift(x, shift)
    equal(wave.signed("y_o"), np.clip(rounded, -(1 << most - 1), (1 << most - 1) - 1), late=stages)


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize(("in_bits", "bias_bits"), [(9, 6), (5, 8)])
def test_a_bias_is_added_before_it_saturates(stages: int, in_bits: int, bias_bits: int) -> None:
    x, shift, bias = grid(
        range(-(1 << in_bits - 1), 1 << in_bits - 1), range(8), range(-(1 << bias_bits - 1), 1 << bias_bits - 1)
    )
    bench = Bench("requant", InW=in_bits, OutW=7, ShiftW=3, BiasW=bias_bits, Stages=stages)
    wave = bench.run(x_i=x, shift_i=shift, bias_i=bias, max_i=31)
    equal(wave.signed("y_o"), saturate(round_shift(x, shift) + bias, 6), late=stages)


def test_it_widens() -> None:
    x, shift = grid(range(-32, 32), range(8))
    wave = Bench("requant", InW=6, OutW=12, ShiftW=3).run(x_i=x, shift_i=shift, max_i=2047)
    equal(wave.signed("y_o"), requantize(x, 1, shift, 12), late=2)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_wide_values_and_their_limits(draw: np.random.Generator, stages: int) -> None:
    count, bits = 50_000, 38
    x = draw.integers(-(1 << bits - 1), 1 << bits - 1, count) >> draw.integers(0, bits, count)
    x[:3] = 0, -(1 << bits - 1), (1 << bits - 1) - 1
    shift, most = draw.integers(0, 64, count), draw.integers(2, 17, count)
    wave = Bench("requant", Stages=stages).run(x_i=x, shift_i=shift, max_i=(1 << most - 1) - 1)
    rounded = round_shift(x, np.minimum(shift, bits + 1))
    equal(wave.signed("y_o"), np.clip(rounded, -(1 << most - 1), (1 << most - 1) - 1), late=stages)
