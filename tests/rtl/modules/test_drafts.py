# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""drafts: what is guessed when, and what becomes of it, against a model that keeps one; streams that come and go."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.roms import draft_lines
from hardwire.plan.drafts import NONE, DraftTable, bigram_words
from hardwire.plan.words import DRAFT_LATE

pytestmark = pytest.mark.tools

VOCAB, ENTRIES, CYCLES = 40, 32, 5000
BITS = 6


def table_of(draw: np.random.Generator) -> DraftTable:
    some = np.where(draw.random(bigram_words(VOCAB)) < 0.6, draw.integers(0, VOCAB, bigram_words(VOCAB)), NONE)
    return DraftTable(VOCAB, some, draw.integers(0, 128, ENTRIES), draw.integers(0, VOCAB, ENTRIES))


@pytest.mark.parametrize("streams", [2, 3, 4])
def test_a_draft_at_a_time(draw: np.random.Generator, streams: int) -> None:
    table = table_of(draw)
    bench = Bench(
        "drafts", Streams=streams, Vocab=VOCAB, Entries=ENTRIES, Bigrams=bigram_words(VOCAB), roms=draft_lines(table)
    )
    bench.reset(2)
    older, newer = [0] * streams, [0] * streams
    begun: tuple[int, int] | None = None  # whose token began last, and when
    guessed = live = into = None  # whose guess is there; whose draft, and in which pass
    draft, dropped, seen = 0, set[int](), {"kept": 0, "dropped": 0, "came": 0}
    user, was_first = 0, [0] * streams
    for cycle in range(CYCLES):
        first = [int(draw.random() < 0.1)] * streams
        if begun is not None and cycle == begun[1] + DRAFT_LATE:
            guess = table.lookup(older[begun[0]], newer[begun[0]])
            guessed = None if guess is None or was_first[begun[0]] else begun[0]
        came = draw.random() < 0.01
        idle = ((1 << streams) - 1) ^ 1 << user
        if came:
            idle ^= 1 << int(draw.choice([s for s in range(streams) if s != user]))
        wanted = int(draw.random() > 0.005) * ((1 << streams) - 1)
        start = keep = leave = 0
        if live is not None:
            keep, leave = (int(draw.random() < chance) << live for chance in (0.03, 0.02))
            leave &= ~keep
            start = keep
        elif begun is None or cycle > begun[1] + 12 and draw.random() < 0.05:
            user = int(draw.integers(streams))
            start, idle = 1 << user, ((1 << streams) - 1) ^ 1 << user
            came = False
        fetch = 0
        if guessed is not None and live is None and not start and draw.random() < 0.3:
            free = [p for p in range(streams) if p not in dropped]
            fetch = 1 << int(draw.choice(free)) if free else 0
        done = sum(1 << p for p in dropped if draw.random() < 0.1)
        bench.set(
            idle_i=idle, wanted_i=wanted, start_i=start, first_i=sum(f << s for s, f in enumerate(first)), keep_i=keep,
            leave_i=leave, fetch_i=fetch, done_i=done, older_i=sum(v << BITS * s for s, v in enumerate(older)),
            newer_i=sum(v << BITS * s for s, v in enumerate(newer)),
        )  # fmt: skip
        bench.settle()
        assert bench.get("guess_o") == (0 if guessed is None else 1 << guessed), f"cycle {cycle}"
        assert bench.get("live_o") == (0 if live is None else 1 << live)
        assert bench.get("live_in_o") == (0 if into is None else 1 << into)
        assert bench.get("dropped_o") == sum(1 << p for p in dropped)
        drops = live is not None and not keep and bool(leave or came or not wanted)
        assert bench.get("keep_o") == (1 << into if keep and into is not None else 0)
        assert bench.get("drop_o") == (1 << into if drops and into is not None else 0)
        if live is not None:
            assert bench.get("id_o") == draft
        if fetch and guessed is not None:
            draft = table.lookup(older[guessed], newer[guessed]) or 0
            assert bench.get("guess_id_o") == draft
        bench.tick()
        dropped -= {p for p in dropped if done >> p & 1}
        was_first = first
        if drops and into is not None:
            dropped.add(into)
            seen["came" if came else "dropped"] += 1
        if drops or keep:
            seen["kept"] += bool(keep)
            live = into = None
        if fetch:
            live, into, guessed = guessed, fetch.bit_length() - 1, None
        if start:
            begun, guessed = (start.bit_length() - 1, cycle), None
            older[begun[0]], newer[begun[0]] = (int(t) for t in draw.integers(0, VOCAB, 2))
    assert min(seen.values()) > 5, seen
