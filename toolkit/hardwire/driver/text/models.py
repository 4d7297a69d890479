# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Models: how a piece of text is spelled with the vocabulary."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Protocol

from ...errors import TokenizerError
from .letters import byte_tokens
from .steps import Json, Kind, build, check, refuse

Unknown = Callable[[str], None]  # called for what the vocabulary cannot spell; may raise
_MOST_CACHED = 10_000  # pieces whose ids are remembered
_LONGEST_CACHED = 64  # characters
_UNKNOWN_COST = 10.0  # of Unigram, below the rarest token


class Model(Protocol):
    """``vocab``: ids by token. ``drops``: what cannot be spelled is left out, where there is no unknown token."""

    vocab: dict[str, int]
    unk: int | None
    drops: bool

    def encode(self, piece: str, unknown: Unknown) -> list[int]:
        """Ids of a piece, which is not empty; the unknown token for what cannot be spelled."""


def _vocab(model: Json) -> dict[str, int]:
    return {str(token): int(index) for token, index in model["vocab"].items()}


# ---------------------------------------------------------------------------------------------------
# Byte-pair encoding.


class Bpe:
    """Byte-pair encoding (Sennrich et al., 2016): always the earliest learned merge, leftmost first."""

    def __init__(self, model: Json) -> None:
        check("BPE", model, dropout=(None, 0))
        self.vocab = _vocab(model)
        self._byte_fallback = bool(model.get("byte_fallback"))
        self._fuse = bool(model.get("fuse_unk"))
        self._ignores_merges = bool(model.get("ignore_merges"))
        self._prefix = model.get("continuing_subword_prefix") or ""
        self._suffix = model.get("end_of_word_suffix") or ""
        name = model.get("unk_token")
        self.unk = None if name is None else self.vocab.get(name)
        self.drops = name is None
        self._cache: dict[str, list[int]] = {}
        self._merges: dict[tuple[int, int], tuple[int, int]] = {}
        for rank, merge in enumerate(model["merges"]):
            left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
            merged = left + right.encode()[len(self._prefix.encode()) :].decode()
            if left not in self.vocab or right not in self.vocab or merged not in self.vocab:
                raise TokenizerError(f"tokenizer: merge {rank}, {left!r} {right!r}, is not in the vocabulary")
            self._merges[self.vocab[left], self.vocab[right]] = rank, self.vocab[merged]

    def encode(self, piece: str, unknown: Unknown) -> list[int]:
        ids = self._cache.get(piece)
        if ids is None:
            missing: list[str] = []
            ids = self._encode(piece, missing.append)
            for letter in missing:
                unknown(letter)
            if not missing and len(piece) <= _LONGEST_CACHED:
                if len(self._cache) >= _MOST_CACHED:
                    self._cache.clear()
                self._cache[piece] = ids
        return ids

    def _encode(self, piece: str, unknown: Unknown) -> list[int]:
        if self._ignores_merges and piece in self.vocab:
            return [self.vocab[piece]]
        return self._merge(self._letters(piece, unknown))

    def _letters(self, piece: str, unknown: Unknown) -> list[int]:
        """Ids of single letters, with what marks those that continue a word, and the one that ends it."""
        marked = list(piece)
        if self._prefix:
            marked[1:] = [self._prefix + letter for letter in marked[1:]]
        marked[-1] += self._suffix
        ids: list[int] = []
        pending = False  # an unknown token not written yet: a run of them may become one
        for at, letter in enumerate(marked):
            if letter in self.vocab:
                ids += [self.unk] if pending and self.unk is not None else []
                ids.append(self.vocab[letter])
                pending = False
                continue
            if self._byte_fallback and all(token in self.vocab for token in byte_tokens(letter)):
                ids += [self.vocab[token] for token in byte_tokens(letter)]
                continue
            unknown(piece[at])
            ids += [self.unk] if pending and not self._fuse and self.unk is not None else []
            pending = True
        return ids + ([self.unk] if pending and self.unk is not None else [])

    def _merge(self, ids: list[int]) -> list[int]:
        """Merge with a heap of candidate pairs and a linked list of what is left."""
        after = [*range(1, len(ids) + 1)]
        before = [*range(-1, len(ids) - 1)]
        heap: list[tuple[int, int, int, int]] = []

        def offer(left: int) -> None:
            right = after[left] if left >= 0 else len(ids)
            if right < len(ids) and (merge := self._merges.get((ids[left], ids[right]))) is not None:
                heapq.heappush(heap, (merge[0], left, ids[left], ids[right]))

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


# ---------------------------------------------------------------------------------------------------
# The most probable spelling, the longest match, whole words.


