# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The tokenizer, and a text as its ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPACE = "▁"  # how the tokenizer spells one
ALPHABET = [chr(c) for c in range(32, 127)] + list("\n“”’–—") + [SPACE]  # of the bundled model
BOS, EOS = 1, 2

Ids = NDArray[np.int16]


def train_tokenizer(stories: Iterable[str], vocab: int, out: Path, alphabet: Sequence[str] = ALPHABET) -> None:
    """Byte-pair encoding over whole words; a word begins with the space before it. No other characters are spelled."""
    letters = [c for c in alphabet if c != " "]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="first")
    tokenizer.train_from_iterator(
        stories,
        trainers.BpeTrainer(
            vocab_size=vocab,
            special_tokens=["<unk>", "<s>", "</s>"],
            initial_alphabet=letters,
            limit_alphabet=len(alphabet),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    tokenizer.save(str(out))


def encode(tokenizer: Tokenizer, stories: list[str]) -> list[Ids]:
    """Ids of each story, BOS in front."""
    parts = (stories[i : i + 4096] for i in range(0, len(stories), 4096))
    return [np.array(e.ids, np.int16) for part in parts for e in tokenizer.encode_batch(part)]
