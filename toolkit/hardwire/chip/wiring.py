# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Dimensions, formats and wiring of an integer decoder: the words that everything below the float model speaks.

What a wiring's field brings with it, from arrays to RTL, is its part's: see ``parts/``. numpy and the standard library
only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Dimensions of a decoder: counts of ids, channels, layers, heads and positions."""

    vocab: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    context: int
    rotary: int  # rotated dimensions of each head, even; 0 without rotary positions

    @property
    def query_rows(self) -> int:
        """Rows of the matrix of queries, all heads."""
        return self.heads * self.head_dim

    @property
    def kv_rows(self) -> int:
        """Rows of the matrices of keys and of values."""
        return self.kv_heads * self.head_dim


@dataclass(frozen=True, kw_only=True)
class Formats:
    """Bits of every kind of value; all signed but where the name of its op says otherwise."""

    residual: int = 16
    norm: int = 9  # shifted residual into q, k, v, gate, up, head: a dynamic scale per token
    query: int = 9
    cache: int = 8  # keys and values
    attention: int = 8  # mixed values into o
    hidden: int = 8  # gated values into down
    gate: int = 10  # index of the activation table
    up: int = 16  # of the up projection where there is a gate; without one it is the index
    logit: int = 16
    logit_fraction: int = 10  # logits in units of 2**-logit_fraction


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Which parts a decoder has. As they stand: a Llama-like one."""

    gated: bool = True  # MLP is down(act(gate) * up); otherwise down(act(up)), and there is no matrix "gate"
    positions: bool = False  # learned positions, added to the embedding: matrix "position"
    embedding_norm: bool = False  # RMSNorm behind the embedding, written back to the residual
    final_norm: bool = True  # otherwise the head reads the residual as it is
    parallel: bool = False  # attention and MLP read the same residual, and both are added to it
    score_cap: bool = False  # attention scores are capped softly: table "score_cap"
    logit_cap: bool = False  # so are the logits: table "logit_cap"
    windows: tuple[int, ...] = ()  # of each layer: it sees so many positions, itself included; 0 sees all. (): all 0
    rope: tuple[int, ...] = ()  # of each layer: which of the sets of angles turns its heads. (): one set for all
    renorms: tuple[str, ...] = ()  # norms inside a layer, some of RENORMS
    alibi: bool = False  # scores have a bias that is linear in the distance: table "alibi"

    @property
    def rope_sets(self) -> int:
        """Sets of rotary angles, at least one."""
        return max(self.rope, default=0) + 1


RENORMS = ("q", "k", "attention", "mlp")  # of query heads and key heads; of what attention and MLP add
MATRICES = ("q", "k", "v", "o", "gate", "up", "down", "head", "embedding", "position")  # in the order of the file
LOOKED_UP = ("embedding", "position")  # tables of rows that the residual takes; no lane reads them


@dataclass(frozen=True)
class ArraySpec:
    """Type, shape and range of one array of the file."""

    dtype: str
    shape: tuple[int, ...]
    low: int
    high: int
