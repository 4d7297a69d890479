# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""embedding: a token's row and its position's, word after word, with the multiplier of each."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools

# rows, bits, vocabulary, words, positions
CASES = [(8, 8, 20, 3, 0), (4, 5, 9, 1, 0), (4, 6, 7, 1, 5), (2, 8, 11, 4, 6)]


@pytest.mark.parametrize(("rows", "bits", "vocab", "words", "positions"), CASES)
def test_tokens(draw: np.random.Generator, rows: int, bits: int, vocab: int, words: int, positions: int) -> None:
    entries = vocab + positions
    table = draw.integers(-(1 << bits - 1), 1 << bits - 1, (entries, words, rows))
    multiplier = draw.integers(0, 1 << 17, entries)
    roms = {
        "embedding.hex": hex_lines((table.reshape(-1, rows), bits)),
        "embedding_multiplier.hex": hex_lines((multiplier[:, None], 17)),
    }
    bench = Bench("embedding", Rows=rows, Bits=bits, Vocab=vocab, Words=words, Positions=positions, roms=roms)
    bench.reset(2)
    reads = words * (2 if positions else 1)
    for n in range(60):
        token, position = int(draw.integers(vocab)), int(draw.integers(max(positions, 1)))
        wait = int(draw.integers(4)) if n % 3 else 0
        span = reads + wait
        garbage = int(draw.integers(1, vocab))
        ids = np.r_[(token + garbage) % vocab, np.full(span + 1, token)]  # the id comes a cycle behind the start
        start = np.r_[1, np.zeros(span + 1, int)]
        wave = bench.run(start_i=start, id_i=ids, position_i=position)
        assert wave["read_o"].tolist() == [1] * reads + [0] * (wait + 2)
        wanted = [table[token]] + ([table[vocab + position]] if positions else [])
        np.testing.assert_array_equal(wave.signed("row_o", rows)[2 : 2 + reads], np.concatenate(wanted))
        factors = [multiplier[token]] * words + ([multiplier[vocab + position]] * words if positions else [])
        assert wave["multiplier_o"][2 : 2 + reads].tolist() == factors


def test_a_start_right_behind_the_last_read(draw: np.random.Generator) -> None:
    table = draw.integers(-8, 8, (5, 2, 2))
    roms = {
        "embedding.hex": hex_lines((table.reshape(-1, 2), 4)),
        "embedding_multiplier.hex": hex_lines((np.arange(5)[:, None], 17)),
    }
    bench = Bench("embedding", Rows=2, Bits=4, Vocab=5, Words=2, roms=roms)
    bench.reset(2)
    tokens = draw.integers(0, 5, 40)
    start = np.r_[np.tile([1, 0], 40), 0, 0]
    ids = np.r_[0, np.repeat(tokens, 2), 0]
    wave = bench.run(start_i=start, id_i=ids)
    np.testing.assert_array_equal(wave.signed("row_o", 2)[2:], table[tokens].reshape(-1, 2))
