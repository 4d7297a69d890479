# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Rows of token ids to train on: windows of one text, or real stories beside a pool of a teacher's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from .documents import stories_of
from .text import BOS, SPACE, Ids, encode

REAL_PART = 64  # stories of real text that are drawn at a time
NEAR = 64  # tokens within which a row that begins inside a document waits for the beginning of a word


class Windows:
    """Rows anywhere in a text. Each begins with BOS, as every text does that the model is given.

    Behind it comes a document from its beginning and what follows it, or, of a document that is longer than the row, a
    part that begins with a word.
    """

    def __init__(self, tokenizer: Tokenizer, documents: list[str], seed: int) -> None:
        self.ids: Ids = np.concatenate(encode(tokenizer, documents))
        self.draw = np.random.default_rng(seed)
        self.starts = np.flatnonzero(self.ids == BOS)  # of documents
        opens = [id for token, id in tokenizer.get_vocab().items() if token.startswith(SPACE)]
        self.words = np.flatnonzero(np.isin(self.ids, opens))
        self.tokens = 0  # read so far

    def next(self, rows: int, length: int) -> torch.Tensor:
        """Ids [rows, length + 1]."""
        self.tokens += rows * length
        return torch.from_numpy(np.stack([self.row(length + 1) for _ in range(rows)]).astype(np.int64))

    def row(self, tokens: int) -> Ids:
        """A place in the text as good as any other, and the row that it is in; the last goes on with the first."""
        at = int(self.draw.integers(len(self.ids)))
        document = int(np.searchsorted(self.starts, at, "right"))
        start, end = self.starts[document - 1], (*self.starts, len(self.ids))[document]
        if end - start <= tokens:
            return self.take(start, tokens)
        word = int(np.searchsorted(self.words, at))
        begin = self.words[word] if word < len(self.words) and self.words[word] < min(at + NEAR, end) else at
        return self.take(start, tokens) if begin <= start + 1 else self.take(begin, tokens - 1, (BOS,))

    def take(self, start: int, tokens: int, before: tuple[int, ...] = ()) -> Ids:
        """So many ids from ``start`` on, behind those ``before``."""
        taken = self.ids.take(np.arange(start, start + tokens), mode="wrap")
        return np.concatenate([np.array(before, np.int16), taken])

    def state(self) -> dict[str, Any]:
        return {"draw": self.draw.bit_generator.state, "tokens": self.tokens}

    def restore(self, state: dict[str, Any]) -> None:
        self.draw.bit_generator.state, self.tokens = state["draw"], state["tokens"]


class Rows:
    """Rows of tokens from real stories and from a pool of files that may grow while it is read.

    The file read least often comes next, the first by name of those. Real stories, in an order drawn anew
    each time round, make up the share ``real`` of the tokens; they are all there is when the pool is empty.
    """

    def __init__(
        self, tokenizer: Tokenizer, real: list[str], pool: Path | None, share: float, seed: int,
        keep: Callable[[list[str]], list[str]] = lambda stories: stories,
    ) -> None:  # fmt: skip
        """``keep`` drops stories of the pool that must not be trained on."""
        self.tokenizer, self.real, self.pool, self.keep = tokenizer, encode(tokenizer, real), pool, keep
        self.share, self.draw = share, np.random.default_rng(seed)
        self.reads: Counter[str] = Counter()
        self.order: list[int] = []
        self.tokens = {"real": 0, "pool": 0}
        self.stream: Ids = np.empty(0, np.int16)
        self.cache: dict[str, list[Ids]] = {}

    def next(self, rows: int, length: int) -> torch.Tensor:
        """Ids [rows, length + 1]; every row begins with a story, as every text does that the model is given."""
        return torch.from_numpy(np.stack([self.row(length + 1) for _ in range(rows)]).astype(np.int64))

    def row(self, tokens: int) -> Ids:
        """Stories up to ``tokens``; what is left of the last is skipped."""
        while True:
            start = int(np.argmax(self.stream == BOS)) if len(self.stream) else 0
            if len(self.stream) - start >= tokens and self.stream[start] == BOS:
                taken, self.stream = self.stream[start : start + tokens], self.stream[start + tokens :]
                return taken
            self.stream = np.concatenate([self.stream, *self.more()])

    def more(self) -> list[Ids]:
        """The next file of the pool and real stories, shuffled together."""
        stories = self.from_pool()
        self.tokens["pool"] += sum(map(len, stories))
        while not stories or self.tokens["real"] < self.share * sum(self.tokens.values()):
            if not self.order:
                self.order = self.draw.permutation(len(self.real)).tolist()
            drawn = [self.real[i] for i in self.order[:REAL_PART]]
            del self.order[:REAL_PART]
            self.tokens["real"] += sum(map(len, drawn))
            stories = stories + drawn
        return [stories[i] for i in self.draw.permutation(len(stories))]

    def from_pool(self) -> list[Ids]:
        files = sorted(self.pool.glob("*.txt")) if self.pool else []
        if not files:
            return []
        file = min(files, key=lambda f: (self.reads[f.name], f.name))
        self.reads[file.name] += 1
        if file.name not in self.cache:
            self.cache[file.name] = encode(self.tokenizer, self.keep(stories_of(file.read_text())))
        return self.cache[file.name]

    def state(self) -> dict[str, Any]:
        return {
            "reads": dict(self.reads),
            "order": self.order,
            "tokens": dict(self.tokens),
            "stream": self.stream.tolist(),
            "draw": self.draw.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.reads, self.order, self.tokens = Counter(state["reads"]), state["order"], state["tokens"]
        self.stream = np.array(state["stream"], np.int16)
        self.draw.bit_generator.state = state["draw"]
