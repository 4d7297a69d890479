# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Decoders: from tokens to text."""

from __future__ import annotations

from collections.abc import Callable

from .letters import BYTE_TOKEN, to_bytes
from .steps import Json, Kind, build, check, flat, pattern_of, refuse

Step = Callable[[list[str]], list[str]]

_CLEANED = (
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
)  # fmt: skip
_JOINS = {"Fuse", "ByteLevel"}  # what makes one text of all tokens


class Decoder:
    """Steps from tokens to text.

    ``byte_level``, ``byte_fallback``: tokens stand for bytes, all of them or those called ``<0x..>``. ``alone``: a
    token's text does not depend on the token in front of it, if there is one.
    """

    def __init__(self, parts: list[Json]) -> None:
        kinds = [str(part["type"]) for part in parts]
        self.byte_level, self.byte_fallback = "ByteLevel" in kinds, "ByteFallback" in kinds
        self.alone = "BPEDecoder" not in kinds and not any(part.get("stop") for part in parts)
        self._steps = [build("decoder", DECODERS, part) for part in parts]
        self._glue = "" if parts else " "
        joined = False
        for part in parts:
            if joined and part["type"] == "Replace" and len(pattern_of("", part)[1]) > 1:
                raise refuse("behind Fuse, the decoder Replace of several characters,", pattern_of("", part)[1])
            joined = joined or part["type"] in _JOINS

    def __call__(self, tokens: list[str]) -> str:
        for step in self._steps:
            tokens = step(tokens)
        return self._glue.join(tokens)

    def stands_for_bytes(self, token: str) -> bool:
        """Whether a token is bytes that may be part of a character."""
        return self.byte_level or (self.byte_fallback and BYTE_TOKEN.fullmatch(token) is not None)

    def as_bytes(self, token: str) -> bytes:
        """The bytes that a token stands for, as far as it stands for bytes at all."""
        match = BYTE_TOKEN.fullmatch(token) if self.byte_fallback else None
        if match:
            return bytes([int(match[1], 16)])
        return to_bytes(token) if self.byte_level else token.encode()


def _replace(part: Json) -> Step:
    (kind, old), new = pattern_of("the decoder Replace", part), str(part["content"])
    check("the decoder Replace", {"pattern": kind}, pattern=("String",))
    return lambda tokens: [token.replace(old, new) for token in tokens]


def _strip(part: Json) -> Step:
    content, start, stop = str(part["content"]), int(part["start"]), int(part["stop"])

    def run(token: str) -> str:
        left = next((i for i in range(min(start, len(token))) if token[i] != content), min(start, len(token)))
        right = len(token)
        while right > left and len(token) - right < stop and token[right - 1] == content:
            right -= 1
        return token[left:right]

    return lambda tokens: [run(token) for token in tokens]


def _metaspace(part: Json) -> Step:
    mark, scheme = str(part["replacement"]), part.get("prepend_scheme", "always")
    if part.get("add_prefix_space") is False:
        scheme = "never"
    first = " " if scheme == "never" else ""
    return lambda tokens: [token.replace(mark, " " if at else first) for at, token in enumerate(tokens)]


def _word_piece(part: Json) -> Step:
    prefix, cleanup = str(part.get("prefix", "##")), bool(part.get("cleanup", True))

    def run(at: int, token: str) -> str:
        if at:
            token = token[len(prefix) :] if token.startswith(prefix) else " " + token
        for old, new in _CLEANED if cleanup else ():
            token = token.replace(old, new)
        return token

    return lambda tokens: [run(at, token) for at, token in enumerate(tokens)]


def _bpe(part: Json) -> Step:
    """The end of a word is a space, but not behind the last token."""
    suffix = str(part.get("suffix", "</w>"))
    if not suffix:
        raise refuse("the decoder BPEDecoder with suffix", suffix)

    def run(tokens: list[str]) -> list[str]:
        return [
            token.replace(suffix, " " if at < len(tokens) - 1 else "") for at, token in enumerate(tokens)
        ]  # fmt: skip

    return run


def _byte_level(tokens: list[str]) -> list[str]:
    return [b"".join(map(to_bytes, tokens)).decode(errors="replace")]


def _byte_fallback(tokens: list[str]) -> list[str]:
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


DECODERS: dict[str, Kind[Step]] = {
    "ByteLevel": Kind(lambda part: _byte_level, ("add_prefix_space", "trim_offsets", "use_regex")),
    "ByteFallback": Kind(lambda part: _byte_fallback),
    "Fuse": Kind(lambda part: lambda tokens: ["".join(tokens)]),
    "Strip": Kind(_strip, ("content", "start", "stop")),
    "Replace": Kind(_replace, ("pattern", "content")),
    "Metaspace": Kind(_metaspace, ("replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep")),
    "WordPiece": Kind(_word_piece, ("prefix", "cleanup")),
    "BPEDecoder": Kind(_bpe, ("suffix",)),
}


def decoder(part: Json | None) -> Decoder:
    """All of a ``tokenizer.json``'s decoders; without one, tokens are joined by spaces. Raises TokenizerError."""
    return Decoder(flat(part, "decoders"))
