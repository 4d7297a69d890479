# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Added tokens, which are cut out of the text before the pre-tokenizer sees it, and what is put around the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .steps import Json, Kind, build, flat, refuse
from .unicode import is_space, is_word

_OPTIONS = {"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"}


@dataclass(frozen=True)
class _Token:
    index: int
    single_word: bool
    left: bool  # takes the spaces in front of it
    right: bool


class _Finder:
    """Tokens by what they look like in the text; of those that start at one place, the longest."""

    def __init__(self, tokens: dict[str, _Token]) -> None:
        self._tokens = tokens
        names = sorted(tokens, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names))) if names else None

    def cut(self, text: str) -> Iterator[tuple[int, str, int | None]]:
        """(start, text, None) and (start, token, id), in order."""
        at = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            start, stop = match.span()
            token = self._tokens[match[0]]
            if token.single_word and (
                (start > 0 and is_word(text[start - 1])) or (stop < len(text) and is_word(text[stop]))
            ):
                continue
            while token.left and start > at and is_space(text[start - 1]):
                start -= 1
            while token.right and stop < len(text) and is_space(text[stop]):
                stop += 1
            if start > at:
                yield at, text[at:start], None
            yield start, match[0], token.index
            at = stop
        if at < len(text):
            yield at, text[at:], None


class AddedTokens:
    """``tokens``: of a ``tokenizer.json``. ``normalize``: what happens to the text, and to tokens found behind it.

    ``tokens``: by id, as they are looked for and decoded; ``special``, those that are left out of decoded text;
    ``late``, whether some are looked for in the normalised text.
    """

    def __init__(self, tokens: list[Json], normalize: Callable[[str], str]) -> None:
        self.tokens: dict[int, str] = {}
        self.special: set[int] = set()
        early: dict[str, _Token] = {}
        late: dict[str, _Token] = {}
        for part in tokens:
            content, index = str(part["content"]), int(part["id"])
            for name, value in part.items():
                if name not in _OPTIONS and value is not None:
                    raise refuse(f"the added token {content!r} with {name}", value)
            flags = (bool(part.get(name)) for name in ("single_word", "lstrip", "rstrip"))
            token = _Token(index, *flags)
            shape = normalize(content) if part.get("normalized") else content
            if not shape or shape in early or shape in late:
                raise refuse("an added token that is empty, or there twice,", content)
            (late if part.get("normalized") else early)[shape] = token
            self.tokens[index] = shape
            if part.get("special"):
                self.special.add(index)
        self.late = bool(late)
        self._normalize = normalize
        self._early, self._late = _Finder(early), _Finder(late)

    def cut(self, text: str) -> Iterator[tuple[str, bool, int | None]]:
        """(normalised text, whether it starts the whole text, None) and (token, .., id), in order."""
        for start, piece, index in self._early.cut(text):
            if index is not None:
                yield piece, False, index
                continue
            for inner, plain, late in self._late.cut(self._normalize(piece)):
                yield plain, start == 0 and inner == 0, late


# ---------------------------------------------------------------------------------------------------
# Post-processors.

Sides = tuple[list[int], list[int]]  # ids in front of and behind the text


def _template(part: Json) -> Sides:
    sides: Sides = [], []
    side = 0
    for item in part["single"]:
        if "Sequence" in item:
            if item["Sequence"]["id"] != "A":
                raise refuse("a template of one text with the text", item["Sequence"]["id"])
            side += 1
        else:
            sides[min(side, 1)].extend(part["special_tokens"][item["SpecialToken"]["id"]]["ids"])
    if side != 1:
        raise refuse("a template whose number of texts is", side)
    return sides


def _around(part: Json) -> Sides:
    return [int(part["cls"][1])], [int(part["sep"][1])]


_OFFSETS = ("add_prefix_space", "trim_offsets", "use_regex")  # of character offsets, which nobody asks for here
POST_PROCESSORS: dict[str, Kind[Sides]] = {
    "TemplateProcessing": Kind(_template, ("single", "pair", "special_tokens")),
    "ByteLevel": Kind(lambda part: ([], []), _OFFSETS),
    "BertProcessing": Kind(_around, ("cls", "sep")),
    "RobertaProcessing": Kind(_around, ("cls", "sep", *_OFFSETS)),
}


def template(part: Json | None) -> Sides:
    """Ids in front of and behind the text. Raises TokenizerError."""
    sides_of_parts = [build("post-processor", POST_PROCESSORS, item) for item in flat(part, "processors")]
    filled = [sides for sides in sides_of_parts if sides != ([], [])]
    if len(filled) > 1:
        raise refuse("more than one post-processor that adds tokens:", len(filled))
    return filled[0] if filled else ([], [])
