# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""delay_reset: a flag some cycles later, unless a reset came between."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("cycles", [1, 2, 5, 12])
def test_a_reset_forgets_flags_on_their_way(draw: np.random.Generator, cycles: int) -> None:
    count = 4000
    d, rst = (draw.random(count) < 0.5).astype(int), (draw.random(count) < 0.03).astype(int)
    rst[0] = 1
    got = Bench("delay_reset", Cycles=cycles).run(d_i=d, rst_i=rst)["d_o"]
    alive = np.array([not rst[n - cycles : n].any() for n in range(cycles, count)])
    wanted = np.zeros(count, np.int64)
    wanted[cycles:] = d[: count - cycles] * alive
    equal(got, wanted, where=np.arange(count) > 0)
    assert wanted.any() and (d[: count - cycles] > wanted[cycles:]).any()
