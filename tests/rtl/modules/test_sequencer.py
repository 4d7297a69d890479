# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""sequencer: a program of every kind of word played for prompt tokens and others, with spans and without."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.roms import pack
from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import PROGRAM

pytestmark = pytest.mark.tools

SHARED = ("taken", "reads_from", "reads_until")  # what the arbiter alone reads
WIDTHS = {"WaitW": 5, "SpanW": 7, "StepW": 4, "EmitW": 3, "TakenW": 2, "InnerWait": 300}


@pytest.mark.parametrize("words", [1, 2, 9, 16])
def test_tokens(draw: np.random.Generator, words: int) -> None:
    bits = {"wait_cycles": 5, "with_span": 1, "attend": 1, "lanes": 1, "steps": 4, "emits": 3}
    column = {name: draw.integers(0, 1 << n, words) for name, n in bits.items()}
    column["source"] = draw.integers(0, 3, words)
    column |= {name: np.zeros(words, np.int64) for name in ("ends", *SHARED)}
    # The last word ends a token, and does nothing else; one before it, that attends, an inner one of a prompt, later.
    column["ends"][-1], column["attend"][-1], column["lanes"][-1] = 1, 0, 0
    if words > 2:
        column["ends"][words // 2], column["attend"][words // 2] = 1, 1
    lines = pack(PROGRAM, complete(defaults() | WIDTHS), column)
    bench = Bench("sequencer", Words=words, plan=WIDTHS, roms={"program.hex": lines})
    bench.reset()
    for _ in range(30):
        short, span = int(draw.integers(2)), int(draw.integers(1 << 7))
        seen = []  # cycle, word
        at, word = 1, 0  # the first is played a cycle behind the start
        while True:
            inner = bool(column["ends"][word] and column["attend"][word] and short)
            seen.append((at, word, inner))
            if word == words - 1:
                break
            wait = int(column["wait_cycles"][word]) + (span if column["with_span"][word] else 0)
            at, word = (at + 301, words - 1) if inner else (at + 1 + wait, word + 1)
        count = at + 1 + int(draw.integers(1, 6))
        start = np.zeros(count, np.int64)
        start[0] = 1
        wave = bench.run(start_i=start, short_i=short, span_i=span)
        flags = {name: np.zeros(count, np.int64) for name in ("lanes", "attend", "done")}
        for at, word, inner in seen:
            flags["lanes"][at], flags["done"][at] = column["lanes"][word], word == words - 1
            flags["attend"][at] = column["attend"][word] and not inner
            if flags["lanes"][at]:
                for name in ("source", "steps", "emits"):
                    assert wave[f"program_o.{name}"][at] == column[name][word], f"word {word}: {name}"
        for name, wanted in flags.items():
            np.testing.assert_array_equal(wave[f"{name}_o"], wanted, name)


def test_a_reset_ends_a_token() -> None:
    column = {name: np.zeros(4, np.int64) for name in ("with_span", "ends", "source", "steps", "emits", *SHARED)}
    column |= {"wait_cycles": np.full(4, 3), "attend": np.ones(4, int), "lanes": np.ones(4, int)}
    lines = pack(PROGRAM, complete(defaults() | WIDTHS), column)
    bench = Bench("sequencer", Words=4, plan=WIDTHS, roms={"program.hex": lines})
    bench.reset()
    bench.run(1, start_i=1)
    assert bench.run(5, start_i=0)["attend_o"].tolist() == [1, 0, 0, 0, 1]
    bench.reset()
    assert not bench.run(40)["attend_o"].any()


def test_a_word_waits_for_what_another_stream_has(draw: np.random.Generator) -> None:
    """Lanes or attention: nothing is played while they are held, and the next word's wait counts from then on."""
    words, count = 12, 400
    names = ("with_span", "ends", "source", "steps", "emits", *SHARED)
    column = {name: np.zeros(words, np.int64) for name in names}
    column["wait_cycles"], kind = draw.integers(0, 6, words), draw.integers(0, 3, words)
    column["attend"], column["lanes"], column["ends"][-1] = (kind == 1).astype(int), (kind == 2).astype(int), 1
    column["attend"][-1] = column["lanes"][-1] = 0
    lines = pack(PROGRAM, complete(defaults() | WIDTHS), column)
    bench = Bench("sequencer", Words=words, plan=WIDTHS, roms={"program.hex": lines})
    bench.reset()
    start = np.zeros(count, np.int64)
    start[0] = 1
    hold = {name: (draw.random(count) < 0.7).astype(int) for name in ("lanes", "attend")}
    wave = bench.run(start_i=start, lanes_hold_i=hold["lanes"], attend_hold_i=hold["attend"])
    wanted = {name: np.zeros(count, np.int64) for name in ("lanes", "lanes_want", "attend", "attend_want", "done")}
    at = 1
    for word in range(words):
        for name in ("lanes", "attend"):
            if column[name][word]:
                held = int(np.argmin(hold[name][at:]))
                wanted[f"{name}_want"][at : at + held + 1] = 1
                at += held
                wanted[name][at] = 1
        assert wave["place_o"][at] == word
        wanted["done"][at] = column["ends"][word]
        at += 1 + int(column["wait_cycles"][word])
    for name, flags in wanted.items():
        np.testing.assert_array_equal(wave[f"{name}_o"], flags, name)


@pytest.mark.parametrize("wait", [0, 1, 17])
def test_a_draft_waits_with_its_last_run_and_ends_when_it_is_dropped(draw: np.random.Generator, wait: int) -> None:
    """Dropped in any cycle it begins nothing more, and ends so long behind the word that would have been next."""
    words, widths = 9, WIDTHS | {"DropWait": wait}
    names = ("with_span", "ends", "source", "steps", "emits", "attend", *SHARED)
    column = {name: np.zeros(words, np.int64) for name in names}
    column["lanes"] = np.array([0, 1, 1, 0, 1, 0, 1, 1, 0])
    column["attend"], column["ends"][-1] = np.array([0, 0, 0, 1, 0, 1, 0, 0, 0]), 1
    column["wait_cycles"] = draw.integers(0, 9, words)
    due = 1 + np.concatenate([[0], np.cumsum(column["wait_cycles"] + 1)[:-1]])
    lines = pack(PROGRAM, complete(defaults() | widths), column)
    bench = Bench("sequencer", Words=words, Guesses=1, plan=widths, roms={"program.hex": lines})
    bench.reset()
    count = int(due[-1]) + 60
    start = np.zeros(count, np.int64)
    start[0] = 1
    for last in [None, *range(2, int(due[-2]) + 12)]:  # the last cycle in which it is a draft
        decided = int(due[-2]) + 5 if last is None else last
        live, dropped = (np.arange(count) <= decided).astype(int), np.zeros(count, np.int64)
        played = np.zeros(count, np.int64)
        if last is None:  # kept
            played[[int(at) for at, lanes in zip(due[:-2], column["lanes"], strict=False) if lanes]] = 1
            played[decided + 1] = 1
            done = decided + 1 + int(due[-1] - due[-2])
        else:
            behind = [int(at) for at in due[:-1] if at > last]
            done = max(behind[0] if behind else 0, last + 1) + wait + 1
            dropped[last + 1 : done + 1] = 1
            listed = zip(due[:-2], column["lanes"], strict=False)
            played[[int(at) for at, lanes in listed if lanes and at <= last]] = 1
        wave = bench.run(start_i=start, live_i=live, dropped_i=dropped)
        np.testing.assert_array_equal(wave["lanes_o"], played, f"{last}")
        assert np.flatnonzero(wave["done_o"]).tolist() == [done], f"{last}"
