# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a ``tokenizer.json`` around its model: normalizers, pre-tokenizers and decoders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from ..errors import TokenizerError

Json = dict[str, Any]
Pieces = list[tuple[str, bool]]  # text, and whether it starts the whole text

BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # Unicode White_Space
_NEVER = "\ud800"  # in no valid text: keeps a character class from being empty
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def _byte_letters() -> list[str]:
    """GPT-2's printable stand-in for each byte."""
    keep = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(256, 512))
    return [chr(byte) if byte in keep else chr(next(spare)) for byte in range(256)]


_LETTER_OF_BYTE = _byte_letters()
BYTE_OF_LETTER = {letter: byte for byte, letter in enumerate(_LETTER_OF_BYTE)}


def refuse(what: str, part: object) -> TokenizerError:
    return TokenizerError(
        f"tokenizer: {what} {part!r} is not supported; hardwire reads BPE tokenizers of the Llama and GPT-2 kinds"
    )


def check(what: str, part: Json, **allowed: tuple[object, ...]) -> None:
    """Refuse a setting that would change the result in a way nobody wrote."""
    for name, values in allowed.items():
        if part.get(name) not in values:
            raise refuse(f"{what} with {name}", part.get(name))


# ---------------------------------------------------------------------------------------------------
# Normalizers and pre-tokenizers.


def _literal(what: str, part: Json) -> str:
    if "String" not in part["pattern"]:
        raise refuse(f"{what} of a pattern", part["pattern"])
    return str(part["pattern"]["String"])


def normalizer(part: Json | None) -> Callable[[str], str]:
    if part is None:
        return lambda text: text
    if part["type"] == "Sequence":
        steps = [normalizer(each) for each in part["normalizers"]]
        return lambda text: _chain(steps, text)
    if part["type"] == "Prepend":
        prefix = str(part["prepend"])
        return lambda text: prefix + text if text else text
    if part["type"] == "Replace":
        old, new = _literal("normalizer Replace", part), str(part["content"])
        return lambda text: text.replace(old, new)
    raise refuse("the normalizer", part["type"])


def _chain(steps: list[Callable[[Any], Any]], value: Any) -> Any:
    for step in steps:
        value = step(value)
    return value


def pre_tokenizer(part: Json | None) -> Callable[[Pieces], Pieces]:
    if part is None:
        return lambda pieces: pieces
    if part["type"] == "Sequence":
        steps = [pre_tokenizer(each) for each in part["pretokenizers"]]
        return lambda pieces: _chain(steps, pieces)
    if part["type"] == "Metaspace":
        return _metaspace(part)
    if part["type"] == "ByteLevel":
        return _byte_level(part)
    if part["type"] == "Digits":
        pattern = r"\p{N}" if part.get("individual_digits") else r"\p{N}+"
        return lambda pieces: _cut(pieces, pattern, "Isolated", False)
    if part["type"] == "Split":
        pattern = part["pattern"].get("Regex") or re.escape(_literal("Split", part))
        check("Split", part, behavior=("Isolated", "Removed", "MergedWithNext", "MergedWithPrevious"))
        _unicode(pattern, "")
        return lambda pieces: _cut(pieces, pattern, part["behavior"], bool(part.get("invert")))
    raise refuse("the pre-tokenizer", part["type"])


def _metaspace(part: Json) -> Callable[[Pieces], Pieces]:
    mark, scheme = str(part["replacement"]), part.get("prepend_scheme", "always")
    check("Metaspace", {"prepend_scheme": scheme}, prepend_scheme=("first", "always", "never"))

    def run(pieces: Pieces) -> Pieces:
        done: Pieces = []
        for text, first in pieces:
            text = text.replace(" ", mark)
            if text and not text.startswith(mark) and (scheme == "always" or (scheme == "first" and first)):
                text = mark + text
            done.append((text, first))
        return _cut(done, re.escape(mark), "MergedWithNext", False) if part.get("split", True) else done

    return run


def _byte_level(part: Json) -> Callable[[Pieces], Pieces]:
    def run(pieces: Pieces) -> Pieces:
        if part.get("add_prefix_space", True):
            pieces = [(" " + t if t and not t.startswith(" ") else t, first) for t, first in pieces]
        if part.get("use_regex", True):
            pieces = _cut(pieces, _GPT2, "Isolated", False)
        return [("".join(_LETTER_OF_BYTE[byte] for byte in text.encode()), first) for text, first in pieces]

    return run


def _cut(pieces: Pieces, pattern: str, behavior: str, invert: bool) -> Pieces:
    """Cut pieces where ``pattern`` matches; ``behavior`` says where the match itself goes."""
    done: Pieces = []
    for text, first in pieces:
        parts: list[tuple[str, bool]] = []  # text, is a separator
        at = 0
        for match in _unicode(pattern, text).finditer(text):
            parts += [(text[at : match.start()], invert), (match[0], not invert)]
            at = match.end()
        parts = [part for part in (*parts, (text[at:], invert)) if part[0]]
        for index, piece in enumerate(_join(parts, behavior)):
            done.append((piece, first and index == 0))
    return done


