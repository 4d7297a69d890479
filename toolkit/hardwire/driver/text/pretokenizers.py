# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Pre-tokenizers: how normalised text is cut into the pieces that the model spells one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .letters import to_letters
from .patterns import Pattern
from .steps import Json, Kind, build, check, flat, pattern_of, refuse
from .unicode import is_numeric, is_punctuation, is_space, is_word

Pieces = list[tuple[str, bool]]  # text, and whether it starts the whole text
Step = Callable[[Pieces], Pieces]
Cuts = Callable[[str], Iterable[tuple[int, int]]]  # where a text's separators start and end

BEHAVIORS = ("Isolated", "Removed", "MergedWithNext", "MergedWithPrevious", "Contiguous")
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_CUTTERS = {
    "Whitespace", "WhitespaceSplit", "BertPreTokenizer", "Digits", "Punctuation", "Split", "CharDelimiterSplit",
    "FixedLength",
}  # fmt: skip


def _single_characters(is_separator: Callable[[str], bool]) -> Cuts:
    """Every character of a kind by itself."""

    def cuts(text: str) -> Iterator[tuple[int, int]]:
        separators = {char for char in set(text) if is_separator(char)}
        return ((at, at + 1) for at, char in enumerate(text) if char in separators)

    return cuts


def _literal(literal: str) -> Cuts:
    def cuts(text: str) -> Iterator[tuple[int, int]]:
        at = text.find(literal)
        while at >= 0:
            yield at, at + len(literal)
            at = text.find(literal, at + len(literal))

    return cuts


def _cutter(cuts: Cuts, behavior: str, invert: bool = False) -> Step:
    """Cut pieces where separators are; ``behavior`` says where a separator itself goes."""

    def run(pieces: Pieces) -> Pieces:
        cut_pieces: Pieces = []
        for text, first in pieces:
            parts: list[tuple[str, bool]] = []  # text, is a separator
            at = 0
            for start, stop in cuts(text):
                if start > at:
                    parts.append((text[at:start], invert))
                parts.append((text[start:stop], not invert))
                at = stop
            if at < len(text):
                parts.append((text[at:], invert))
            starts = first and not (parts and parts[0][1] and behavior == "Removed")
            for index, piece in enumerate(_join(parts, behavior)):
                cut_pieces.append((piece, starts and index == 0))
        return cut_pieces

    return run


def _join(parts: list[tuple[str, bool]], behavior: str) -> list[str]:
    if behavior == "Isolated":
        return [text for text, _ in parts]
    if behavior == "Removed":
        return [text for text, separator in parts if not separator]
    result: list[str] = []
    glue = False  # the piece before wants to be continued
    before: bool | None = None
    for text, separator in parts:
        if behavior == "Contiguous":
            glue = separator == before
        elif behavior == "MergedWithNext":
            glue = before is True and not separator
        else:
            glue = before is False and separator
        if glue:
            result[-1] += text
        else:
            result.append(text)
        before = separator
    return result


# ---------------------------------------------------------------------------------------------------
# The kinds.


def _behavior(part: Json, default: str | None = None) -> str:
    behavior = part.get("behavior", default)
    check(str(part["type"]), {"behavior": behavior}, behavior=BEHAVIORS)
    return str(behavior)


def _whitespace(part: Json) -> Step:
    """Runs of word characters and runs of others, without the spaces."""

    def kind(char: str) -> str:
        return "space" if is_space(char) else "word" if is_word(char) else "other"

    def runs(text: str) -> Iterator[tuple[int, int]]:
        kinds, start = {char: kind(char) for char in set(text)}, 0
        for at in range(1, len(text) + 1):
            if at == len(text) or kinds[text[at]] != kinds[text[start]]:
                if kinds[text[start]] != "space":
                    yield start, at
                start = at

    return _cutter(runs, "Removed", invert=True)


def _bert(part: Json) -> Step:
    spaces = _cutter(_single_characters(is_space), "Removed")
    marks = _cutter(_single_characters(is_punctuation), "Isolated")
    return lambda pieces: marks(spaces(pieces))


