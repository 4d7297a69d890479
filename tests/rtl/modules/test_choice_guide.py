# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_guide: which tokens a state allows, every one of them, and where the drawn one leads."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_choice import GUIDE, VALUES, guide_words, packed

from hardwire.driver.automaton import Automaton
from hardwire.driver.guide_tables import GuideTables, tables

pytestmark = pytest.mark.tools

VOCAB, WORDS, LATE = VALUES["Vocab"], VALUES["GuideWords"], 5


class Guided:
    def __init__(self) -> None:
        self.bench = Bench("choice_guide")
        self.bench.reset(4)

    def load(self, guide: GuideTables) -> None:
        self.bench.run(guide_i=guide_words(guide))
        self.bench.set(guide_i=0)

    def allowed(self) -> np.ndarray:
        """Of a walk over all ids, one a cycle [V]."""
        ids = np.r_[np.arange(VOCAB), np.zeros(LATE, int)]
        return self.bench.run(id_i=ids)["allowed_o"][LATE:].astype(np.bool_)

    def take(self, token: int) -> int:
        """The state behind a token."""
        self.bench.run(1, id_i=token, take_i=1)
        return int(self.bench.run(take_i=np.zeros(LATE, int), id_i=np.zeros(LATE, int))["state_o"][-1])


def random_automaton(draw: np.random.Generator, states: int, most: int, kinds: int) -> Automaton:
    """With loops, ends, and tokens that no answer begins with; tokens of a kind behave alike."""
    kind = draw.integers(0, kinds, VOCAB)
    edges: dict[int, dict[int, int]] = {}
    for state in range(states):
        chosen = {int(k): int(draw.integers(states)) for k in draw.choice(kinds, int(draw.integers(0, most)))}
        edges[state] = {t: chosen[k] for t, k in enumerate(kind.tolist()) if k in chosen}
    finals = [states - 1, *draw.integers(0, states, 2).tolist()]
    first = draw.choice(VOCAB, int(draw.integers(0, 20)), replace=False).tolist() if draw.random() < 0.5 else []
    edges[0] |= {VOCAB - 1: states - 1, VOCAB - 2: int(draw.integers(states))}
    return Automaton(VOCAB, 0, finals, edges, ends=(3,), first=sorted({*first} - {VOCAB - 1, 3}))


def test_walks_are_the_automaton_s(draw: np.random.Generator) -> None:
    """Larger and smaller ones behind each other in one memory, which keeps what was there."""
    guided, steps = Guided(), 0
    for case in range(12):
        size = [(30, 12, 80), (3, 3, 5), (60, 6, 400), (12, 40, 60)][case % 4]
        automaton = random_automaton(draw, *size)
        guide = tables(automaton, WORDS, VALUES["ClassW"])
        guided.load(guide)
        for _ in range(4):
            walk, state = automaton.begin(), guide.start
            guided.bench.run(1, guide_i=packed(GUIDE, puts_state=1, row=state))
            guided.bench.set(guide_i=0)
            for _ in range(8):
                allowed = guided.allowed()
                assert np.array_equal(allowed, walk.allowed()), case
                choices = np.setdiff1d(np.flatnonzero(allowed), automaton.ends)
                if not len(choices):
                    break
                token = int(draw.choice(choices))
                walk.take(token)
                step = guide.step(state, token)
                assert step is not None
                state, steps = step, steps + 1
                assert guided.take(token) == state
    assert steps > 100


def test_a_token_that_ends_leaves_the_state_and_one_that_is_not_allowed_too(draw: np.random.Generator) -> None:
    guided, automaton = Guided(), Automaton(VOCAB, 0, [0, 1], {0: {5: 1}, 1: {6: 0}}, ends=(3,))
    guided.load(guide := tables(automaton, WORDS, 9))
    second = guide.step(guide.start, 5)
    assert guided.take(3) == guide.start and guided.take(6) == guide.start
    assert guided.take(5) == second and guided.take(3) == second
    assert np.flatnonzero(guided.allowed()).tolist() == [3, 6]


def test_what_is_written_may_be_anything(draw: np.random.Generator) -> None:
    """Nothing beyond the memory is read: places go around it, and so do states."""
    guided = Guided()
    classes = draw.integers(0, 1 << VALUES["ClassW"], VOCAB)
    entries = draw.integers(0, 1 << VALUES["ClassW"], WORDS)
    rows = draw.integers(0, WORDS, WORDS)
    guided.bench.run(guide_i=[packed(GUIDE, puts_class=1, place=i, token_class=int(c)) for i, c in enumerate(classes)])
    told = zip(entries.tolist(), rows.tolist(), strict=True)
    guided.bench.run(
        guide_i=[
            packed(GUIDE, puts_entry=1, place=i, token_class=entry, row=row) for i, (entry, row) in enumerate(told)
        ]
    )
    for state in (WORDS - 1, *draw.integers(0, WORDS, 20).tolist()):
        guided.bench.run(1, guide_i=packed(GUIDE, puts_state=1, row=state))
        guided.bench.set(guide_i=0)
        place = (state + classes) % WORDS
        found = (classes > 0) & (entries[place] == classes)
        assert np.array_equal(guided.allowed(), found)
        token = int(draw.integers(VOCAB))
        assert guided.take(token) == (rows[place[token]] if found[token] else state)


def test_the_host_s_state_counts_also_behind_a_reset(draw: np.random.Generator) -> None:
    """One that is written while a token is on its way is not lost; a reset forgets what is on its way, and no more."""
    guided, automaton = Guided(), Automaton(VOCAB, 0, [1], {0: {5: 1}})
    guide = tables(automaton, WORDS, 9)
    for late in range(LATE):
        guided.load(guide)
        guided.bench.run(1, id_i=5, take_i=1, guide_i=0)
        later = [*[0] * late, packed(GUIDE, puts_state=1, row=7), *[0] * (LATE - late)]
        guided.bench.run(take_i=np.zeros(LATE + 1, int), guide_i=later)
        assert guided.bench.run(1)["state_o"][0] == 7, late
    guided.load(guide)
    guided.bench.run(1, id_i=5, take_i=1)
    guided.bench.set(take_i=0)
    guided.bench.reset(4)
    assert guided.bench.run(LATE + 1)["state_o"].tolist() == [guide.start] * (LATE + 1)
    assert np.flatnonzero(guided.allowed()).tolist() == [5]
