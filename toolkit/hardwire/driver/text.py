# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text to token ids and back from the data of a ``tokenizer.json``, with the standard library alone.

Boards have no ``tokenizers`` package. This is its BPE pipeline (added tokens, normalizer, pre-tokenizer,
merges, template, decoder), step by step the same; a feature it does not know is refused by name.
"""

from __future__ import annotations

import codecs
import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from ..errors import PromptError, TokenizerError
from .text_steps import BYTE_OF_LETTER, BYTE_TOKEN, Json, check, decoder, normalizer, pre_tokenizer, refuse


class TextCodec:
    """A tokenizer from a parsed ``tokenizer.json``."""

    def __init__(self, data: Json) -> None:
        try:
            self._read(data)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise TokenizerError(f"tokenizer: malformed data ({what}); export it again") from error

    def _read(self, data: Json) -> None:
        for name in ("truncation", "padding"):
            if data.get(name) is not None:
                raise refuse("the setting", name)
        model = data["model"]
        if model.get("type", "BPE") != "BPE" or "merges" not in model:
            raise refuse("the model", model.get("type"))
        empty = (None, "")
        check("BPE", model, dropout=(None, 0), continuing_subword_prefix=empty, end_of_word_suffix=empty)
        self._model = _Bpe(model)
        self._added = _Added(data.get("added_tokens") or [], data.get("normalizer") is not None)
        self._normalize = normalizer(data.get("normalizer"))
        self._split = pre_tokenizer(data.get("pre_tokenizer"))
        self._before, self._after = _template(data.get("post_processor"))
        self._decode = decoder(data.get("decoder"))
        self._token_of = {index: token for token, index in self._model.vocab.items()}
        self._token_of.update({index: token for token, index in self._added.ids.items()})
        plain = (i for i, token in self._token_of.items() if token.isascii() and token.isalpha())
        self._anchor = next((i for i in plain if i not in self._added.special), None)

    def encode(self, text: str, unknown: Literal["refuse", "unk"] = "refuse", start: bool = True) -> list[int]:
        """Token ids, with the start token if the tokenizer's template has one; without it and what else the template
        adds for text that continues another (``start`` is false).

        A character the tokenizer cannot spell raises PromptError, or becomes its unknown token.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PromptError(f"prompt: character {error.start} is a lone surrogate; remove it") from error
        ids = list(self._before) if start else []
        for first, segment, added in self._added.cut(text):
            if added is not None:
                ids.append(added)
            elif segment:
                pieces = self._split([(self._normalize(segment), first == 0)])
                for piece in pieces:
                    ids += self._model.encode(piece[0], lambda letter: self._unknown(letter, text, unknown))
        return ids + self._after if start else ids

    def _unknown(self, letter: str, text: str, unknown: str) -> None:
        if unknown != "unk" or self._model.unk is None:
            at = max(text.find(letter), 0)
            raise PromptError(
                f"prompt: character {letter!r} at offset {at} is not in the model's vocabulary; remove or replace it"
            )

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; special tokens are left out."""
        return self._decode(self._plain(ids))

    def _plain(self, ids: Iterable[int]) -> list[str]:
        """Tokens that become text: known ones, and none of the special ones."""
        return [self._token_of[i] for i in ids if i in self._token_of and i not in self._added.special]

    def stream(self, ids: Iterable[int] = ()) -> Stream:
        """Decode what follows ``ids`` (a prompt) token by token."""
        return Stream(self, ids)

    def _bytes(self, ids: list[int]) -> bytes:
        """The bytes that tokens stand for, as far as they stand for bytes at all."""
        result = b""
        for token in self._plain(ids):
            match = BYTE_TOKEN.fullmatch(token) if self._decode.byte_fallback else None
            if self._decode.byte_level:
                result += bytes(BYTE_OF_LETTER.get(letter, 0x3F) for letter in token)
            else:
                result += bytes([int(match[1], 16)]) if match else token.encode()
        return result


class Stream:
    """Printable text, token by token: the pieces of valid text add up to the text of all tokens.

    Bytes of an unfinished character are held back until it is complete, or cannot become one.
    """

    def __init__(self, codec: TextCodec, ids: Iterable[int] = ()) -> None:
        self._codec = codec
        self._started = bool(codec._plain(ids))
        self._held: list[int] = []

    @property
    def steady(self) -> bool:
        """Whether the next token's text depends on that token alone."""
        return self._started and not self._held

    def feed(self, token: int) -> str:
        """What can be printed after this token; maybe nothing."""
        self._held.append(token)
        incomplete = codecs.getincrementaldecoder("utf-8")()
        try:
            incomplete.decode(self._codec._bytes(self._held))
            if incomplete.getstate()[0]:
                return ""
        except UnicodeDecodeError:
            pass  # it will never be complete: print the replacement character
        return self.flush()

    def flush(self) -> str:
        """What was held back, complete or not."""
        anchor = self._codec._anchor
        lead = [anchor] if self._started and anchor is not None else []  # only the first word loses its space
        text = self._codec.decode(lead + self._held)[len(self._codec.decode(lead)) :]
        self._started = self._started or bool(self._codec._plain(self._held))
        self._held = []
        return text


