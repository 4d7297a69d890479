# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""sampler: the best id so far after every word of logits, greedy and noisy, with ties and pauses."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import PAUSES, active, spread

pytestmark = pytest.mark.tools

LATE = 4
# rows, vocabulary, bits
CASES = [(8, 37, 22), (2, 9, 17), (4, 4, 16), (6, 50, 18), (12, 100, 16)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("rows", "vocab", "width"), CASES)
def test_tokens(draw: np.random.Generator, rows: int, vocab: int, width: int, idle: str) -> None:
    words = -(-vocab // rows)
    addr_bits = max((words - 1).bit_length(), 1)
    bench = Bench("sampler", Rows=rows, Vocab=vocab, Width=width)
    for token in range(24):
        noisy = token % 2
        value = draw.integers(-(1 << width - 1), 1 << width - 1, words * rows) >> draw.integers(0, width)
        if token < 8:
            value = draw.integers(-1, 2, words * rows)
        noise = draw.integers(-(1 << 15), 1 << 15, words * rows) >> draw.integers(0, 16)
        order = np.arange(words * rows)
        exists = order < vocab
        at = np.r_[active(idle, 30 * words, token), np.zeros(LATE + 1, bool)]
        at[np.flatnonzero(at)[words:]] = False
        items = {
            "addr_i": np.arange(words),
            "first_i": (np.arange(words) == 0).astype(int),
            "mask_i": exists.reshape(words, rows) @ (1 << np.arange(rows)),
            "value_i": value.reshape(words, rows),
            "noise_i": noise.reshape(words, rows),
        }
        bits = {
            "addr_i": addr_bits,
            "first_i": 1,
            "mask_i": rows,
            "value_i": width,
            "noise_i": 16,
        }
        wave = bench.run(valid_i=at.astype(int), noisy_i=noisy, **spread(items, at, bits, seed=token))
        whole = value + noisy * noise
        for word, n in enumerate(np.flatnonzero(at)):
            seen = order[exists & (order < (word + 1) * rows)]
            assert wave["id_o"][n + LATE] == seen[np.argmax(whole[seen])], f"token {token}, word {word}"
