# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_seen: marks of the last tokens of a context, made and taken away, also behind a reset."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

pytestmark = pytest.mark.tools

VOCAB, CONTEXT = 37, 12


class Seen:
    def __init__(self) -> None:
        self.bench = Bench("choice_seen", Vocab=VOCAB, Context=CONTEXT)
        self.reset()

    def reset(self) -> None:
        self.bench.reset(16)
        self.wait()

    def wait(self) -> int:
        self.bench.settle()
        cycles = 0
        while self.bench.get("busy_o"):
            self.bench.run(1)
            self.bench.settle()
            cycles += 1
        return cycles

    def feed(self, tokens: np.ndarray, first: int = 0) -> None:
        self.bench.run(we_i=np.ones(len(tokens), int), place_i=np.arange(first, first + len(tokens)), id_i=tokens)
        self.bench.set(we_i=0)

    def walk(self, mark: int, count: int, window: int) -> int:
        self.bench.run(1, start_i=1, mark_i=mark, count_i=count, window_i=window)
        self.bench.set(start_i=0)
        return 1 + self.wait()

    def marks(self) -> list[int]:
        wave = self.bench.run(rid_i=np.r_[np.arange(VOCAB), 0])
        return np.flatnonzero(wave["seen_o"][1:]).tolist()


def test_marks_are_those_of_the_window(draw: np.random.Generator) -> None:
    seen = Seen()
    assert seen.marks() == []
    tokens = draw.integers(0, VOCAB, CONTEXT)
    seen.feed(tokens)
    for count in range(1, CONTEXT + 1):
        for window in (0, 1, 3, CONTEXT):
            last = tokens[:count][-window:] if window else tokens[:count]
            assert seen.walk(1, count, window) == len(last) + 2
            assert seen.marks() == sorted(set(last.tolist()))
            seen.walk(0, count, window)
            assert seen.marks() == []


def test_a_new_context_writes_over_the_old(draw: np.random.Generator) -> None:
    seen = Seen()
    seen.feed(draw.integers(0, VOCAB, CONTEXT))
    seen.feed(np.array([5, 6]))
    seen.walk(1, 2, 0)
    assert seen.marks() == [5, 6]


def test_a_reset_takes_marks_away(draw: np.random.Generator) -> None:
    seen = Seen()
    seen.feed(draw.integers(0, VOCAB, CONTEXT))
    for cut in range(1, 9):
        seen.bench.run(1, start_i=1, mark_i=1, count_i=CONTEXT, window_i=0)
        seen.bench.run(cut, start_i=0)
        seen.reset()
        assert seen.marks() == []
