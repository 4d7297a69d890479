# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The float reference of ``decoder.py`` once more, in torch: what fine-tuning needs gradients through.

Only fine-tuning imports it. ``tests/test_tune.py`` holds it against ``decoder.forward`` for every wiring.
Shapes as in ``decoder.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..decoder import DEGREES, Attention, Block, Decoder, Linear, Mlp, Norm, Rope, rope_tables, score_bias

Weights = Mapping[tuple[str, int], Tensor]  # (name of the matrix, layer) -> weight [out, in]; the head is layer 0


def weights_of(decoder: Decoder) -> dict[tuple[str, int], Tensor]:
    """The matrices of a decoder, gains of the norms in front of them not in them."""
    linears = {("head", 0): decoder.head}
    for index, block in enumerate(decoder.blocks):
        a, mlp = block.attention, block.mlp
        layers = {"q": a.q, "k": a.k, "v": a.v, "o": a.o, "up": mlp.up, "down": mlp.down, "gate": mlp.gate}
        linears |= {(name, index): layer for name, layer in layers.items() if layer is not None}
    return {key: torch.from_numpy(layer.weight) for key, layer in linears.items()}


class Student:
    """A decoder whose matrices come from outside at every call."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.arrays: dict[int, Tensor] = {}

    def __call__(self, weights: Weights, embedding: Tensor, ids: Tensor) -> Tensor:
        """Logits [B, T, V] of ids [B, T]; ``embedding`` [V, D]."""
        d = self.decoder
        x = F.embedding(ids, embedding)
        if d.positions is not None:
            x = x + self._tensor(d.positions)[: ids.shape[1]]
        if d.embedding_norm is not None:
            x = self._normalize(x, d.embedding_norm)
        for index, block in enumerate(d.blocks):
            x = self._block(weights, block, index, x)
        if d.final_norm is not None:
            x = self._normalize(x, d.final_norm)
        logits = self._linear(x, weights["head", 0], d.head)
        return _capped(logits, d.logit_softcap)

    def _tensor(self, array: np.ndarray) -> Tensor:
        """The tensor over an array of the decoder, which lives as long as it."""
        return self.arrays.setdefault(id(array), torch.from_numpy(np.ascontiguousarray(array, np.float32)))

    def _linear(self, x: Tensor, weight: Tensor, layer: Linear) -> Tensor:
        return F.linear(x, weight, None if layer.bias is None else self._tensor(layer.bias))

    def _normalize(self, x: Tensor, norm: Norm) -> Tensor:
        if norm.kind == "layer":
            x = x - x.mean(-1, keepdim=True)
        y = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + norm.eps)
        if norm.gain is not None:
            y = y * self._tensor(norm.gain)
        return y if norm.bias is None else y + self._tensor(norm.bias)

    def _block(self, weights: Weights, block: Block, index: int, x: Tensor) -> Tensor:
        h = self._normalize(x, block.attention_norm)
        mixed = self._attend(weights, block.attention, index, h)
        mixed = self._linear(mixed, weights["o", index], block.attention.o)
        if block.attention_post_norm is not None:
            mixed = self._normalize(mixed, block.attention_post_norm)
        after = x + mixed
        if block.mlp_norm is not None:
            h = self._normalize(x if block.parallel else after, block.mlp_norm)
        out = self._linear(self._hidden(weights, block.mlp, index, h), weights["down", index], block.mlp.down)
        if block.mlp_post_norm is not None:
            out = self._normalize(out, block.mlp_post_norm)
        return after + out

    def _attend(self, weights: Weights, a: Attention, index: int, h: Tensor) -> Tensor:
        def heads(name: str, layer: Linear) -> Tensor:
            return self._linear(h, weights[name, index], layer).unflatten(-1, (-1, a.head_dim)).transpose(1, 2)

        q, k, v = heads("q", a.q), heads("k", a.k), heads("v", a.v)
        if a.q_norm is not None:
            q = self._normalize(q, a.q_norm)
        if a.k_norm is not None:
            k = self._normalize(k, a.k_norm)
        if a.rope is not None:
            q, k = _rotate(q, a.rope), _rotate(k, a.rope)
        k, v = (t.repeat_interleave(a.heads // a.kv_heads, 1) for t in (k, v))
        if a.plain:
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=a.scale)
        else:
            score = _capped(q @ k.transpose(2, 3) * a.scale, a.softcap)
            mixed = (score + torch.from_numpy(score_bias(a, h.shape[1]))).softmax(-1) @ v
        return mixed.transpose(1, 2).flatten(2)

    def _hidden(self, weights: Weights, mlp: Mlp, index: int, h: Tensor) -> Tensor:
        up = self._linear(h, weights["up", index], mlp.up)
        if mlp.gate is None:
            return _activate(up, mlp.activation)
        return _activate(self._linear(h, weights["gate", index], mlp.gate), mlp.activation) * up


def _capped(x: Tensor, cap: float | None) -> Tensor:
    return x if cap is None else cap * torch.tanh(x / cap)


def _rotate(x: Tensor, rope: Rope) -> Tensor:
    cos, sin = (torch.from_numpy(t.astype(np.float32)) for t in rope_tables(rope, x.shape[2]))
    half = len(rope.inv_freq)
    turned, unturned = x[..., : 2 * half], x[..., 2 * half :]
    if rope.interleaved:
        first, second = turned[..., 0::2], turned[..., 1::2]
    else:
        first, second = turned[..., :half], turned[..., half:]
    a, b = first * cos - second * sin, second * cos + first * sin
    turned = torch.stack([a, b], -1).flatten(-2) if rope.interleaved else torch.cat([a, b], -1)
    return torch.cat([turned, unturned], -1)


def _activate(x: Tensor, kind: str) -> Tensor:
    if kind == "gelu":
        return F.gelu(x)
    if kind == "gelu_tanh":
        return F.gelu(x, approximate="tanh")
    return F.silu(x) if kind == "silu" else F.relu(x) ** DEGREES[kind]
