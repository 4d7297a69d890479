# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text to token ids and back from the data of a ``tokenizer.json``, with the standard library alone.

Boards have no ``tokenizers`` package. This is its pipeline (added tokens, normalizers, pre-tokenizers, model,
post-processors, decoders), step by step the same; a part it does not know is refused by name.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import Literal

from ...errors import PromptError, TokenizerError
from .added import AddedTokens, template
from .decoders import decoder
from .models import model_of
from .normalizers import normalizer
from .pretokenizers import pre_tokenizer
from .steps import Json, refuse


class TextCodec:
    """A tokenizer from a parsed ``tokenizer.json``. Raises TokenizerError for what cannot be done exactly."""

    def __init__(self, data: Json) -> None:
        try:
            self._read(data)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise TokenizerError(f"tokenizer: malformed data ({reason}); export it again") from error

    def _read(self, data: Json) -> None:
        for name in ("truncation", "padding"):
            if data.get(name) is not None:
                raise refuse("the setting", name)
        self._model = model_of(data["model"])
        normal = normalizer(data.get("normalizer"))
        self._added = AddedTokens(data.get("added_tokens") or [], normal.run)
        normalized = data.get("normalizer") is not None
        moved = normalized and (self._added.late or not normal.starts)
        self._split = pre_tokenizer(data.get("pre_tokenizer"), moved, normalized)
        self._before, self._after = template(data.get("post_processor"))
        self._decode = decoder(data.get("decoder"))
        self._token_of = {index: token for token, index in self._model.vocab.items()}
        self._token_of.update(self._added.tokens)
        plain = (i for i, token in self._token_of.items() if token.isascii() and token.isalpha())
        self._anchor = next((i for i in plain if i not in self._added.special), None) if self._decode.alone else None

    def encode(self, text: str, unknown: Literal["refuse", "unk"] = "refuse", start: bool = True) -> list[int]:
        """Token ids, with the start token if the tokenizer's template has one; without it and what else the template
        adds for text that continues another (``start`` is false).

        What the tokenizer cannot spell raises PromptError, or becomes its unknown token; a tokenizer of characters
        without such a token leaves it out.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PromptError(f"prompt: character {error.start} is a lone surrogate; remove it") from error
        ids = list(self._before) if start else []
        for segment, first, added in self._added.cut(text):
            if added is not None:
                ids.append(added)
                continue
            for piece, _ in self._split([(segment, first)]):
                ids += self._model.encode(piece, lambda what: self._unknown(what, text, unknown))
        return ids + self._after if start else ids

    def _unknown(self, what: str, text: str, unknown: str) -> None:
        if unknown != "unk" or (self._model.unk is None and not self._model.drops):
            kind = "character" if len(what) == 1 else "word"
            where = f" at offset {text.find(what)}" if what in text else ""
            raise PromptError(
                f"prompt: {kind} {what[:40]!r}{where} is not in the model's vocabulary; remove or replace it"
            )

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; special tokens are left out."""
        return self._decode(self._plain(ids))

    def _plain(self, ids: Iterable[int]) -> list[str]:
        """Tokens that become text: known ones, and none of the special ones."""
        return [self._token_of[i] for i in ids if i in self._token_of and i not in self._added.special]

    def spelling(self, vocab: int) -> list[bytes] | None:
        """The bytes of every token [V] as it stands inside a text, b"" of special and unknown ones.

        None where a token's text depends on its neighbours.
        """
        if self._anchor is None:
            return None
        lead, spelt = self.decode([self._anchor]), []
        for token in range(vocab):
            plain = self._plain([token])
            as_bytes = self._decode.as_bytes(plain[0]) if plain else b""
            if plain and not self._decode.stands_for_bytes(plain[0]):
                as_bytes = self.decode([self._anchor, token])[len(lead) :].encode()
            spelt.append(as_bytes)
        return spelt

    def stream(self, ids: Iterable[int] = ()) -> Stream:
        """Decode what follows ``ids`` (a prompt) token by token."""
        return Stream(self, ids)


class Stream:
    """Printable text, token by token: the pieces of valid text add up to the text of all tokens.

    Bytes of an unfinished character are held back until it is complete, or cannot become one.
    """

    def __init__(self, codec: TextCodec, ids: Iterable[int] = ()) -> None:
        self._codec = codec
        self._lead: list[int] = []  # tokens in front, as far as the text of the next ones depends on them
        self._lead_text = ""
        self._settled = False  # whether the lead stays as it is
        self._pending: list[int] = []
        self._pass(list(ids))

    @property
    def steady(self) -> bool:
        """Whether the next token's text depends on that token alone."""
        return self._settled and not self._pending

    def feed(self, token: int) -> str:
        """What can be printed after this token; maybe nothing."""
        self._pending.append(token)
        incomplete = codecs.getincrementaldecoder("utf-8")()
        try:
            incomplete.decode(b"".join(map(self._codec._decode.as_bytes, self._codec._plain(self._pending))))
            if incomplete.getstate()[0]:
                return ""
        except UnicodeDecodeError:
            pass  # it will never be complete: print the replacement character
        return self.flush()

    def flush(self) -> str:
        """What was held back, complete or not."""
        text = self._codec.decode(self._lead + self._pending)[len(self._lead_text) :]
        if not self._settled:
            self._pass(self._pending)
        self._pending = []
        return text

    def _pass(self, ids: list[int]) -> None:
        """``ids`` are behind us. Only the first word loses its space, so any other word may stand for all of them."""
        codec = self._codec
        if not codec._plain(ids):
            return
        self._settled = codec._anchor is not None and codec.decode(self._lead + ids) != ""
        if codec._anchor is not None and self._settled:
            self._lead = [codec._anchor]
        else:
            self._lead = list(ids) if codec.decode(ids) else [*self._lead, *ids]
        self._lead_text = codec.decode(self._lead)
