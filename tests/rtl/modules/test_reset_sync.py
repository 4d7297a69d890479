# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""reset_sync: on from power-up and for so many cycles behind the last hold; nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("cycles", [1, 4, 64])
@pytest.mark.parametrize("idle", PAUSES)
def test_a_reset_lasts(cycles: int, idle: str) -> None:
    count = 1500
    hold = ~active(idle, count, 3) & (np.arange(count) % 400 > 250) & (np.arange(count) > 150)
    got = Bench("reset_sync", Cycles=cycles).run(hold_i=hold.astype(int))["rst_o"]
    # Held for ever before the first cycle; through two registers, then counted, then a register.
    held = np.r_[np.ones(2, bool), hold[:-2]]
    wanted, left = np.ones(count, np.int64), cycles
    for n in range(1, count):
        wanted[n] = left != 0
        left = cycles if held[n - 1] else max(left - 1, 0)
    equal(got, wanted)
    assert not got[150]


def test_a_short_hold_is_enough() -> None:
    bench = Bench("reset_sync", Cycles=5)
    bench.run(20, hold_i=0)
    got = bench.run(hold_i=np.r_[1, np.zeros(19, int)])["rst_o"]
    assert got.tolist() == [0] * 4 + [1] * 5 + [0] * 11
