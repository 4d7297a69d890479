# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a request may say of how tokens are drawn, beyond temperature and seed: the part of a request that only an
extended sampler serves. ``ops/choice.py`` has the arithmetic. Only numpy and the standard library: this runs on boards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import PromptError, Unsupported
from ..ops.choice import ALL, Chosen, Narrowing, narrowing

Mask = NDArray[np.bool_]  # [V]: which tokens may be drawn


class Walk(Protocol):
    """An answer on its way through a guide."""

    def allowed(self) -> Mask:
        """Tokens [V] that may come next; none where nothing fits any more."""

    def take(self, token: int) -> None:
        """The token that came, one of those allowed."""


class Guide(Protocol):
    """What an answer must be, as tokens allowed step by step. It is shared by requests; its walks are not."""

    def begin(self) -> Walk:
        """A walk at its beginning."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the tokens of a request are drawn. Raises PromptError for numbers that no chip takes.

    top_k: from the best so many; 0: from all. top_p: from the best of those until their probabilities, at the request's
    temperature, sum to that part; it needs a top_k. penalty: logits of tokens that are among the last ``window`` of the
    context (0: anywhere in it) are divided by it where they are positive and multiplied where not; 1 is none.
    logprobs: with every token, its log probability and those of so many best ones; None: with none. They are of the
    distribution at temperature 1, behind guide and penalty and before top_k and top_p.
    guide: which tokens are allowed, step by step. allowed: the same of a request for one token.
    """

    top_k: int = 0
    top_p: float = 1.0
    penalty: float = 1.0
    window: int = 0
    logprobs: int | None = None
    guide: Guide | None = None
    allowed: Mask | None = None

    def check_sampling(self, budget: int | None) -> None:
        """Raise PromptError for what no chip takes."""
        narrowing(self.top_k, self.top_p, self.penalty)
        if self.window < 0:
            raise PromptError(f"a window of {self.window} tokens; give 0 (the whole context) or more")
        if self.logprobs is not None and self.logprobs < 0:
            raise PromptError(f"log probabilities of {self.logprobs} best tokens; give 0 or more")
        if self.allowed is not None and budget != 0 and budget != 1:
            raise PromptError(
                f"allowed tokens are of one token, and the budget is {budget}; give a guide, or a budget of 1"
            )
        if self.allowed is not None and self.guide is not None:
            raise PromptError("a guide and allowed tokens; give one of them")

    @property
    def narrowing(self) -> Narrowing:
        """The numbers as the chip takes them."""
        return narrowing(self.top_k, self.top_p, self.penalty)

    @property
    def guided(self) -> bool:
        return self.guide is not None or self.allowed is not None

    def options(self) -> list[str]:
        """Names of what is asked for that a plain sampler lacks."""
        how = self.narrowing
        asked = {
            "top_k": how.top_k != 0,
            "top_p": how.top_p != ALL,
            "penalty": how.grow != how.shrink,
            "logprobs": self.logprobs is not None,
            "guide": self.guided,
        }
        return [name for name, there in asked.items() if there]


def check_best(how: Sampling, best: int, vocab: int, name: str) -> None:
    """Raise Unsupported for what a sampler lacks that keeps the ``best`` tokens in order (0: a plain one)."""
    asked = how.options()
    if asked and not best:
        raise Unsupported(
            f"{', '.join(asked)}: {name} samples by temperature and seed alone; build it with --sampler extended"
        )
    if how.top_k > best:
        raise Unsupported(f"top_k {how.top_k}: {name} keeps the best {best} tokens; ask for 1 to {best}")
    if "top_p" in asked and not how.top_k:
        raise Unsupported(
            f"top_p {how.top_p:g} of all tokens: {name} keeps the best {best}; give top_k 1 to {best} too"
        )
    if how.logprobs is not None and how.logprobs > best:
        raise Unsupported(
            f"log probabilities of {how.logprobs} best tokens: {name} keeps {best}; ask for {best} or fewer"
        )
    if how.allowed is not None and how.allowed.shape != (vocab,):
        raise PromptError(f"allowed tokens of shape {how.allowed.shape}; the vocabulary has {vocab}")
    if how.guide is not None and (shape := how.guide.begin().allowed().shape) != (vocab,):
        raise PromptError(
            f"a guide of tokens of shape {shape}; the vocabulary has {vocab}, so compile it for this chip"
        )


def choice_fields(how: Sampling) -> NDArray[np.uint32]:
    """What a chip is told of a request: fields of ``choice_t`` (plan/choice.py) in their order [9]; [0] without
    options. Its guide is the automaton in the chip's memory."""
    if not how.options():
        return np.zeros(0, np.uint32)
    numbers = how.narrowing
    return np.array(
        [
            1, how.allowed is not None, how.guide is not None, how.logprobs is not None, numbers.top_k, numbers.top_p,
            numbers.grow, numbers.shrink, how.window,
        ],
        np.uint32,
    )  # fmt: skip


def register_words(how: Sampling) -> list[int]:
    """The same as the registers take it, from ``choice_how`` on."""
    active, masked, guided, sums, top_k, top_p, grow, shrink, window = choice_fields(how).tolist()
    return [active | masked << 1 | sums << 2 | guided << 3 | top_k << 8, top_p, grow | shrink << 16, window]


def mask_words(how: Sampling) -> NDArray[np.uint32]:
    """Allowed tokens as the chip takes them, 32 ids a word [ceil(V / 32)]; [0] where there is no mask."""
    if how.allowed is None:
        return np.zeros(0, np.uint32)
    padded = np.pad(how.allowed, (0, -len(how.allowed) % 32))
    return np.packbits(padded, bitorder="little").view("<u4").astype(np.uint32)


def read_drawn(token: int, record: Sequence[int]) -> Chosen:
    """A draw as a chip tells it: logit, total, count, ids of the best, their logits."""
    logit, total, count, *best = record
    ids, logits = best[: len(best) // 2], best[len(best) // 2 :]
    return Chosen(
        token=token,
        logit=logit,
        ids=np.array(ids[:count], np.int64),
        logits=np.array(logits[:count], np.int64),
        total=total,
    )