class Unigram:
    """The spelling of highest probability (Kudo, 2018), by Viterbi; unknown characters in a row are one token."""

    def __init__(self, model: Json) -> None:
        tokens = [(str(token), float(score)) for token, score in model["vocab"]]
        self.vocab = {token: index for index, (token, _) in enumerate(tokens)}
        self._scores = {token: tokens[index][1] for token, index in self.vocab.items()}
        self._begins = {token[:length] for token in self.vocab for length in range(1, len(token) + 1)}
        self._unknown_score = min((score for _, score in tokens), default=0.0) - _UNKNOWN_COST
        self._byte_fallback = bool(model.get("byte_fallback"))
        self.unk = None if model.get("unk_id") is None else int(model["unk_id"])
        self.drops = False
        if not tokens or (self.unk is not None and not 0 <= self.unk < len(tokens)):
            raise refuse("Unigram with unk_id", self.unk)

    def encode(self, piece: str, unknown: Unknown) -> list[int]:
        ids: list[int] = []
        for text in self._spelled(piece):
            if text in self.vocab:
                ids.append(self.vocab[text])
            elif self.unk is not None and self._byte_fallback and all(t in self.vocab for t in byte_tokens(text)):
                ids += [self.vocab[token] for token in byte_tokens(text)]
            else:
                unknown(text[0])
                ids += [] if self.unk is None else [self.unk]
        return ids

    def _spelled(self, piece: str) -> list[str]:
        """The pieces of the best path, unknown characters in a row joined."""
        best: list[tuple[float, int, int | None] | None] = [(0.0, 0, None), *[None] * len(piece)]  # score, from, id
        for start in range(len(piece)):
            reached = best[start]
            assert reached is not None  # the character before gave a way to it
            stop, single = start + 1, False
            while stop <= len(piece) and (text := piece[start:stop]) in self._begins:
                if text in self.vocab:
                    self._offer(best, stop, reached[0] + self._scores[text], start, self.vocab[text])
                    single = single or stop == start + 1
                stop += 1
            if not single:
                self._offer(best, start + 1, reached[0] + self._unknown_score, start, self.unk)
        return self._path(piece, best)

    @staticmethod
    def _offer(
        best: list[tuple[float, int, int | None] | None], at: int, score: float, start: int, index: int | None
    ) -> None:
        before = best[at]
        if before is None or score > before[0]:
            best[at] = score, start, index

    def _path(self, piece: str, best: list[tuple[float, int, int | None] | None]) -> list[str]:
        result: list[str] = []
        joins = False
        stop = len(piece)
        while stop > 0:
            node = best[stop]
            assert node is not None
            start, is_unknown = node[1], node[2] == self.unk
            if is_unknown and joins:
                result[-1] = piece[start:stop] + result[-1]
            else:
                result.append(piece[start:stop])
            joins, stop = is_unknown, start
        return result[::-1]


class WordPiece:
    """The longest token that begins what is left of a word (BERT); a word that has none is unknown as a whole."""

    def __init__(self, model: Json) -> None:
        self.vocab = _vocab(model)
        self._prefix = str(model.get("continuing_subword_prefix", "##"))
        self._most = int(model.get("max_input_chars_per_word", 100))
        self._longest = max(map(len, self.vocab), default=0)
        self.unk = self.vocab.get(str(model.get("unk_token", "[UNK]")))
        self.drops = False

    def encode(self, piece: str, unknown: Unknown) -> list[int]:
        ids: list[int] = []
        start = 0
        while start < len(piece) <= self._most:
            prefix = self._prefix if start else ""
            stop = min(len(piece), start + self._longest)
            while stop > start and prefix + piece[start:stop] not in self.vocab:
                stop -= 1
            if stop == start:
                break
            ids.append(self.vocab[prefix + piece[start:stop]])
            start = stop
        if start == len(piece):
            return ids
        unknown(piece)
        return [] if self.unk is None else [self.unk]


class WordLevel:
    """Whole pieces, or the unknown token."""

    def __init__(self, model: Json) -> None:
        self.vocab = _vocab(model)
        self.unk = self.vocab.get(str(model.get("unk_token", "<unk>")))
        self.drops = False

    def encode(self, piece: str, unknown: Unknown) -> list[int]:
        if piece in self.vocab:
            return [self.vocab[piece]]
        unknown(piece)
        return [] if self.unk is None else [self.unk]


MODELS: dict[str, Kind[Model]] = {
    "BPE": Kind(
        Bpe,
        (
            "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges", "vocab", "merges",
        ),
    ),
    "Unigram": Kind(Unigram, ("unk_id", "vocab", "byte_fallback")),
    "WordPiece": Kind(
        WordPiece, ("unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab")
    ),
    "WordLevel": Kind(WordLevel, ("vocab", "unk_token")),
}  # fmt: skip


def model_of(part: Json) -> Model:
    """The model of a ``tokenizer.json``; files of before do not name its type. Raises TokenizerError."""
    if part.get("type") is None:
        guessed = (
            "BPE" if "merges" in part
            else "WordPiece" if "max_input_chars_per_word" in part
            else "Unigram" if isinstance(part["vocab"], list)
            else "WordLevel"
        )  # fmt: skip
        part = {**part, "type": guessed}
    return build("model", MODELS, part)