# ---------------------------------------------------------------------------------------------------
# Added tokens, model, template.


class _Added:
    """Tokens that are cut out of the text before anything else, longest first."""

    def __init__(self, tokens: list[Json], normalizes: bool) -> None:
        self.ids: dict[str, int] = {}
        self.special: set[int] = set()
        self._strip: dict[str, tuple[bool, bool]] = {}
        for token in tokens:
            content, index = str(token["content"]), int(token["id"])
            check("an added token", token, single_word=(None, False))
            if normalizes and token.get("normalized", False):
                raise refuse("an added token behind the normalizer,", content)
            self.ids[content] = index
            self._strip[content] = bool(token.get("lstrip")), bool(token.get("rstrip"))
            if token.get("special"):
                self.special.add(index)
        names = sorted((name for name in self.ids if name), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names))) if names else None

    def cut(self, text: str) -> Iterator[tuple[int, str, int | None]]:
        """(start, text, None) and (start, token, id), in order."""
        at = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            start, stop = match.span()
            left, right = self._strip[match[0]]
            while left and start > at and text[start - 1].isspace():
                start -= 1
            while right and stop < len(text) and text[stop].isspace():
                stop += 1
            if match.start() >= at:
                yield at, text[at:start], None
                yield start, match[0], self.ids[match[0]]
                at = stop
        yield at, text[at:], None


class _Bpe:
    """Byte-pair encoding (Sennrich et al., 2016): always the earliest learned merge, leftmost first."""

    def __init__(self, model: Json) -> None:
        self.vocab: dict[str, int] = {str(token): int(index) for token, index in model["vocab"].items()}
        self._byte_fallback = bool(model.get("byte_fallback"))
        self._fuse = bool(model.get("fuse_unk"))
        self._whole = bool(model.get("ignore_merges"))
        self.unk = None if model.get("unk_token") is None else self.vocab.get(model["unk_token"])
        self._merges: dict[tuple[int, int], tuple[int, int]] = {}
        for rank, merge in enumerate(model["merges"]):
            left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
            if left not in self.vocab or right not in self.vocab or left + right not in self.vocab:
                raise TokenizerError(f"tokenizer: merge {rank}, {left!r} {right!r}, is not in the vocabulary")
            self._merges[self.vocab[left], self.vocab[right]] = rank, self.vocab[left + right]

    def encode(self, piece: str, unknown: Callable[[str], None]) -> list[int]:
        if self._whole and piece in self.vocab:
            return [self.vocab[piece]]
        ids: list[int] = []
        pending = False  # an unknown token not written yet: a run of them may become one
        for letter in piece:
            if letter in self.vocab:
                ids += [self.unk] if pending and self.unk is not None else []
                ids.append(self.vocab[letter])
                pending = False
                continue
            spelled = [f"<0x{byte:02X}>" for byte in letter.encode()]
            if self._byte_fallback and all(token in self.vocab for token in spelled):
                ids += [self.vocab[token] for token in spelled]
                continue
            unknown(letter)
            ids += [self.unk] if pending and not self._fuse and self.unk is not None else []
            pending = True
        return self._merge(ids + ([self.unk] if pending and self.unk is not None else []))

    def _merge(self, ids: list[int]) -> list[int]:
        """Merge with a heap of candidate pairs and a linked list of what is left."""
        after = [*range(1, len(ids) + 1)]
        before = [*range(-1, len(ids) - 1)]
        heap: list[tuple[int, int, int, int]] = []

        def offer(left: int) -> None:
            right = after[left] if left >= 0 else len(ids)
            if right < len(ids) and (found := self._merges.get((ids[left], ids[right]))) is not None:
                heapq.heappush(heap, (found[0], left, ids[left], ids[right]))

        for position in range(len(ids)):
            offer(position)
        while heap:
            _, left, first, second = heapq.heappop(heap)
            right = after[left]
            if ids[left] != first or right >= len(ids) or ids[right] != second:
                continue  # one side has been merged meanwhile
            ids[left], ids[right] = self._merges[first, second][1], -1
            after[left] = after[right]
            if after[right] < len(ids):
                before[after[right]] = left
            offer(before[left])
            offer(left)
        return [index for index in ids if index >= 0]


def _template(part: Json | None) -> tuple[list[int], list[int]]:
    """Ids in front of and behind the text."""
    if part is None or part["type"] == "ByteLevel":
        return [], []
    if part["type"] == "Sequence":
        before: list[int] = []
        after: list[int] = []
        for each in part["processors"]:
            first, last = _template(each)
            before, after = first + before, after + last
        return before, after
    if part["type"] != "TemplateProcessing":
        raise refuse("the post-processor", part["type"])
    sides: tuple[list[int], list[int]] = [], []
    side = 0
    for item in part["single"]:
        if "Sequence" in item:
            side += 1
        else:
            sides[min(side, 1)].extend(part["special_tokens"][item["SpecialToken"]["id"]]["ids"])
    if side != 1:
        raise refuse("a template whose number of texts is", side)
    return sides
