# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""trace_fold: a word for each row and its place, four cycles later, as hardwire.trace computes it."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal, row_words

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("lanes", "width", "place_bits"), [(8, 16, 8), (1, 5, 3), (7, 9, 12), (33, 4, 6)])
def test_a_row_a_cycle(draw: np.random.Generator, lanes: int, width: int, place_bits: int) -> None:
    x = draw.integers(-(1 << width - 1), 1 << width - 1, (2000, lanes))
    x[0], x[1] = -(1 << width - 1), (1 << width - 1) - 1
    place = draw.integers(0, 1 << place_bits, 2000)
    place[:2] = 0, (1 << place_bits) - 1
    bench = Bench("trace_fold", Lanes=lanes, Width=width, PlaceW=place_bits)
    equal(bench.run(value_i=x if lanes > 1 else x[:, 0], place_i=place)["word_o"], row_words(x, place), late=4)
