# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""position: bank, blocks and span of every position of a context, cleared at any of them."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools

# banks, blocks, walks, spacing, slack
CASES = [(12, 5, 8, 4, 0), (3, 9, 1, 6, 0), (1, 20, 4, 3, 7), (5, 4, 2, 6, 11)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("banks", "blocks", "walks", "spacing", "slack"), CASES)
def test_contexts(
    draw: np.random.Generator, banks: int, blocks: int, walks: int, spacing: int, slack: int, idle: str
) -> None:
    count = 20 * banks * blocks
    asked = active(idle, count, 1)
    clear, following, position = (np.zeros(count, np.int64) for _ in range(3))
    clear[0], at, ends = 1, 0, banks * blocks
    for n in range(1, count):
        position[n] = at
        if at == ends - 1 or draw.random() < 0.005:
            clear[n], following[n], at = 1, draw.integers(2), 0  # a clear overrules
        elif asked[n]:
            following[n], at = 1, at + 1
    bench = Bench("position", Banks=banks, Blocks=blocks, Walks=walks, Spacing=spacing, Slack=slack)
    wave = bench.run(clear_i=clear, next_i=following)
    known = slice(1, None)
    np.testing.assert_array_equal(wave["bank_o"][known], position[known] % banks)
    np.testing.assert_array_equal(wave["blocks_o"][known], position[known] // banks + 1)
    used = position // banks + 1
    span = np.maximum((walks - 1) * np.maximum(used, spacing) + 2 * (used - 1) - slack, 0)
    late = 1 if slack else 0  # long before it is asked for
    np.testing.assert_array_equal(wave["span_o"][1 + late :], span[1 : count - late])
    assert position.max() == ends - 1 or idle == "mostly"
