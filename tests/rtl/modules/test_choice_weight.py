# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_weight: every distance of two widths, fine and coarse, a value a cycle."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.emit.rtl.choice import octave_lines
from hardwire.ops.choice import weight, weight_table

pytestmark = pytest.mark.tools

LATE = 4


@pytest.mark.parametrize(("width", "fraction"), [(12, 6), (14, 10)])
def test_all_distances(width: int, fraction: int) -> None:
    bench = Bench("choice_weight", Width=width, Fraction=fraction, roms={"octave.hex": octave_lines()})
    distance = np.arange(1 << width)
    for fine in (0, 1):
        wave = bench.run(fine_i=fine, distance_i=distance)
        equal(wave["weight_o"], weight(distance, 10 if fine else fraction, weight_table()), late=LATE)


def test_fine_and_coarse_by_turns(draw: np.random.Generator) -> None:
    bench = Bench("choice_weight", Width=20, Fraction=12, roms={"octave.hex": octave_lines()})
    distance, fine = draw.integers(0, 1 << 20, 4000) >> draw.integers(0, 20, 4000), draw.integers(0, 2, 4000)
    wave = bench.run(fine_i=fine, distance_i=distance)
    coarse = weight(distance, 12, weight_table())
    equal(wave["weight_o"], np.where(fine, weight(distance, 10, weight_table()), coarse), late=LATE)
