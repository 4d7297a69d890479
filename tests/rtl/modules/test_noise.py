# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""noise: Gumbel noise of every id, from one start to the next; an id that is not there yet stops the simulation."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops import sampler

pytestmark = pytest.mark.tools

LATE = 16
ROM = {"gumbel.hex": hex_lines((sampler.gumbel_table()[:, None], 16))}


@pytest.mark.parametrize(("rows", "vocab"), [(8, 37), (2, 9), (4, 4), (6, 300)])
def test_tokens(draw: np.random.Generator, rows: int, vocab: int) -> None:
    words = -(-vocab // rows)
    blocks = words * rows // 2
    bench = Bench("noise", Rows=rows, Vocab=vocab, roms=ROM)
    bench.reset()
    for token in range(12):
        seed, position = int(draw.integers(1 << 62)) * 3 + 1, int(draw.integers(1 << 32))
        if token % 4 == 1:  # one that is not waited for
            bench.run(1, start_i=1, seed_i=5, position_i=9)
            bench.run(int(draw.integers(1, blocks + LATE)), start_i=0)
        bench.run(1, start_i=1, seed_i=seed, position_i=position)
        bench.run(blocks + LATE, start_i=0)
        wave = bench.run(re_i=np.ones(words, int), addr_i=np.arange(words))
        bench.set(re_i=0)
        wanted = sampler.gumbel_table()[sampler.noise_index(sampler.uniforms(seed, position, words * rows))]
        np.testing.assert_array_equal(wave.signed("noise_o", rows), wanted.reshape(words, rows))


def test_a_word_can_be_read_as_soon_as_it_is_written() -> None:
    """Two ids a cycle: word n is there n + 1 times its pairs behind the first."""
    rows, words = 4, 5
    for early in (False, True):
        bench = Bench("noise", Rows=rows, Vocab=rows * words, roms=ROM)
        bench.reset()
        bench.run(1, start_i=1)
        bench.run(LATE + 2 * 3 - early, start_i=0)
        if early:
            with pytest.raises(Stopped, match="word 2 is read before it is written"):
                bench.run(1, re_i=1, addr_i=2)
        else:
            bench.run(1, re_i=1, addr_i=2)
