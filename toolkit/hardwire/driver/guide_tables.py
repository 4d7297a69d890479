# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An automaton as a chip's memory takes it: a class for every token, and a table of transitions.

Tokens that every state takes alike share a class. A state is a place in the table, where its row begins: its transition
by class c is the entry at that place + c, modulo the table, if the entry is of class c. No two rows begin at one place,
so the class alone says whose an entry is, and rows lie in each other's gaps (Tarjan and Yao's row displacement): the
table has as many entries as there are transitions. ``rtl/choice/choice_guide.sv`` looks them up. Only numpy and the
standard library: this runs on boards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..errors import Unsupported
from .automaton import Automaton

ROW_BITS = 16  # of a table's word, below the class
SPAN = 1024  # places that are tried at once
Ints = NDArray[np.int64]


class GuideTooLarge(Unsupported):
    """An automaton that a chip has no room for: ``needed`` of ``what``, where there are ``room``."""

    def __init__(self, needed: int, what: str, room: int) -> None:
        self.needed, self.what, self.room = needed, what, room
        super().__init__(f"the guide needs {needed:,} {what}, and this chip has {room:,}; its masks are the host's")


@dataclass(frozen=True, eq=False, kw_only=True)
class GuideTables:
    """classes: of every token [V], 0 of those that no state allows. table: its words up to the last that a state can
    reach, of ``words`` that there are: an entry's class above where the row of its next state begins, or 0. start:
    where the first state's row begins. states, transitions: what was packed."""

    classes: NDArray[np.uint32]
    table: NDArray[np.uint32]
    words: int
    start: int
    states: int
    transitions: int

    @cached_property
    def digest(self) -> bytes:
        """Of all that a chip's memory is written with."""
        return hashlib.sha256(self.classes.tobytes() + self.table.tobytes()).digest()

    def step(self, state: int, token: int) -> int | None:
        """Where the row of the state behind a token begins; None for a token that is not allowed."""
        kind = int(self.classes[token])
        word = int(self.table[(state + kind) % self.words])
        return word & (1 << ROW_BITS) - 1 if kind and word >> ROW_BITS == kind else None


_KEPT: WeakKeyDictionary[Automaton, dict[tuple[int, int], GuideTables | tuple[int, str, int]]] = WeakKeyDictionary()


def tables(automaton: Automaton, words: int, class_bits: int) -> GuideTables:
    """The automaton in a table of so many words, a power of two that is no smaller than there are classes. A token that
    ends an answer leads back to its state. Packed once, and kept as long as the automaton is. Raises GuideTooLarge."""
    kept = _KEPT.setdefault(automaton, {})
    if (words, class_bits) not in kept:
        try:
            kept[words, class_bits] = _packed(automaton, words, class_bits)
        except GuideTooLarge as error:
            kept[words, class_bits] = error.needed, error.what, error.room
    found = kept[words, class_bits]
    if isinstance(found, tuple):
        raise GuideTooLarge(*found)
    return found


def _packed(automaton: Automaton, words: int, class_bits: int) -> GuideTables:
    states, tokens, nexts, start, count = _transitions(automaton)
    if count > words:
        raise GuideTooLarge(count, "states", words)
    classes, first = _classes(automaton.vocab, states, tokens, nexts)
    if int(classes.max()) >> class_bits:
        raise GuideTooLarge(int(classes.max()) + 1, "classes of tokens", 1 << class_bits)
    states, kinds, nexts = states[first], classes[tokens[first]], nexts[first]
    if len(states) > words:
        raise GuideTooLarge(len(states), "transitions", words)
    begins = _placed(states, kinds, count, words)
    table = np.zeros(words, np.uint32)
    table[(begins[states] + kinds) % words] = kinds << ROW_BITS | begins[nexts]
    reach = min(int(begins.max() + classes.max()) + 1, words)
    return GuideTables(
        classes=classes.astype(np.uint32),
        table=table[:reach],
        words=words,
        start=int(begins[start]),
        states=count,
        transitions=len(states),
    )


