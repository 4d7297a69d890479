# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What an engine guesses the next token to be, from the last two: a small table that the build learns from the model's
own text.

While the token x at position p is computed, the guess for p + 1 runs in a pass that an idle stream lends. It is kept if
the model says the same, and dropped if not: no guess changes what is written. Two memories give it:

bigram   [B] {valid, token}       by the newer token, for those below B
trigram  [E] {valid, tag, token}  by both, hashed into ``index`` and ``tag``; where it has both, it goes first

Of a vocabulary of n bits and E = 2**k entries, ``older`` and ``newer`` being tokens:

index = (older ^ older >> k ^ newer << s ^ newer >> (k - s)) mod 2**k    s = k - n, or k / 2 where k is less than n
tag   = (newer ^ older >> k) mod 2**t                                    t = 2 n - k, at least 1 and at most 8

So index and tag name a pair exactly where 2 n - k is at most 8, as with 512 tokens and 1,024 entries or more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..ops.fixed import Ints

BIGRAM_FILE, TRIGRAM_FILE = "draft_bigram.hex", "draft_trigram.hex"  # in rom/
ENTRIES = (16, 1 << 15)  # the fewest and the most of a trigram table; a power of two
MOST_BIGRAMS = 4096  # of larger vocabularies, the lower ids: those that a tokenizer learnt first are the frequent ones
MOST_TAG = 8
ROUNDS = 3  # of learning either table beside the other
NONE = -1  # where there is no guess

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Hash:
    """Where the trigram of a pair stands: sizes in bits, as the RTL's parameters have them."""

    name: int  # n, of a token's id
    index: int  # k
    tag: int  # t
    shift: int  # s

    @classmethod
    def of(cls, vocab: int, entries: int) -> Hash:
        """Of a vocabulary and a number of entries, a power of two."""
        name, index = max((vocab - 1).bit_length(), 1), entries.bit_length() - 1
        shift = index - name if index >= name else index // 2
        return cls(name=name, index=index, tag=min(max(2 * name - index, 1), MOST_TAG), shift=shift)

    def index_of(self, older: Ints, newer: Ints) -> Ints:
        """[...] of pairs of tokens [...]."""
        mixed = older ^ older >> self.index ^ newer << self.shift ^ newer >> (self.index - self.shift)
        return mixed & (1 << self.index) - 1

    def tag_of(self, older: Ints, newer: Ints) -> Ints:
        """[...] of pairs of tokens [...]."""
        return (newer ^ older >> self.index) & (1 << self.tag) - 1


def bigram_words(vocab: int) -> int:
    """B, words of the bigram memory."""
    return min(vocab, MOST_BIGRAMS)


def bigram_bits(vocab: int) -> int:
    """Of a word: the token, and above it whether it is one."""
    return Hash.of(vocab, ENTRIES[0]).name + 1


def trigram_bits(vocab: int, entries: int) -> int:
    """Of a word: the token, above it the tag, and whether it is one."""
    h = Hash.of(vocab, entries)
    return h.name + h.tag + 1


@dataclass(frozen=True, eq=False)
class DraftTable:
    """Guesses of the next token. bigram: tokens [B], ``NONE`` where there is none; trigram: tags and tokens [E]."""

    vocab: int
    bigram: Ints
    tags: Ints
    trigram: Ints

    @property
    def entries(self) -> int:
        """E."""
        return len(self.trigram)

    @property
    def hash(self) -> Hash:
        return Hash.of(self.vocab, self.entries)

    @property
    def bits(self) -> int:
        """Of both memories."""
        return len(self.bigram) * bigram_bits(self.vocab) + self.entries * trigram_bits(self.vocab, self.entries)

    def lookup(self, older: int, newer: int) -> int | None:
        """The guess of what follows two tokens, or None."""
        guess = int(self.lookups(np.array([older]), np.array([newer]))[0])
        return None if guess == NONE else guess

    def lookups(self, older: npt.ArrayLike, newer: npt.ArrayLike) -> Ints:
        """Guesses [...] of what follows pairs [...], ``NONE`` where there is none."""
        a, b = np.asarray(older, np.int64), np.asarray(newer, np.int64)
        at, known = self.hash.index_of(a, b), b < len(self.bigram)
        second = np.where(known, self.bigram[np.where(known, b, 0)], NONE)
        hit = (self.trigram[at] != NONE) & (self.tags[at] == self.hash.tag_of(a, b))
        return np.where(hit, self.trigram[at], second)

    def guesses(self, tokens: npt.ArrayLike) -> Ints:
        """For each token of a context [T] the guess of the next one. The first, which none precedes, has none."""
        ids = np.asarray(tokens, np.int64)
        return np.concatenate([np.full(min(len(ids), 1), NONE), self.lookups(ids[:-1], ids[1:])])

    def words(self) -> dict[str, list[tuple[Ints, int]]]:
        """Each memory's file, and the fields of its words, the lowest first: values [words], and the bits of each."""
        h, twos, threes = self.hash, self.bigram != NONE, self.trigram != NONE
        return {
            BIGRAM_FILE: [(np.where(twos, self.bigram, 0), h.name), (twos.astype(np.int64), 1)],
            TRIGRAM_FILE: [
                (np.where(threes, self.trigram, 0), h.name),
                (np.where(threes, self.tags, 0), h.tag),
                (threes.astype(np.int64), 1),
            ],
        }

    @classmethod
    def of_words(cls, vocab: int, bigram: Sequence[int], trigram: Sequence[int]) -> DraftTable:
        """The table whose memories hold these words, each memory's a number."""
        h = Hash.of(vocab, len(trigram))
        name = (1 << h.name) - 1
        two, three = np.array(bigram, np.int64), np.array(trigram, np.int64)
        return cls(
            vocab,
            np.where(two >> h.name & 1, two & name, NONE),
            three >> h.name & (1 << h.tag) - 1,
            np.where(three >> h.name + h.tag & 1, three & name, NONE),
        )


