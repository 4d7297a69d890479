# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""trace_fold: a word for each row and its place, four cycles later, as hardwire.trace computes it."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools


def folded(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """By the module's description, one lane after the other."""
    total = np.zeros(len(values), np.int64)
    for lane in range(values.shape[1]):
        word, turn = values[:, lane] & 0xFFFFFFFF, 5 * lane % 32
        total += (word << turn | word >> (32 - turn)) & 0xFFFFFFFF
    return total % (1 << 32) * (2 * place + 1) % (1 << 32)


@pytest.mark.parametrize(("lanes", "width", "place_bits"), [(8, 16, 8), (1, 5, 3), (7, 9, 12), (33, 4, 6)])
def test_a_row_a_cycle(draw: np.random.Generator, lanes: int, width: int, place_bits: int) -> None:
    x = draw.integers(-(1 << width - 1), 1 << width - 1, (2000, lanes))
    x[0], x[1] = -(1 << width - 1), (1 << width - 1) - 1
    place = draw.integers(0, 1 << place_bits, 2000)
    place[:2] = 0, (1 << place_bits) - 1
    bench = Bench("trace_fold", Lanes=lanes, Width=width, PlaceW=place_bits)
    equal(bench.run(value_i=x if lanes > 1 else x[:, 0], place_i=place)["word_o"], folded(x, place), late=4)