def _digits(part: Json) -> Step:
    return _cutter(_single_characters(is_numeric), "Isolated" if part.get("individual_digits") else "Contiguous")


def _split(part: Json) -> Step:
    kind, text = pattern_of("Split", part, empty=True)
    if text == "":
        check("Split of nothing", part, invert=(None, False))
        return _lengths(1)
    cuts = _literal(text) if kind == "String" else Pattern(text).cut
    return _cutter(cuts, _behavior(part), bool(part.get("invert")))


def _lengths(length: int) -> Step:
    """Pieces of so many characters."""
    if length < 1:
        raise refuse("FixedLength with length", length)

    def starts(text: str) -> Iterator[tuple[int, int]]:
        return ((at, min(at + length, len(text))) for at in range(0, len(text), length))

    return _cutter(starts, "Isolated")


def _delimiter(part: Json) -> Step:
    return _cutter(_literal(str(part["delimiter"])), "Removed")


def _metaspace(part: Json) -> Step:
    mark, scheme = str(part["replacement"]), part.get("prepend_scheme", "always")
    if part.get("add_prefix_space") is False:
        scheme = "never"  # as files of before say it
    check("Metaspace", {"prepend_scheme": scheme}, prepend_scheme=("first", "always", "never"))
    if len(mark) != 1:
        raise refuse("Metaspace with replacement", mark)
    cut = _cutter(_literal(mark), "MergedWithNext") if part.get("split", True) else None

    def run(pieces: Pieces) -> Pieces:
        marked: Pieces = []
        for text, first in pieces:
            text = text.replace(" ", mark)
            if text and not text.startswith(mark) and (scheme == "always" or (scheme == "first" and first)):
                text = mark + text
            marked.append((text, first))
        return cut(marked) if cut is not None else marked

    return run


def _byte_level(part: Json) -> Step:
    prefix = part.get("add_prefix_space", True)
    cut = _cutter(Pattern(_GPT2).cut, "Isolated") if part.get("use_regex", True) else None

    def run(pieces: Pieces) -> Pieces:
        if prefix:
            pieces = [(" " + text if text and not text.startswith(" ") else text, first) for text, first in pieces]
        if cut is not None:
            pieces = cut(pieces)
        return [(to_letters(text), first) for text, first in pieces]

    return run


PRE_TOKENIZERS: dict[str, Kind[Step]] = {
    "Whitespace": Kind(_whitespace),
    "WhitespaceSplit": Kind(lambda part: _cutter(_single_characters(is_space), "Removed")),
    "BertPreTokenizer": Kind(_bert),
    "Digits": Kind(_digits, ("individual_digits",)),
    "Punctuation": Kind(
        lambda part: _cutter(_single_characters(is_punctuation), _behavior(part, "Isolated")), ("behavior",)
    ),
    "Split": Kind(_split, ("pattern", "behavior", "invert")),
    "CharDelimiterSplit": Kind(_delimiter, ("delimiter",)),
    "FixedLength": Kind(lambda part: _lengths(int(part["length"])), ("length",)),
    "Metaspace": Kind(_metaspace, ("replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep")),
    "ByteLevel": Kind(_byte_level, ("add_prefix_space", "trim_offsets", "use_regex")),
}


def pre_tokenizer(part: Json | None, moved: bool, normalized: bool) -> Step:
    """All of a ``tokenizer.json``'s pre-tokenizers. Raises TokenizerError.

    ``normalized``: there is a normalizer; ``moved``: or tokens cut after it, or one that may take the first character.
    A Metaspace that marks the first piece only must know which piece that is.
    """
    parts = flat(part, "pretokenizers")
    for index, item in enumerate(parts):
        before = {part_before["type"] for part_before in parts[:index]}
        if item["type"] == "Metaspace" and item.get("prepend_scheme") == "first":
            if moved or before - _CUTTERS or (before and normalized):
                raise refuse("behind such a normalizer or pre-tokenizer, Metaspace with prepend_scheme", "first")
    steps = [build("pre-tokenizer", PRE_TOKENIZERS, item) for item in parts]

    def run(pieces: Pieces) -> Pieces:
        for step in steps:
            pieces = step(pieces)
        return pieces

    return run
