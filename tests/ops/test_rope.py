# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from hardwire.decoder import Rope, rope_tables
from hardwire.decoder import rotate as float_rotate
from hardwire.ops import rope


@pytest.mark.parametrize("rotary", [8, 4, 0])
def test_rotation_is_the_float_one_rounded_once(rotary: int, draw: np.random.Generator) -> None:
    spec = Rope(10000.0 ** (-np.arange(0, rotary, 2) / max(rotary, 1)))
    x = draw.integers(-2000, 2000, (1, 2, 30, 8))
    cos, sin = rope.angle_tables(*rope_tables(spec, 30))
    want = float_rotate(x.astype(np.float32), spec) / 2**rope.FRACTION
    got = rope.rotate(x, cos, sin, 9)
    # Half a unit of rounding, and the tables' half unit on two products.
    assert np.abs(got - want).max() <= 0.5 + 2 * 2000 * 2.0**-15 / 2**rope.FRACTION + 1e-3


def test_output_saturates() -> None:
    cos, sin = rope.angle_tables(np.ones((1, 1)), np.zeros((1, 1)))
    x = np.array([[-(2**15), 2**15 - 1]])
    assert rope.rotate(x, cos, sin, 8).tolist() == [[-128, 127]]
