# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Text for training: stories, the tokenizer, and rows of token ids."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SEPARATOR = "<|endoftext|>"
ALPHABET = [chr(c) for c in range(32, 127)] + list("\n“”’–—▁")
BOS, EOS = 1, 2
REAL_PART = 64  # stories of real text that are drawn at a time

Ids = NDArray[np.int16]


def stories_of(text: str) -> list[str]:
    return [story.strip() for story in text.split(SEPARATOR) if story.strip()]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def train_tokenizer(stories: Iterable[str], vocab: int, out: Path) -> None:
    """Byte-pair encoding over whole words; a word begins with the space before it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="first")
    tokenizer.train_from_iterator(
        stories,
        trainers.BpeTrainer(
            vocab_size=vocab,
            special_tokens=["<unk>", "<s>", "</s>"],
            initial_alphabet=[c for c in ALPHABET if c != " "],
            limit_alphabet=len(ALPHABET),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    tokenizer.save(str(out))


def encode(tokenizer: Tokenizer, stories: list[str]) -> list[Ids]:
    """Ids of each story, BOS in front."""
    parts = (stories[i : i + 4096] for i in range(0, len(stories), 4096))
    return [np.array(e.ids, np.int16) for part in parts for e in tokenizer.encode_batch(part)]


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
