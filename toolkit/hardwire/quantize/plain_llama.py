# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A decoder as the Llama of the compiled C (``kernel/``): its weights in the kernel's order, and stories of its own.

The kernel's sizes are multiples of 16: heads and MLP are filled up with zeros, which change nothing. Needs torch.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..decoder import Attention, Block, Decoder, rope_tables
from ..kernel.library import Shape
from ..kernel.stories import write_stories
from .student import Weights, weights_of

WIDE = 16  # of whose multiples the kernel's sizes are
LAYER = ("q", "k", "v", "o", "gate", "up", "down")  # a layer's matrices in the kernel's order


def kernel_takes(decoder: Decoder) -> bool:
    """Whether the decoder is the Llama of the kernel, but for the sizes of its heads and MLP."""
    first, norms = decoder.blocks[0].attention, [decoder.final_norm]
    absent = (decoder.head.bias, decoder.positions, decoder.embedding_norm, decoder.logit_softcap)
    for block in decoder.blocks:
        norms += [block.attention_norm, block.mlp_norm]
    return (
        all(norm is not None and norm.kind == "rms" and norm.bias is None for norm in norms)
        and len({norm.eps for norm in norms if norm is not None}) == 1
        and all(_plain(block, first) for block in decoder.blocks)
        and len({len(block.mlp.up.weight) for block in decoder.blocks}) == 1
        and all(part is None for part in absent)
        and decoder.vocab % WIDE == decoder.dim % WIDE == 0
    )


def _plain(block: Block, first: Attention) -> bool:
    """Whether a layer has the kernel's wiring, and heads and rotation like the first one's."""
    a, mlp = block.attention, block.mlp
    linears = (a.q, a.k, a.v, a.o, mlp.gate, mlp.up, mlp.down)
    same = a.rope is first.rope or (
        a.rope is not None
        and first.rope is not None
        and np.array_equal(a.rope.inv_freq, first.rope.inv_freq)
        and (a.rope.interleaved, a.rope.amplitude) == (first.rope.interleaved, first.rope.amplitude)
    )
    return (
        all(linear is not None and linear.bias is None for linear in linears)
        and (a.heads, a.kv_heads, a.head_dim) == (first.heads, first.kv_heads, first.head_dim)
        and mlp.activation == "silu"
        and a.plain
        and same
        and a.q_norm is a.k_norm is block.attention_post_norm is block.mlp_post_norm is None
        and not block.parallel
    )


class PlainLlama:
    """A decoder that ``kernel_takes``. ``places``: where each of its flat weights stands among those filled up."""

    def __init__(self, decoder: Decoder) -> None:
        a, hidden = decoder.blocks[0].attention, len(decoder.blocks[0].mlp.up.weight)
        sizes = (decoder.vocab, decoder.dim, len(decoder.blocks), a.heads, a.kv_heads)
        channels, wide = _filled(a.head_dim), _filled(hidden)
        self.decoder, self.shape = decoder, Shape(*sizes, channels, wide, decoder.blocks[0].attention_norm.eps)
        self.places, self.total = _places(decoder, channels, wide)

    def flat(self, weights: Weights, embedding: Tensor) -> Tensor:
        """All matrices one behind the other in the kernel's order, gains multiplied in, and not filled up yet."""

        def folded(weight: Tensor, gain: NDArray[np.float32] | None) -> Tensor:
            return (weight if gain is None else weight * torch.from_numpy(gain)).flatten()

        d, parts = self.decoder, [embedding.flatten()]
        for index, block in enumerate(d.blocks):
            assert block.mlp_norm is not None
            before, after = block.attention_norm.gain, block.mlp_norm.gain
            gains = {"q": before, "k": before, "v": before, "gate": after, "up": after}
            # The kernel divides scores by the root of its own, larger heads.
            factor = block.attention.scale * self.shape.channels**0.5
            for name in LAYER:
                weight = folded(weights[name, index], gains.get(name))
                parts.append(weight * factor if name == "q" else weight)
        assert d.final_norm is not None
        return torch.cat([*parts, folded(weights["head", 0], d.final_norm.gain)])

    def filled_up(self, flat: Tensor) -> Tensor:
        """[total], as the kernel takes them."""
        filled = torch.zeros(self.total)
        filled[self.places] = flat
        return filled

    def own_weights(self) -> Tensor:
        """The decoder's, filled up."""
        with torch.no_grad():
            return self.filled_up(self.flat(weights_of(self.decoder), torch.from_numpy(self.decoder.embedding)))

    def rotations(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines [length, channels / 2]; what is not turned, or filled up, has an angle of zero."""
        a, half = self.decoder.blocks[0].attention, self.shape.channels // 2
        cos, sin = torch.ones(length, half), torch.zeros(length, half)
        if a.rope is not None:
            turned = len(a.rope.inv_freq)
            for all_of_it, table in zip((cos, sin), rope_tables(a.rope, length), strict=True):
                all_of_it[:, :turned] = torch.from_numpy(table.astype(np.float32))
        return cos, sin

    def stories(self, count: int, bos: int, eos: int, seed: int, limit: int) -> list[list[int]]:
        """Ids of as many stories as the decoder writes at temperature 1, to their ends or to ``limit`` tokens."""
        turns = self.rotations(self.decoder.context)
        written = write_stories(self.shape, self.own_weights(), turns, [[bos]] * count, seed, (bos, eos), limit=limit)
        return [story.ids for story in written]


def _filled(size: int) -> int:
    return -(-size // WIDE) * WIDE


def _places(decoder: Decoder, channels: int, wide: int) -> tuple[Tensor, int]:
    """Where each weight of the flat ones stands among those that are filled up, and how many these are."""
    a, hidden, dim = decoder.blocks[0].attention, len(decoder.blocks[0].mlp.up.weight), decoder.dim
    within = _channels(a, channels)

    def heads(count: int) -> NDArray[np.int64]:
        return (np.arange(count)[:, None] * channels + within).ravel()

    queries, keys, model, mlp = heads(a.heads), heads(a.kv_heads), np.arange(dim), np.arange(hidden)
    filled = (a.heads * channels, a.kv_heads * channels)
    # Of each matrix: where its rows and its columns go, and its filled size.
    layer = [(queries, model, filled[0], dim)] + [(keys, model, filled[1], dim)] * 2
    layer += [(model, queries, dim, filled[0])] + [(mlp, model, wide, dim)] * 2 + [(model, mlp, dim, wide)]
    table = [(np.arange(decoder.vocab), model, decoder.vocab, dim)]
    places, start = [], 0
    for rows, columns, height, width in [*table, *layer * len(decoder.blocks), *table]:
        places.append((start + rows[:, None] * width + columns).ravel())
        start += height * width
    return torch.from_numpy(np.concatenate(places)), start


def _channels(a: Attention, channels: int) -> NDArray[np.int64]:
    """Where each channel of a head stands among ``channels``: the kernel turns i and i + channels / 2 together."""
    turned = 0 if a.rope is None else len(a.rope.inv_freq)
    pairs = np.arange(turned)
    halves = np.stack([pairs, pairs + channels // 2], int(a.rope is not None and a.rope.interleaved)).ravel()
    free = np.setdiff1d(np.arange(channels), halves)
    return np.concatenate([halves, free[: a.head_dim - 2 * turned]])
