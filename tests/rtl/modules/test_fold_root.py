# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""fold_root: as ops.matvec folds a root; unchanged; or another's value."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import active

from hardwire.ops.matvec import fold_root

pytestmark = pytest.mark.tools

LARGEST = (1 << 17) - 1


@pytest.mark.parametrize("stages", [1, 2])
def test_a_multiplier_a_cycle(draw: np.random.Generator, stages: int) -> None:
    count = 20_000
    multiplier, root, value = (draw.integers(0, LARGEST + 1, count) >> draw.integers(0, 17, count) for _ in range(3))
    multiplier[:4], root[:4] = (0, LARGEST, LARGEST, 1), (LARGEST, LARGEST, 1, 1 << 16)
    fold, other = active("at random", count, 1), active("mostly", count, 2)
    fold[:4], other[:5] = True, False
    wave = Bench("fold_root", Stages=stages).run(
        multiplier_i=multiplier, fold_i=fold.astype(int), root_i=root, other_i=other.astype(int), other_value_i=value
    )
    folded = np.where(fold, fold_root(multiplier, root), multiplier)
    equal(wave["multiplier_o"][stages:], np.where(other[stages:], value[stages:], folded[:-stages]), late=1)
