# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""freshness: stops the simulation at the first read of a word not written since the last clear, and only then."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped

pytestmark = pytest.mark.tools

# depth in slices, those that hold something, slices of a word
CASES = [(8, 8, 1), (1, 1, 1), (12, 10, 3), (6, 6, 2), (7, 5, 1)]


@pytest.mark.parametrize(("depth", "real", "slices"), CASES)
def test_the_first_stale_read_stops(draw: np.random.Generator, depth: int, real: int, slices: int) -> None:
    stops = 0
    for _ in range(60):
        bench = Bench("freshness", Depth=depth, Real=real, Slices=slices)
        bench.run(1, clear_i=1)
        bench.set(clear_i=0)
        fresh: set[int] = set()
        for _ in range(60):
            clear, we, re = int(draw.random() < 0.02), int(draw.random() < 0.8), int(draw.random() < 0.2)
            write, read = int(draw.integers(depth)), int(draw.integers(depth // slices))
            stale = re and any(s < real and s not in fresh for s in range(read * slices, (read + 1) * slices))
            bench.set(clear_i=clear, we_i=we, waddr_i=write, re_i=re, raddr_i=read)
            bench.settle()
            if stale:
                with pytest.raises(Stopped, match=f"word {read} is read before it is written"):
                    bench.tick()
                stops += 1
                break
            bench.tick()
            fresh = (set() if clear else fresh) | ({write} if we else set())
    assert stops
