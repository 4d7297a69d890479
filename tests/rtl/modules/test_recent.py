# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""recent: every position of every block, for every begin of a window."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal, grid

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("banks", "blocks"), [(12, 5), (1, 7), (4, 4), (5, 1)])
def test_every_window(banks: int, blocks: int) -> None:
    block, from_block, from_bank = grid(range(blocks + 1), range(blocks), range(banks))
    order = np.argsort(np.arange(len(block)) * 7919 % len(block))
    block, from_block, from_bank = block[order], from_block[order], from_bank[order]
    bench = Bench("recent", Banks=banks, Blocks=blocks, Windowed=1)
    held = (np.roll(a, 1) for a in (from_block, from_bank))  # they are held; here, with the answer
    got = bench.run(block_i=block, **dict(zip(("from_block_i", "from_bank_i"), held, strict=True)))
    position = block[:, None] * banks + np.arange(banks)
    seen = position >= (from_block * banks + from_bank)[:, None]
    equal(got.unsigned("seen_o", banks).reshape(-1, banks), seen.astype(int), late=1)


def test_without_windows_all_are_seen() -> None:
    block, from_block = grid(range(8), range(7))
    got = Bench("recent", Banks=6, Blocks=7).run(block_i=block, from_block_i=from_block, from_bank_i=3)
    assert (got["seen_o"] == 63).all()
