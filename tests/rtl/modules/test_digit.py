# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""digit: every activation times every digit, of each place."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal, grid

pytestmark = pytest.mark.tools

# bits, top, and what each code stands for
PLACES = [(2, 0, (-1, 0, 1, 2)), (2, 1, (0, 1, -2, -1)), (1, 1, (0, -1))]


@pytest.mark.parametrize(("bits", "top", "means"), PLACES)
@pytest.mark.parametrize("act", [1, 2, 9])
def test_every_input(bits: int, top: int, means: tuple[int, ...], act: int) -> None:
    a, code = grid(range(-(1 << act - 1), 1 << act - 1), range(1 << bits))
    wave = Bench("digit", ActW=act, Bits=bits, Top=top).run(a_i=a, digit_i=code)
    equal(wave.signed("y_o") + wave["c_o"], a * np.array(means)[code])
