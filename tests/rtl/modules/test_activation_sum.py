# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""activation_sum: passes of random lengths, with steps of zeros between them; read while the next pass runs."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools

# columns, activation bits, accumulator bits, offset, stages
CASES = [(8, 9, 20, 1, 2), (3, 4, 9, 5, 2), (1, 5, 12, 0, 1), (16, 8, 14, 21, 1), (4, 9, 20, 1, 3)]


@pytest.mark.parametrize(("columns", "act", "acc", "offset", "stages"), CASES)
def test_sums_of_passes(draw: np.random.Generator, columns: int, act: int, acc: int, offset: int, stages: int) -> None:
    cycles = 3000
    x = draw.integers(-(1 << act - 1), 1 << act - 1, (cycles, columns))
    first, read, wanted = (np.zeros(cycles, np.int64) for _ in range(3))
    begins = np.cumsum(draw.integers(2, 30, cycles // 30))
    x[: begins[6]] = -(1 << act - 1)  # as low as they come
    for begin, following in zip(begins[:-1], begins[1:], strict=True):
        length = int(draw.integers(1, following - begin + 1))
        length = following - begin if draw.random() < 0.3 else length  # no idle slot before the next
        first[begin] = 1
        x[begin + 2 + length : following + 2] = 0  # a slot without a step adds nothing
        at = begin + length + 1 + stages  # the last activation is in the sum
        read[at] = 1
        wanted[at:] = offset * x[begin + 2 : begin + 2 + length].sum()
    bench = Bench("activation_sum", Columns=columns, ActW=act, AccW=acc, Offset=offset, Stages=stages)
    wave = bench.run(first_i=first, act_i=x if columns > 1 else x[:, 0], read_i=read)
    half = 1 << acc - 1
    equal(wave.signed("total_o"), (wanted + half) % (2 * half) - half, where=np.cumsum(read) > 0)
