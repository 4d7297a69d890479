# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Bytes written as printable letters (GPT-2), and as tokens such as ``<0x0A>`` (SentencePiece)."""

from __future__ import annotations

import re

BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def _byte_letters() -> list[str]:
    """GPT-2's printable stand-in for each byte."""
    keep = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(256, 512))
    return [chr(byte) if byte in keep else chr(next(spare)) for byte in range(256)]


_LETTER_OF_BYTE = _byte_letters()
_BYTE_OF_LETTER = {letter: byte for byte, letter in enumerate(_LETTER_OF_BYTE)}
_LATIN = {byte: letter for byte, letter in enumerate(_LETTER_OF_BYTE)}  # for str.translate of bytes read as Latin-1


def to_letters(text: str) -> str:
    """The bytes of a text as letters."""
    return text.encode().decode("latin-1").translate(_LATIN)


def to_bytes(token: str) -> bytes:
    """The bytes that a token's letters stand for, or its own where one of them stands for none."""
    try:
        return bytes([_BYTE_OF_LETTER[letter] for letter in token])
    except KeyError:
        return token.encode()


def byte_tokens(text: str) -> list[str]:
    """The vocabulary's names for the bytes of a text, as <0x41>."""
    return [f"<0x{byte:02X}>" for byte in text.encode()]
