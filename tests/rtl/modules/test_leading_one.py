# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""leading_one: every word of small widths; of wide ones each place of the highest one, with anything below it."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.ops.fixed import magnitude_bits

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 11])
def test_every_word(width: int) -> None:
    value = np.arange(1 << width)
    wave = Bench("leading_one", Width=width).run(value_i=value)
    equal(wave["any_o"], (value > 0).astype(int))
    equal(wave["index_o"], np.maximum(magnitude_bits(value) - 1, 0))


@pytest.mark.parametrize("width", [15, 31, 40])
def test_every_place(draw: np.random.Generator, width: int) -> None:
    place = np.tile(np.arange(width), 200)
    value = 1 << place | draw.integers(0, 1 << place)
    wave = Bench("leading_one", Width=width).run(value_i=value)
    equal(wave["any_o"], np.ones_like(value))
    equal(wave["index_o"], place)
