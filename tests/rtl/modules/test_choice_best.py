# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_best: the best of what came, in order, with pauses and ties."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_choice import BEST, BEST_BITS, MOST, packed

pytestmark = pytest.mark.tools


def test_the_best_in_order(draw: np.random.Generator) -> None:
    bench = Bench("choice_best")
    for round_ in range(6):
        bench.run(1, clear_i=1, valid_i=int(draw.integers(2)))  # a clear wins
        bench.set(clear_i=0, valid_i=0)
        came: list[tuple[int, int]] = []
        for token in range(int(draw.integers(1, 90))):
            logit = int(draw.integers(-4, 4) if round_ % 2 else draw.integers(-(1 << 15), 1 << 15))
            if draw.random() < 0.7:
                came.append((token, logit))
                bench.set(best_i=packed(BEST, id=token, logit=logit, scaled=logit * 3, noise=-token), valid_i=1)
                bench.run(1)
                bench.set(valid_i=0)
            else:
                bench.run(1)
            bench.settle()
            wanted = sorted(came, key=lambda entry: (-entry[1], entry[0]))[:MOST]
            assert bench.get("count_o") == len(wanted)
            whole = bench.get("best_o")
            for place, (one, value) in enumerate(wanted):
                entry = whole >> place * BEST_BITS & (1 << BEST_BITS) - 1
                assert entry == packed(BEST, id=one, logit=value, scaled=value * 3, noise=-one), (round_, token, place)