def learn(
    texts: Sequence[npt.ArrayLike], vocab: int, entries: int, *, ends: Collection[int] = (), least: float = 0.0
) -> DraftTable:
    """The table that guesses most of these texts, each a context's tokens [T] in their order.

    ends: tokens that end a request and so are no guess. least: share of its cases in which a guess has to come true
    for it to be one. Each memory is learnt for what the other one leaves to it: a trigram stands where it gains most
    beyond the bigram.
    """
    older, newer, after = _triples(texts)
    h = Hash.of(vocab, entries)
    index, tag = h.index_of(older, newer), h.tag_of(older, newer)
    key, useful = index << h.tag | tag, ~np.isin(after, list(ends))
    bigram, hit = np.full(bigram_words(vocab), NONE), np.zeros(len(after), np.bool_)
    tags, trigram = np.zeros(entries, np.int64), np.full(entries, NONE)
    for _ in range(ROUNDS):
        inside = ~hit & (newer < len(bigram))
        bigram[:] = NONE
        names, best, _ = _likeliest(newer[inside], after[inside], useful[inside], vocab, least)
        bigram[names] = best
        second = np.where(newer < len(bigram), bigram[np.minimum(newer, len(bigram) - 1)], NONE)
        names, best, count = _likeliest(key, after, useful, vocab, least)
        place = np.minimum(np.searchsorted(names, key), max(len(names) - 1, 0))
        known = names[place] == key if len(names) else np.zeros(len(key), np.bool_)
        gain = count - np.bincount(place[known & useful & (second == after)], minlength=len(names))
        order = np.argsort(gain, kind="stable")
        order = order[gain[order] > 0]  # of an index, what is written last has the largest gain
        tags[:], trigram[:] = 0, NONE
        tags[names[order] >> h.tag], trigram[names[order] >> h.tag] = names[order] & (1 << h.tag) - 1, best[order]
        hit = (trigram[index] != NONE) & (tags[index] == tag)
    return DraftTable(vocab, bigram, tags, trigram)


def _triples(texts: Sequence[npt.ArrayLike]) -> tuple[Ints, Ints, Ints]:
    """Of all texts, every two tokens in a row and what follows them."""
    ids = [np.asarray(text, np.int64) for text in texts]
    if not ids:
        return (np.zeros(0, np.int64),) * 3
    return (
        np.concatenate([text[:-2] for text in ids]),
        np.concatenate([text[1:-1] for text in ids]),
        np.concatenate([text[2:] for text in ids]),
    )


def _likeliest(keys: Ints, after: Ints, useful: Flags, vocab: int, least: float) -> tuple[Ints, Ints, Ints]:
    """Of each key, in order, the token that most often follows, and how often; of equals the lowest."""
    pairs, counts = np.unique(keys[useful] * vocab + after[useful], return_counts=True)
    order = np.lexsort((pairs % vocab, -counts, pairs // vocab))
    pairs, counts = pairs[order], counts[order]
    names, first = np.unique(pairs // vocab, return_index=True)
    cases = np.bincount(np.searchsorted(names, keys[np.isin(keys, names)]), minlength=len(names))
    enough = counts[first] >= least * cases
    return names[enough], pairs[first][enough] % vocab, counts[first][enough]
