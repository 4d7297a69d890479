# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""threefry: the reference's blocks, one each cycle; and the published answers' keys of all zeros and all ones."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.ops.sampler import threefry

pytestmark = pytest.mark.tools

LATE = 13


@pytest.mark.parametrize("key", [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x13198A2E, 0x03707344)])
def test_a_block_a_cycle(draw: np.random.Generator, key: tuple[int, int]) -> None:
    counter = draw.integers(0, 1 << 32, (2000, 2))
    counter[:3] = (0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x243F6A88, 0x85A308D3)
    wanted = threefry(np.array(key, np.uint64), counter.astype(np.uint64)).astype(np.int64)
    wave = Bench("threefry").run(key_i=np.tile(key, (2000, 1)), count_i=counter)
    equal(wave.unsigned("word_o", 2), wanted, late=LATE)
