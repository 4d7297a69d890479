# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Log probabilities of tokens in the words of each call. A chip gives integers; the logarithm is taken here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..driver.model import LanguageModel
from ..ops.choice import Chosen, log_probability

Json = dict[str, Any]


class LogProbs:
    """Draws of a model, ``top`` best tokens of each, as JSON."""

    def __init__(self, model: LanguageModel) -> None:
        self._model, self._fraction = model, model.chip.formats.logit_fraction

    @cached_property
    def _spelt(self) -> list[bytes]:
        """Bytes of every token; of a chip without a tokenizer its number."""
        codec, vocab = self._model.codec, self._model.chip.shape.vocab
        spelt = codec.spelling(vocab) if codec is not None else None
        if spelt is None:
            spelt = [self._model.text([token]).encode() for token in range(vocab)]
        return spelt

    def _text(self, token: int) -> str:
        return self._spelt[token].decode(errors="replace")

    def _pairs(self, drawn: Chosen, top: int) -> list[tuple[int, float]]:
        """The token drawn and the best, with their log probabilities."""
        entries = [(drawn.token, drawn.logit), *zip(drawn.ids.tolist(), drawn.logits.tolist(), strict=True)]
        largest = int(drawn.logits[0])
        return [
            (token, log_probability(logit, largest, drawn.total, self._fraction)) for token, logit in entries[: top + 1]
        ]

    def of_completion(self, draws: Sequence[Chosen], top: int, offset: int = 0) -> Json:
        """OpenAI's lists; ``offset``: characters in front of the first token."""
        lists: Json = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
        for drawn in draws:
            (token, own), *best = self._pairs(drawn, top)
            lists["tokens"].append(self._text(token))
            lists["token_logprobs"].append(own)
            lists["top_logprobs"].append({self._text(i): value for i, value in [*best, (token, own)]} if top else None)
            lists["text_offset"].append(offset)
            offset += len(self._text(token))
        return lists

    def of_chat(self, draws: Sequence[Chosen], top: int) -> Json:
        """OpenAI's list of objects."""
        content = []
        for drawn in draws:
            own, *best = self._pairs(drawn, top)
            content.append({**self._entry(*own), "top_logprobs": [self._entry(*one) for one in best]})
        return {"content": content, "refusal": None}

    def of_generation(self, draws: Sequence[Chosen], top: int) -> list[Json]:
        """The native list: ids, texts and log probabilities."""
        told = []
        for drawn in draws:
            own, *best = [
                {"id": token, "text": self._text(token), "logprob": value} for token, value in self._pairs(drawn, top)
            ]
            told.append({**own, "top_logprobs": best})
        return told

    def _entry(self, token: int, value: float) -> Json:
        return {"token": self._text(token), "logprob": value, "bytes": list(self._spelt[token])}