def _join(parts: list[tuple[str, bool]], behavior: str) -> list[str]:
    result: list[str] = []
    glue = False  # the piece before wants to be continued
    for text, separator in parts:
        if separator and behavior == "Removed":
            continue
        if behavior == "MergedWithNext" and glue and not separator:
            result[-1] += text
        elif behavior == "MergedWithPrevious" and separator and glue:
            result[-1] += text
        else:
            result.append(text)
        glue = separator if behavior == "MergedWithNext" else not separator
    return result


def _unicode(pattern: str, text: str) -> re.Pattern[str]:
    r"""``re`` knows neither \p{L} nor Unicode's \s: spell the classes with the characters of ``text``."""
    result, inside, at = "", False, 0
    letters = sorted(set(text))
    while at < len(pattern):
        token = re.compile(r"\\[pP]\{(\w+)\}|\\.|.", re.DOTALL).match(pattern, at)
        assert token is not None
        at, spelled = token.end(), token[0]
        if token[1] is not None or spelled in (r"\s", r"\S"):
            members = (
                _SPACE
                if token[1] is None
                else "".join(re.escape(c) for c in letters if unicodedata.category(c).startswith(token[1]))
            )
            negated = spelled[1] in "PS"
            if negated and inside:
                raise refuse("a Split pattern with a negated class inside a class", pattern)
            members += _NEVER
            spelled = members if inside else f"[{'^' if negated else ''}{members}]"
        elif spelled in "[]":
            inside = spelled == "["
        result += spelled
    try:
        return re.compile(result)
    except re.error as error:
        raise refuse(f"a Split pattern ({error})", pattern) from error


# ---------------------------------------------------------------------------------------------------
# Decoders.


class _Decoder:
    """Steps from tokens to text."""

    def __init__(self, steps: list[Callable[[list[str]], list[str]]], kinds: set[str], glue: str) -> None:
        self._steps, self._glue = steps, glue
        self.byte_level, self.byte_fallback = "ByteLevel" in kinds, "ByteFallback" in kinds

    def __call__(self, tokens: list[str]) -> str:
        return self._glue.join(_chain(self._steps, tokens))


def decoder(part: Json | None) -> _Decoder:
    if part is None:
        return _Decoder([], set(), " ")
    parts = _flat(part)
    return _Decoder([_decode_step(each) for each in parts], {each["type"] for each in parts}, "")


def _flat(part: Json) -> list[Json]:
    if part["type"] != "Sequence":
        return [part]
    return [step for each in part["decoders"] for step in _flat(each)]


def _decode_step(part: Json) -> Callable[[list[str]], list[str]]:
    kind = part["type"]
    if kind == "Replace":
        old, new = _literal("decoder Replace", part), str(part["content"])
        return lambda tokens: [token.replace(old, new) for token in tokens]
    if kind == "Fuse":
        return lambda tokens: ["".join(tokens)]
    if kind == "ByteFallback":
        return _join_bytes
    if kind == "Strip":
        content, start, stop = str(part["content"]), int(part["start"]), int(part["stop"])
        return lambda tokens: [_strip(token, content, start, stop) for token in tokens]
    if kind == "Metaspace":
        mark = str(part["replacement"])
        first = " " if part.get("prepend_scheme", "always") == "never" else ""
        return lambda tokens: [t.replace(mark, " " if index else first) for index, t in enumerate(tokens)]
    if kind == "ByteLevel":
        return lambda tokens: [b"".join(map(_letters_to_bytes, tokens)).decode(errors="replace")]
    raise refuse("the decoder", kind)


def _letters_to_bytes(token: str) -> bytes:
    known = all(letter in BYTE_OF_LETTER for letter in token)
    return bytes(BYTE_OF_LETTER[letter] for letter in token) if known else token.encode()


def _strip(token: str, content: str, start: int, stop: int) -> str:
    left = next((i for i in range(min(start, len(token))) if token[i] != content), min(start, len(token)))
    right = len(token)
    while right > left and len(token) - right < stop and token[right - 1] == content:
        right -= 1
    return token[left:right]


def _join_bytes(tokens: list[str]) -> list[str]:
    """Runs of byte tokens become their characters, or one replacement character per byte."""
    result: list[str] = []
    run = b""
    for token in [*tokens, ""]:
        match = BYTE_TOKEN.fullmatch(token)
        if match:
            run += bytes([int(match[1], 16)])
            continue
        if run:
            try:
                result.append(run.decode())
            except UnicodeDecodeError:
                result += ["\ufffd"] * len(run)
            run = b""
        result.append(token)
    return result[:-1]
