# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The memory for an automaton that a stream of a chip has, behind its registers: what it holds, and what goes into it.

An automaton is written once for all requests under it. Whether it is still there says the chip: its tag is a number of
this program's, drawn anew for each automaton, which whoever writes another, or switches the chip off, clears.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..host.registers import GUIDE_WINDOW, GUIDES, field
from ..host.sampling import Guide
from .automaton import Automaton
from .guide_tables import GuideTables, GuideTooLarge, tables

NO_ROOM = "this chip has no memory for an automaton"
NO_AUTOMATON = "the guide is no automaton"
GOES_ON = "it may end with a token that does not end the request"


class GuideMemory:
    """``read``, ``write``: of registers of the stream, by their names; ``store``: words of one of its windows."""

    def __init__(
        self,
        read: Callable[[str], int],
        write: Callable[[str, int], None],
        store: Callable[[str, NDArray[np.uint32]], None],
    ) -> None:
        self._read, self._write, self._store = read, write, store
        self._holds: tuple[bytes, int] | None = None  # digest and tag of what this program wrote last
        self.written = 0  # words, since it was made

    @cached_property
    def room(self) -> tuple[int, int]:
        """Entries of its table, and bits of a class; 0 and 0 where there is none."""
        if not GUIDES.of(self._read("features")):
            return 0, 0
        word = self._read("guide_room")
        return field("guide_room", "words").of(word), field("guide_room", "class_bits").of(word)

    def fitting(self, guide: Guide, stops: Sequence[int]) -> GuideTables | str:
        """A guide as it is written, for a request with these stop tokens; or why the host has to give its masks."""
        words, class_bits = self.room
        if not words:
            return NO_ROOM
        return fitting(guide, stops, words, class_bits)

    def begin(self, guide: GuideTables) -> None:
        """Hold a guide, and be at its beginning. Only while no request runs."""
        if self._holds is None or self._holds != (guide.digest, self._read("guide_tag")):
            self._load(guide)
        self._write("guide_state", guide.start)

    def forget(self) -> None:
        """What it holds is not known: it is written anew by the next that begins."""
        self._holds = None

    def _load(self, guide: GuideTables) -> None:
        self.forget()
        classes = field("guide_page", "classes").mask
        for of, words in ((classes, guide.classes), (0, guide.table)):
            for page, first in enumerate(range(0, len(words), GUIDE_WINDOW.words)):
                self._write("guide_page", of | page)
                self._store("guide", words[first : first + GUIDE_WINDOW.words])
            self.written += len(words)
        tag = secrets.randbelow(0xFFFFFFFF) + 1
        self._write("guide_tag", tag)
        self._holds = guide.digest, tag


def fitting(guide: Guide, stops: Sequence[int], words: int, class_bits: int) -> GuideTables | str:
    """A guide as a chip with so many words takes it, or why it does not."""
    if not isinstance(guide, Automaton):
        return NO_AUTOMATON
    if not set(guide.ends) <= set(stops):  # then no state is behind it
        return GOES_ON
    try:
        return tables(guide, words, class_bits)
    except GuideTooLarge as error:
        return str(error)
