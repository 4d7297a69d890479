# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""host_counters: every counter through random requests, and the carry from the low half."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import active

pytestmark = pytest.mark.tools


def test_requests(draw: np.random.Generator) -> None:
    count = 4000
    latch, start, work, put = (
        active(kind, count, n).astype(int) for n, kind in enumerate(("mostly", "mostly", "in bursts", "at random"))
    )
    rst = (np.arange(count) % 1500 < 2).astype(int)
    index = draw.integers(0, 1 << 32, count)
    wave = Bench("host_counters").run(
        rst_i=rst, latch_i=latch, start_i=start, work_i=work, put_i=put, write_index_i=index
    )
    names = ("cycles_low_o", "cycles_high_o", "run_cycles_o", "produced_o", "requests_o", "start_index_o")
    low = run = produced = requests = begun = 0
    for n in range(count):
        if n > 1:
            seen = [int(wave[name][n]) for name in names]
            assert seen == [low, 0, run, produced, requests, begun], f"cycle {n}"
        if rst[n]:
            low = run = produced = requests = 0
            begun = int(index[n])
            continue
        low, run, produced = low + 1, run + int(work[n]), produced + int(put[n])
        if start[n]:
            run, produced, requests, begun = 0, 0, requests + 1, int(index[n])


def test_the_upper_half_is_that_of_the_read_of_the_lower() -> None:
    """The counter cannot be set, so its registers begin as noise: near the carry for one seed of a few thousand."""
    for seed in range(1, 60):
        bench = Bench("host_counters", seed=seed)
        low = int(bench.run(1, latch_i=1)["cycles_low_o"][0])
        high = int(bench.run(1, latch_i=0)["cycles_high_o"][0])
        wave = bench.run(50)
        assert (wave["cycles_high_o"] == high).all()
        np.testing.assert_array_equal(wave["cycles_low_o"], (low + 2 + np.arange(50)) % (1 << 32))
