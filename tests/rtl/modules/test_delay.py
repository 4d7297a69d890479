# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""delay: any value any number of cycles later, none included."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("width", [1, 9, 70])
@pytest.mark.parametrize("cycles", [0, 1, 2, 7])
def test_a_value_later(draw: np.random.Generator, width: int, cycles: int) -> None:
    lanes = 7 if width == 70 else 1
    d = draw.integers(0, 1 << width // lanes, (500, lanes) if lanes > 1 else 500)
    wave = Bench("delay", Width=width, Cycles=cycles).run(d_i=d)
    equal(wave.unsigned("d_o", lanes), d, late=cycles)
