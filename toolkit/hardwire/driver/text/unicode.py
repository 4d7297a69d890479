# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Properties of characters as the ``tokenizers`` library has them, whatever Unicode version this Python has.

A Python of 3.10 has Unicode 13. The library's parts have four versions of their own, all in ``tables``; only the
composition of characters that all of them know is left to ``unicodedata``.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import cache
from typing import Literal

from . import tables

SPACES = frozenset(
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)  # White_Space, the same in every version
SPACE_LETTERS = "".join(sorted(SPACES))


class CharacterSet:
    """Characters of a table of ranges."""

    def __init__(self, ranges: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for piece in ranges.split():
            first, _, last = piece.partition("-")
            self._starts.append(int(first, 16))
            self._ends.append(int(last or first, 16))

    def __contains__(self, char: str) -> bool:
        at = bisect_right(self._starts, ord(char)) - 1
        return at >= 0 and ord(char) <= self._ends[at]


@cache
def character_set(name: str) -> CharacterSet:
    """A table of ``tables``, read when it is first asked for."""
    return CharacterSet(getattr(tables, name))


@cache
def _runs() -> tuple[list[int], list[str]]:
    """Where each run of one category starts, and the category."""
    names = dict(zip(tables.CATEGORY_CODES, tables.CATEGORY_NAMES.split(), strict=True))
    starts, categories, at = [], [], 0
    for piece in tables.CATEGORIES.split():
        starts.append(at)
        categories.append(names[piece[0]])
        at += int(piece[1:] or 1)
    return starts, categories


def category(char: str) -> str:
    """The general category, two letters."""
    starts, names = _runs()
    return names[bisect_right(starts, ord(char)) - 1]


def _lettered(char: str) -> bool:
    name = category(char)
    return name[0] in "LM" or name in ("Nd", "Nl", "Pc")


def is_word(char: str) -> bool:
    r"""``\w`` of the pre-tokenizer Whitespace and of tokens that are single words."""
    return _lettered(char) or char in character_set("WORD_MORE")


def is_pattern_word(char: str) -> bool:
    r"""``\w`` of patterns."""
    return _lettered(char) or char in character_set("PATTERN_WORD_MORE")


def is_class_word(char: str) -> bool:
    r"""``\w`` in a class of a pattern, which is another for superscripts and fractions of Latin-1."""
    return _lettered(char) or char in character_set("CLASS_WORD_MORE")


def is_space(char: str) -> bool:
    """Whether Unicode's White_Space has it."""
    return char in SPACES


def is_numeric(char: str) -> bool:
    """Whether it writes a number, in any script."""
    return char in character_set("NUMERIC")


def is_punctuation(char: str) -> bool:
    """Whether it is punctuation, as tokenizers have it."""
    return char in character_set("PUNCTUATION")


@cache
def _lower() -> dict[int, str]:
    table = {ord(char): small for char, small in tables.LONGER_LOWER.items()}
    for piece in tables.LOWER.split():
        first, last, step, shift = _split_run(piece)
        table.update({code: chr(code + shift) for code in range(first, last + 1, step)})
    return table


def _split_run(piece: str) -> tuple[int, int, int, int]:
    span, _, way = piece.partition("/")
    first, _, last = span.partition("-")
    at = max(way.find("+"), way.find("-"))
    return int(first, 16), int(last, 16), int(way[:at]), int(way[at:])


def lower(text: str) -> str:
    """Each character by itself: no final sigma."""
    return text.lower() if text.isascii() else text.translate(_lower())


Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def normal_form(form: Form, text: str) -> str:
    """NFC, NFD, NFKC or NFKD, with characters that the library's older tables do not know left as they are.

    Such a character neither moves nor joins another, so what lies between two of them is normalised by itself.
    """
    if text.isascii():
        return text
    composing = character_set("COMPOSING")
    pieces, pending = [], ""
    for char in text:
        if char in composing:
            pending += char
            continue
        if pending:
            pieces.append(unicodedata.normalize(form, pending))
            pending = ""
        pieces.append(char)
    return "".join(pieces) + (unicodedata.normalize(form, pending) if pending else "")
