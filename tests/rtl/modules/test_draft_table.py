# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""draft_table: every pair of tokens, or many, against the table in Python: small and large, tags of all sizes."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.emit.rtl.roms import draft_lines
from hardwire.plan.drafts import NONE, DraftTable, bigram_words

pytestmark = pytest.mark.tools

LATE = 4
COUNT = 20_000


@pytest.mark.parametrize(
    ("vocab", "entries"), [(3, 16), (40, 64), (37, 4096), (512, 1024), (512, 16), (5000, 256), (5000, 32768)]
)
def test_guesses(draw: np.random.Generator, vocab: int, entries: int) -> None:
    h = DraftTable(vocab, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(entries, np.int64)).hash
    table = DraftTable(
        vocab,
        np.where(draw.random(bigram_words(vocab)) < 0.7, draw.integers(0, vocab, bigram_words(vocab)), NONE),
        draw.integers(0, 1 << h.tag, entries),
        np.where(draw.random(entries) < 0.9, draw.integers(0, vocab, entries), NONE),
    )
    pairs = np.arange(vocab * vocab) if vocab * vocab < COUNT else draw.integers(0, vocab * vocab, COUNT)
    older, newer = np.divmod(np.tile(draw.permutation(pairs), 9 if vocab < 9 else 1), vocab)
    half = slice(0, len(pairs) // 2)  # of these the tag fits
    table.tags[table.hash.index_of(older[half], newer[half])] = table.hash.tag_of(older[half], newer[half])
    lines = draft_lines(table)
    bench = Bench("draft_table", Vocab=vocab, Entries=entries, Bigrams=bigram_words(vocab), roms=lines)
    wave = bench.run(older_i=older, newer_i=newer)
    wanted = table.lookups(older, newer)
    equal(wave["some_o"], (wanted != NONE).astype(np.int64), LATE)
    equal(wave["guess_o"], wanted, LATE, where=wanted != NONE)
