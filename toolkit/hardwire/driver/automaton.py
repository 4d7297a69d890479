# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What an answer must be, as an automaton over tokens: a guide for requests. numpy and the standard library alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import PromptError
from ..host.sampling import Mask


class Automaton:
    """States and the tokens that lead from one to another. ``edges``: of every state, token to next state.

    In a state of ``finals`` the answer may end: then tokens of ``ends`` are allowed too. A state from which none of
    these can be reached is never entered, so an answer can always come to its end, if context and budget last.
    ``first``: tokens that no answer begins with. Raises PromptError where no answer is possible.
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
        self.vocab, self.start, self.ends, self.first = vocab, start, tuple(ends), tuple(first)
        live = _that_reach(finals, edges)
        if start not in live:
            raise PromptError("no answer is possible: no tokens of this model spell what the guide asks for")
        self.finals = frozenset(finals) & live
        self.edges = {
            state: {token: after for token, after in edges.get(state, {}).items() if after in live} for state in live
        }
        self._masks: dict[int, NDArray[np.uint8]] = {}  # eight tokens a byte
        if start not in self.finals and not self.begin().allowed().any():
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
        self._automaton, self._state, self._begun = automaton, automaton.start, False

    def allowed(self) -> Mask:
        mask = self._automaton.allowed(self._state)
        if not self._begun:
            mask[list(self._automaton.first)] = False
        return mask

    def take(self, token: int) -> None:
        """Raises PromptError for a token that is not allowed here: who drew it did not look at the mask."""
        after = self._automaton.edges[self._state].get(token)
        if after is None or (not self._begun and token in self._automaton.first):
            raise PromptError(f"token {token} is not one that the guide allows here")
        self._state, self._begun = after, True

    @property
    def whole(self) -> bool:
        """Whether the answer may end here."""
        return self._state in self._automaton.finals


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
