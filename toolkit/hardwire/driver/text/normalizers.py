# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Normalizers: what happens to the text between added tokens before it is split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .letters import to_letters
from .patterns import Pattern
from .steps import Json, Kind, build, check, flat, pattern_of, refuse
from .unicode import SPACE_LETTERS, Form, character_set, is_space, lower, normal_form


@dataclass(frozen=True)
class Normalizer:
    """``run`` makes the new text. ``starts``: its first character always comes from the first of the old."""

    run: Callable[[str], str]
    starts: bool = True


def _form(name: Form) -> Kind[Normalizer]:
    return Kind(lambda part: Normalizer(lambda text: normal_form(name, text)))


def _strip(part: Json) -> Normalizer:
    left, right = bool(part["strip_left"]), bool(part["strip_right"])

    def run(text: str) -> str:
        text = text.lstrip(SPACE_LETTERS) if left else text
        return text.rstrip(SPACE_LETTERS) if right else text

    return Normalizer(run, not left)


def _strip_accents(part: Json) -> Normalizer:
    return Normalizer(lambda text: _without("MARKS", text), False)


def _without(table: str, text: str) -> str:
    if text.isascii() and table != "CLEANED":
        return text
    members = character_set(table)
    return "".join(char for char in text if char not in members)


def _replace(part: Json) -> Normalizer:
    (kind, old), new = pattern_of("the normalizer Replace", part), str(part["content"])
    if kind == "String":
        return Normalizer(lambda text: text.replace(old, new), new != "")
    if "$" in new:
        raise refuse("the normalizer Replace of a pattern with content", new)
    pattern = Pattern(old)

    def run(text: str) -> str:
        replaced, at = "", 0
        for start, stop in pattern.cut(text):
            replaced, at = replaced + text[at:start] + new, stop
        return replaced + text[at:]

    return Normalizer(run, new != "")


def _prepend(part: Json) -> Normalizer:
    prefix = str(part["prepend"])
    return Normalizer(lambda text: prefix + text if text else text)


def _chinese(char: str) -> bool:
    """Blocks of ideographs, as BERT has them."""
    code = ord(char)
    return (
        0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x2A6DF or 0x2A700 <= code <= 0x2B81F or 0x2B920 <= code <= 0x2CEAF
        or 0x2F800 <= code <= 0x2FA1F
    )  # fmt: skip


def _clean(text: str) -> str:
    return "".join(" " if is_space(char) else char for char in _without("CLEANED", text))


def _space_ideographs(text: str) -> str:
    return text if text.isascii() else "".join(f" {char} " if _chinese(char) else char for char in text)


def _unaccented(text: str) -> str:
    return _without("NONSPACING", normal_form("NFD", text))


def _bert(part: Json) -> Normalizer:
    small = bool(part.get("lowercase", True))
    accents = part.get("strip_accents")
    check("BertNormalizer", {"strip_accents": accents}, strip_accents=(None, True, False))
    steps = {
        _clean: bool(part.get("clean_text", True)),
        _space_ideographs: bool(part.get("handle_chinese_chars", True)),
        _unaccented: small if accents is None else bool(accents),
        lower: small,
    }
    return _chain([Normalizer(step, False) for step, is_wanted in steps.items() if is_wanted])


def _chain(steps: list[Normalizer]) -> Normalizer:
    def run(text: str) -> str:
        for step in steps:
            text = step.run(text)
        return text

    return Normalizer(run, all(step.starts for step in steps))


NORMALIZERS: dict[str, Kind[Normalizer]] = {
    "NFC": _form("NFC"),
    "NFD": _form("NFD"),
    "NFKC": _form("NFKC"),
    "NFKD": _form("NFKD"),
    "Lowercase": Kind(lambda part: Normalizer(lower)),
    "Strip": Kind(_strip, ("strip_left", "strip_right")),
    "StripAccents": Kind(_strip_accents),
    "Replace": Kind(_replace, ("pattern", "content")),
    "Prepend": Kind(_prepend, ("prepend",)),
    "ByteLevel": Kind(lambda part: Normalizer(to_letters, False)),
    "BertNormalizer": Kind(_bert, ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")),
}


def normalizer(part: Json | None) -> Normalizer:
    """All of a ``tokenizer.json``'s normalizers. Raises TokenizerError."""
    return _chain([build("normalizer", NORMALIZERS, step) for step in flat(part, "normalizers")])