def _transitions(automaton: Automaton) -> tuple[Ints, Ints, Ints, int, int]:
    """State, token and next state of every transition [E], by numbers from 0; the first state's, and how many there
    are. Where tokens are barred from the beginning, the first state is one of its own."""
    number = {state: place for place, state in enumerate(automaton.edges)}
    barred = automaton.first
    rows = [*automaton.edges.items(), *([(automaton.start, automaton.edges[automaton.start])] if barred else [])]
    lengths = [len(row) for _, row in rows]
    states = np.repeat(np.arange(len(rows)), lengths)
    tokens = np.fromiter(chain.from_iterable(row for _, row in rows), np.int64, sum(lengths))
    after = chain.from_iterable(row.values() for _, row in rows)
    nexts = np.fromiter((number[state] for state in after), np.int64, sum(lengths))
    finals = np.array([place for place, (state, _) in enumerate(rows) if state in automaton.finals], np.int64)
    ends = np.unique(np.array(automaton.ends, np.int64))
    keep = ~np.isin(tokens, ends)
    states, tokens, nexts = states[keep], tokens[keep], nexts[keep]
    states = np.r_[states, at := np.repeat(finals, len(ends))]
    tokens, nexts = np.r_[tokens, np.tile(ends, len(finals))], np.r_[nexts, at]
    if not barred:
        return states, tokens, nexts, number[automaton.start], len(rows)
    keep = (states < len(rows) - 1) | ~np.isin(tokens, barred)
    return states[keep], tokens[keep], nexts[keep], len(rows) - 1, len(rows)


def _classes(vocab: int, states: Ints, tokens: Ints, nexts: Ints) -> tuple[Ints, Ints]:
    """The class [V] of every token, and which transitions are of the first token of their class."""
    order = np.lexsort((states, tokens))
    pairs, sorted_tokens = np.stack([states[order], nexts[order]], 1), tokens[order]
    begins = np.flatnonzero(np.r_[True, sorted_tokens[1:] != sorted_tokens[:-1]][: len(order)])
    classes, known = np.zeros(vocab, np.int64), dict[bytes, int]()
    first = np.zeros(len(order), np.bool_)
    for begin, end in zip(begins, np.r_[begins, len(order)][1:], strict=True):
        alike = pairs[begin:end].tobytes()
        first[begin:end] = alike not in known
        classes[sorted_tokens[begin]] = known.setdefault(alike, len(known) + 1)
    return classes, order[first]


def _placed(states: Ints, kinds: Ints, count: int, words: int) -> Ints:
    """Where each state's row begins [S]: the longest rows first, each at the first place where all of it is free."""
    order = np.argsort(states, kind="stable")
    cuts = np.searchsorted(states[order], np.arange(count + 1))
    taken, begun = np.zeros(2 * words, np.bool_), np.zeros(words, np.bool_)  # the table twice: places go around it
    begins = np.zeros(count, np.int64)
    for state in np.argsort(-np.diff(cuts), kind="stable").tolist():
        row = kinds[order[cuts[state] : cuts[state + 1]]]
        place = next(_free(taken, begun, row, words), None)
        if place is None:
            raise GuideTooLarge(len(states), f"transitions, which do not fit side by side into {words:,} words", words)
        begins[state], begun[place] = place, True
        entries = (place + row) % words
        taken[entries] = taken[entries + words] = True
    return begins


def _free(taken: NDArray[np.bool_], begun: NDArray[np.bool_], row: Ints, words: int) -> Iterator[int]:
    """Places in their order where no row begins yet and all entries of one with these classes are free."""
    for low in range(0, words, SPAN):
        high = min(low + SPAN, words)
        blocked = begun[low:high].copy()
        for kind in row.tolist():
            blocked |= taken[low + kind : high + kind]
        yield from (np.flatnonzero(~blocked) + low).tolist()
