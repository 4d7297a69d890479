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


def test_of_a_draft_at_the_next_position_and_of_one_that_is_dropped(draw: np.random.Generator) -> None:
    """Its owner's position may change meanwhile; behind a drop there is nothing to wait for."""
    rows, words = 4, 5
    blocks, owners = words * rows // 2, (7, 1 << 40)
    bench = Bench("noise", Rows=rows, Vocab=rows * words, Streams=2, Guesses=1, roms=ROM)
    bench.reset()
    bench.set(seed_i=owners[0] | owners[1] << 64)
    for token in range(8):
        place, at, draft = token % 2, [int(p) for p in draw.integers(1 << 31, size=2)], token // 2 % 2
        if token % 3 == 2:  # dropped, and the right one comes at once
            bench.run(1, start_i=1, stream_i=1 - place, owner_i=0, draft_i=1, position_i=0)
            bench.run(int(draw.integers(1, blocks)), start_i=0, draft_i=0)
            assert not bench.get("free_o")
            bench.run(1, drop_i=1 << place)
            bench.settle()
            assert not bench.get("free_o"), "another pass's"
            bench.run(1, drop_i=1 << 1 - place)
            bench.set(drop_i=0)
            bench.settle()
            assert bench.get("free_o")
        position = at[0] | at[1] << 32
        bench.run(1, start_i=1, stream_i=place, owner_i=1 - place, draft_i=draft, position_i=position)
        bench.run(blocks + LATE, start_i=0, position_i=0)
        wave = bench.run(re_i=np.ones(words, int), rstream_i=place, addr_i=np.arange(words))
        bench.set(re_i=0)
        numbers = sampler.uniforms(owners[1 - place], at[1 - place] + draft, words * rows)
        wanted = sampler.gumbel_table()[sampler.noise_index(numbers)]
        np.testing.assert_array_equal(wave.signed("noise_o", rows), wanted.reshape(words, rows))
