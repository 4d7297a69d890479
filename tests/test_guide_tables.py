# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Automata in a chip's memory: every state and every token of them, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hardwire.driver.automaton import Automaton
from hardwire.driver.guide_memory import GOES_ON, NO_AUTOMATON, NO_ROOM, GuideMemory, fitting
from hardwire.driver.guide_tables import GuideTables, GuideTooLarge, tables
from hardwire.errors import Unsupported
from hardwire.host.registers import address
from hardwire.proof.draws import Masks, random_guide


def random_automaton(draw: np.random.Generator, vocab: int, states: int, kinds: int) -> Automaton:
    """Every state has some kinds of tokens; loops, unreachable states and ends are among it."""
    kind = draw.integers(0, kinds, vocab)
    edges = {}
    for state in range(states):
        chosen = draw.choice(kinds, int(draw.integers(0, kinds)), replace=False)
        after = dict(zip(chosen.tolist(), draw.integers(0, states, len(chosen)).tolist(), strict=True))
        edges[state] = {token: after[k] for token, k in enumerate(kind.tolist()) if k in after}
    edges[0][vocab - 1] = states - 1
    finals = {states - 1, *draw.integers(0, states, 3).tolist()}
    first = draw.choice(vocab - 1, int(draw.integers(0, vocab // 2)), replace=False).tolist()
    return Automaton(vocab, 0, finals, edges, ends=(1, 2), first=first)


def assert_same(automaton: Automaton, guide: GuideTables) -> None:
    """From the beginning on, every state that can be reached, every token."""
    begin = automaton.begin()
    rows = [(begin.allowed(), automaton.start, guide.start)]
    seen = {}
    while rows:
        allowed, state, place = rows.pop()
        steps = [guide.step(place, token) for token in range(automaton.vocab)]
        assert [step is not None for step in steps] == allowed.tolist()
        for token in np.flatnonzero(allowed).tolist():
            after = automaton.edges[state].get(token)
            step = steps[token]
            assert step is not None
            if token in automaton.ends:
                assert step == place
            elif after is not None and after not in seen:
                seen[after] = step
                rows.append((automaton.allowed(after), after, step))
            else:
                assert after is not None and seen[after] == step


def test_every_state_and_token_is_the_automaton_s() -> None:
    draw = np.random.default_rng(3)
    for case in range(60):
        vocab = int(draw.integers(8, 300))
        automaton = random_automaton(draw, vocab, int(draw.integers(1, 30)), int(draw.integers(2, 20)))
        guide = tables(automaton, 4096, 9)
        assert_same(automaton, guide)
        assert guide.transitions <= len(guide.table) <= guide.words == 4096, case


def test_an_answer_of_no_token_has_a_table() -> None:
    guide = tables(automaton := Automaton(10, 0, [0], {0: {}}), 512, 9)
    assert_same(automaton, guide)
    assert (guide.transitions, guide.states, guide.table.tolist(), guide.classes.any()) == (0, 1, [0], False)


def test_a_full_table_goes_around_its_end() -> None:
    """Almost as many transitions as words: each entry is in its place, also of rows that pass the end."""
    ring = {state: {3 + state % 40: (state + 1) % 475} for state in range(475)}
    automaton = Automaton(50, 0, [0], ring)
    guide = tables(automaton, 512, 6)
    assert_same(automaton, guide)
    assert guide.transitions == guide.states == 475 and len(guide.table) == 512


@pytest.mark.parametrize(
    ("automaton", "words", "bits", "needed", "what"),
    [
        (Automaton(4, 0, [600], {s: {1: s + 1} for s in range(600)}), 512, 9, 601, "states"),
        (Automaton(600, 0, range(601), {0: {t: t + 1 for t in range(600)}}), 1024, 9, 601, "classes of tokens"),
        (
            Automaton(80, 0, [9], {s: {t: (s + t) % 10 for t in range(80)} for s in range(10)}),
            64,
            9,
            100,
            "transitions",
        ),
    ],
    ids=["states", "classes", "transitions"],
)
def test_what_does_not_fit_says_what_it_needs(
    automaton: Automaton, words: int, bits: int, needed: int, what: str
) -> None:
    for _ in range(2):  # the answer is kept, too
        with pytest.raises(GuideTooLarge) as found:
            tables(automaton, words, bits)
        error = found.value
        assert (error.needed, error.what, error.room) == (needed, what, 1 << bits if "classes" in what else words)
        assert (
            str(error)
            == f"the guide needs {needed:,} {what}, and this chip has {error.room:,}; its masks are the host's"
        )
        assert isinstance(error, Unsupported)


def test_rows_that_do_not_lie_side_by_side_are_too_large() -> None:
    """As many entries as the table has, of rows whose gaps fit nothing: found by trying all places."""
    rows = {state: {token: state for token in range(0, 300, 2)} | {300 + state: 3} for state in range(3)}
    automaton = Automaton(320, 0, [0, 1, 2, 3], rows | {3: {}, 0: {**rows[0], 301: 1, 302: 2}})
    with pytest.raises(GuideTooLarge, match="states|transitions"):
        tables(automaton, 4, 9)
    wide = Automaton(700, 0, [1], {0: {t: 1 for t in range(700)} | {0: 0, 1: 2}, 1: {}, 2: {9: 1}})
    assert_same(wide, tables(wide, 512, 9))


def test_one_automaton_is_packed_once() -> None:
    automaton = Automaton(10, 0, [1], {0: {5: 1}})
    assert tables(automaton, 512, 9) is tables(automaton, 512, 9)
    assert tables(automaton, 512, 9).digest == tables(Automaton(10, 0, [1], {0: {5: 1}}), 512, 9).digest
    assert tables(automaton, 512, 9).digest != tables(Automaton(10, 0, [1], {0: {6: 1}}), 512, 9).digest


def test_why_the_host_gives_masks() -> None:
    guide = random_guide(np.random.default_rng(1), 40)
    ends = Automaton(10, 0, [1], {0: {5: 1}}, ends=(3,))
    assert fitting(Masks(guide), (3,), 512, 9) == NO_AUTOMATON
    assert fitting(ends, (), 512, 9) == GOES_ON and isinstance(fitting(ends, (3, 4), 512, 9), GuideTables)
    assert str(fitting(ends, (3,), 1, 9)).startswith("the guide needs 2 states, and this chip has 1")


class Registers:
    """Of a chip with room, as GuideMemory sees them."""

    def __init__(self, words: int = 2048, vocab: int = 2000) -> None:
        self.features, self.words, self.vocab = 1 << 10 if words else 0, words, vocab
        self.power_up()

    def power_up(self) -> None:
        self.page = self.tag = self.state = 0
        self.table, self.classes = np.zeros(self.words, np.int64), np.zeros(self.vocab, np.int64)
        self.asked = list[str]()

    def read(self, name: str) -> int:
        self.asked.append(name)
        room = 9 << 24 | self.words
        return {"features": self.features, "guide_room": room, "guide_tag": self.tag}[name]

    def write(self, name: str, word: int) -> None:
        setattr(self, name.removeprefix("guide_"), word)

    def store(self, window: str, words: NDArray[np.uint32]) -> None:
        assert window == "guide" and len(words) <= 1024 and address(window)
        memory = self.classes if self.page >> 31 else self.table
        first = (self.page & 1023) * 1024
        memory[first : first + len(words)], self.tag = words, 0


def test_an_automaton_is_written_once_and_again_when_the_chip_lost_it() -> None:
    chip = Registers()
    memory = GuideMemory(chip.read, chip.write, chip.store)
    assert memory.room == (2048, 9)
    one = Automaton(2000, 0, [1], {0: {5: 1, 1999: 0}})
    two = Automaton(2000, 0, [1500], {s: {t: s + 1 for t in (3, 1400)} for s in range(1500)})

    def assert_holds(automaton: Automaton) -> None:
        guide = memory.fitting(automaton, ())
        assert isinstance(guide, GuideTables)
        memory.begin(guide)
        assert np.array_equal(chip.classes, guide.classes) and chip.state == guide.start
        assert np.array_equal(chip.table[: len(guide.table)], guide.table) and chip.tag

    assert_holds(two)
    assert_holds(one)  # a shorter one over a longer one
    written = memory.written
    for _ in range(3):
        assert_holds(one)
        assert_holds(Automaton(2000, 0, [1], {0: {5: 1, 1999: 0}}))  # another object, the same tables
    assert memory.written == written
    chip.power_up()
    assert_holds(one)
    assert memory.written > written
    chip.store("guide", np.zeros(1, np.uint32))  # another program's
    assert_holds(one)
    chip.tag = 12345
    assert_holds(one)


def test_a_chip_without_room_is_not_asked_for_it() -> None:
    chip = Registers(words=0)
    memory = GuideMemory(chip.read, chip.write, chip.store)
    assert memory.fitting(Automaton(10, 0, [1], {0: {5: 1}}), ()) == NO_ROOM and chip.asked == ["features"]
