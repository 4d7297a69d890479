# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""uram_loader: a stream of 32-bit words to weight words, pair after pair, and round again."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Literal
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools

# width, words of each depth, depths in URAM
CASES = [(64, (3, 2), 2), (33, (1, 1, 2, 3, 9), 4), (20, (2, 1), 2), (96, (4, 4, 1, 2, 2, 1), 6)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("width", "words", "uram"), CASES)
def test_all_words(draw: np.random.Generator, width: int, words: tuple[int, ...], uram: int, idle: str) -> None:
    parts = -(-width // 32)
    places = [(p, a) for p in range(0, uram, 2) for a in range(words[p] + words[p + 1])] * 2  # and a second time
    data = draw.integers(0, 1 << 32, (len(places), parts))
    at = np.r_[active(idle, 30 * data.size, 4), False, False]
    at[np.flatnonzero(at)[data.size :]] = False
    stream = draw.integers(0, 1 << 32, len(at))
    stream[at] = data.reshape(-1)
    bench = Bench("uram_loader", Width=width, Depth=len(words), Uram=uram, Words=Literal.of(words, 16))
    bench.reset()
    wave = bench.run(valid_i=at.astype(int), data_i=stream)
    found = []
    for n in np.flatnonzero(wave["load_o"]):
        word = int.from_bytes(wave.samples["word_o"][n].tobytes(), "little")
        found.append((n, int(wave["load_o"][n]), int(wave["addr_o"][n]), word))
    ends = np.flatnonzero(at)[parts - 1 :: parts] + 1
    mask = (1 << width) - 1
    wanted = [
        (end, 1 << p, a, sum(int(v) << 32 * i for i, v in enumerate(row)) & mask)
        for end, (p, a), row in zip(ends, places, data, strict=True)
    ]
    assert found == wanted
