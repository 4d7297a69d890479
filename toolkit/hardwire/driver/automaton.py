# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What an answer must be, as an automaton over tokens: a guide for requests. numpy and the standard library alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import PromptError
from ..host.sampling import Mask


class Automaton:
    """States and the tokens that lead from one to another. ``edges``: of every state, token to next state.

    In a state of ``finals`` the answer may end: then tokens of ``ends`` are allowed too, and behind one of them nothing
    is. They lead nowhere else, whatever the edges say. A state from which no final one can be reached is never entered,
    so an answer can always come to its end, if context and budget last. ``first``: tokens that no answer begins with.
    States and tokens may come from a file of JSON, whose keys are text. Raises PromptError where no answer is possible,
    and for tokens that the vocabulary does not have.
    """

    def __init__(
        self,
        vocab: int,
        start: int,
        finals: Collection[int],
        edges: Mapping[int, Mapping[int, int]],
        ends: Collection[int] = (),
        first: Collection[int] = (),
    ) -> None:
        self.vocab, self.ends, self.first = vocab, _tokens(ends, vocab), _tokens(first, vocab)
        self.start, self.finals = int(start), frozenset(_numbers(finals))
        inner = _without(self.ends, edges, vocab)
        live = _that_reach(self.finals, inner)
        if self.start not in live:
            raise PromptError("no answer is possible: no tokens of this model spell what the guide asks for")
        self.edges = {
            state: {token: after for token, after in inner.get(state, {}).items() if after in live} for state in live
        }
        self._masks: dict[int, NDArray[np.uint8]] = {}  # eight tokens a byte
        if self.start not in self.finals and not self.begin().allowed().any():
            raise PromptError("no answer is possible: every token that the guide begins with stands inside a text")

    def begin(self) -> AutomatonWalk:
        return AutomatonWalk(self)

    def allowed(self, state: int) -> Mask:
        """Tokens [V] that may follow in a state."""
        if state not in self._masks:
            mask = np.zeros(self.vocab, np.bool_)
            mask[list(self.edges[state])] = True
            mask[list(self.ends)] = state in self.finals
            self._masks[state] = np.packbits(mask)
        return np.unpackbits(self._masks[state], count=self.vocab).view(np.bool_)

    def accepts(self, tokens: Collection[int]) -> bool:
        """Whether these tokens are a whole answer, without a token of ``ends``."""
        state = self.start
        for place, token in enumerate(tokens):
            if token not in self.edges[state] or (place == 0 and token in self.first):
                return False
            state = self.edges[state][token]
        return state in self.finals


class AutomatonWalk:
    """Where an answer is."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton, self._state, self._begun, self._ended = automaton, automaton.start, False, False

    def allowed(self) -> Mask:
        if self._ended:
            return np.zeros(self._automaton.vocab, np.bool_)
        mask = self._automaton.allowed(self._state)
        if not self._begun:
            mask[list(self._automaton.first)] = False
        return mask

    def take(self, token: int) -> None:
        """Raises PromptError for a token that is not allowed here: who drew it did not look at the mask."""
        automaton = self._automaton
        ends = token in automaton.ends and self.whole  # a request that this token does not end
        after = self._state if ends else automaton.edges[self._state].get(token)
        if after is None or self._ended or (not self._begun and token in automaton.first):
            raise PromptError(f"token {token} is not one that the guide allows here")
        self._state, self._begun, self._ended = after, True, ends

    @property
    def whole(self) -> bool:
        """Whether the answer may end here."""
        return self._state in self._automaton.finals


def _numbers(given: Iterable[int | str]) -> tuple[int, ...]:
    try:
        return tuple(map(int, given))
    except (TypeError, ValueError) as error:
        raise PromptError(f"a guide's states and tokens are whole numbers: {error}; compile it anew") from None


def _tokens(given: Iterable[int | str], vocab: int) -> tuple[int, ...]:
    """Raises PromptError for what is no token of a vocabulary of so many."""
    tokens = _numbers(given)
    if tokens and not (0 <= min(tokens) and max(tokens) < vocab):
        odd = next(token for token in tokens if not 0 <= token < vocab)
        raise PromptError(f"the guide names token {odd}, of {vocab} that there are; compile it for this tokenizer")
    return tokens


def _without(ends: Collection[int], edges: Mapping[int, Mapping[int, int]], vocab: int) -> dict[int, dict[int, int]]:
    """The edges but for tokens that end an answer."""
    inner = {}
    for state, row in zip(_numbers(edges), edges.values(), strict=True):
        inner[state] = dict(zip(_tokens(row, vocab), _numbers(row.values()), strict=True))
        for end in ends:
            inner[state].pop(end, None)
    return inner


def _that_reach(finals: Collection[int], edges: Mapping[int, Mapping[int, int]]) -> set[int]:
    """States from which a final one can be reached, those included."""
    before: dict[int, set[int]] = {}
    for state, after in edges.items():
        for reached in after.values():
            before.setdefault(reached, set()).add(state)
    live, look = set(finals), list(finals)
    while look:
        new = before.get(look.pop(), set()) - live
        live |= new
        look += new
    return live
