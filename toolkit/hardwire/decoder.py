# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The float model: what the importer produces and the quantizer consumes, and its reference on one page.

Shapes: B batch, T tokens, D model width, H query heads, G key/value heads, C head_dim, F hidden width,
V vocabulary. Every weight is ``[out, in]`` float32, applied as ``x @ weight.T``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Activation = Literal["silu", "gelu", "gelu_tanh", "relu", "relu2"]
DEGREES: dict[str, int] = {"relu": 1, "relu2": 2}  # of activations that scale: 0 below 0, and act(s x) = s**n act(x)
Observer = Callable[[str, Array], None]


@dataclass(frozen=True)
class Norm:
    """RMSNorm or LayerNorm over the last axis; ``gain`` and ``bias`` are [D] or absent."""

    kind: Literal["rms", "layer"]
    eps: float
    gain: Array | None = None
    bias: Array | None = None


@dataclass(frozen=True)
class Linear:
    """``x @ weight.T + bias``; weight [out, in], bias [out] or absent."""

    weight: Array
    bias: Array | None = None


@dataclass(frozen=True)
class Rope:
    """Rotary position embedding on the first ``2 * len(inv_freq)`` dimensions of each head.

    ``inv_freq`` is in radians per position; ``amplitude`` scales both tables (YaRN-like variants);
    ``interleaved`` pairs dimensions (0, 1), (2, 3)...; otherwise i pairs with i + len(inv_freq).
    """

    inv_freq: NDArray[np.float64]
    interleaved: bool = False
    amplitude: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Causal self-attention. ``window`` keeps the last ``window`` positions, the current one included."""

    q: Linear  # [H * C, D]
    k: Linear  # [G * C, D]
    v: Linear  # [G * C, D]
    o: Linear  # [D, H * C]
    heads: int
    kv_heads: int
    head_dim: int
    scale: float  # multiplies q . k; usually head_dim ** -0.5
    rope: Rope | None = None
    window: int | None = None
    q_norm: Norm | None = None  # over head_dim, before RoPE
    k_norm: Norm | None = None
    softcap: float | None = None
    alibi: Array | None = None  # [H], slopes: of a key that is d positions back, d times its head's less score

    @property
    def plain(self) -> bool:
        """Whether scores go into the softmax as they are, but for those of the future."""
        return self.softcap is None and self.window is None and self.alibi is None


@dataclass(frozen=True)
class Mlp:
    """``down(act(gate(x)) * up(x))``, or ``down(act(up(x)))`` where there is no gate."""

    up: Linear  # [F, D]
    down: Linear  # [D, F]
    activation: Activation
    gate: Linear | None = None  # [F, D]


@dataclass(frozen=True, kw_only=True)
class Block:
    """One layer. ``parallel`` adds attention and MLP of the same input (Phi, GPT-NeoX)."""

    attention_norm: Norm
    attention: Attention
    mlp: Mlp
    mlp_norm: Norm | None  # None: a parallel block whose MLP shares attention_norm
    parallel: bool = False
    attention_post_norm: Norm | None = None  # Gemma 2 and 3: on the branch, before the residual add
    mlp_post_norm: Norm | None = None


@dataclass(frozen=True, kw_only=True)
class Decoder:
    """A decoder-only language model, as plain data."""

    embedding: Array  # [V, D], any constant multiplier already applied
    blocks: tuple[Block, ...]
    final_norm: Norm | None  # None: the head reads the residual stream as it is
    head: Linear  # [V, D]
    context: int  # positions the model was made for
    positions: Array | None = None  # [context, D] learned position embedding, added to the token's
    embedding_norm: Norm | None = None  # a norm right behind the embedding
    logit_softcap: float | None = None
    architecture: str = "decoder"  # what the wiring looks like: "llama", "gpt2", ...
    tied: bool = False  # head.weight equals the embedding

    @property
    def vocab(self) -> int:
        return int(self.embedding.shape[0])

    @property
    def dim(self) -> int:
        return int(self.embedding.shape[1])

    @property
    def parameters(self) -> int:
        """Stored numbers, a tied embedding counted once."""
        total = sum(a.size for a in _arrays(self))
        return total - (self.head.weight.size if self.tied else 0)


def _arrays(node: object) -> list[NDArray[np.generic]]:
    """Every weight array below a dataclass, RoPE tables left out."""
    if isinstance(node, np.ndarray):
        return [node]
    if isinstance(node, Rope):
        return []
    if isinstance(node, tuple):
        return [a for item in node for a in _arrays(item)]
    if hasattr(node, "__dataclass_fields__"):
        return [a for name in node.__dataclass_fields__ for a in _arrays(getattr(node, name))]
    return []


# ---------------------------------------------------------------------------------------------------
# The float reference.


def _ignore(name: str, value: Array) -> None:
    """The observer that watches nothing."""


def forward(decoder: Decoder, ids: NDArray[np.integer], observe: Observer = _ignore) -> Array:
    """Logits [B, T, V] of token ids [B, T], positions 0 to T - 1.

    ``observe(stage, value)`` sees the values that the integer model quantises: per layer ``n`` the
    stages ``L{n}.attn_norm``, ``L{n}.q``, ``L{n}.k`` (rotated), ``L{n}.v``, ``L{n}.attn``,
    ``L{n}.attn_x``, ``L{n}.mlp_norm``, ``L{n}.gate``, ``L{n}.up``, ``L{n}.hidden``, ``L{n}.x``,
    and around them ``embed``, ``final_norm``, ``logits``. In front of a norm of a branch or of heads stand
    ``L{n}.attention_raw``, ``L{n}.mlp_raw``, ``L{n}.q_raw``, ``L{n}.k_raw``; ``embedding_raw`` in front of
    a norm behind the embedding, ``logits_raw`` in front of a soft cap.
    """
    x = forward_embedding(decoder, ids, observe)
    for index, block in enumerate(decoder.blocks):
        x = forward_block(block, x, f"L{index}", observe)
    return forward_head(decoder, x, observe)


def forward_embedding(decoder: Decoder, ids: NDArray[np.integer], observe: Observer = _ignore) -> Array:
    """The residual stream [B, T, D] in front of the first layer."""
    x = decoder.embedding[ids]
    if decoder.positions is not None:
        x = x + decoder.positions[: ids.shape[1]]
    if decoder.embedding_norm is not None:
        observe("embedding_raw", x)
        x = normalize(x, decoder.embedding_norm)
    observe("embed", x)
    return x


def forward_head(decoder: Decoder, x: Array, observe: Observer = _ignore) -> Array:
    """Logits [B, T, V] of the last layer's residual stream."""
    if decoder.final_norm is not None:
        x = normalize(x, decoder.final_norm)
    observe("final_norm", x)
    logits = linear(x, decoder.head)
    if decoder.logit_softcap is not None:
        observe("logits_raw", logits)
        logits = decoder.logit_softcap * np.tanh(logits / decoder.logit_softcap)
    observe("logits", logits)
    return logits


def forward_block(block: Block, x: Array, stage: str = "", observe: Observer = _ignore) -> Array:
    """The residual stream [B, T, D] behind one layer; its stages are ``{stage}.q`` and so on."""
    h = normalize(x, block.attention_norm)
    observe(f"{stage}.attn_norm", h)
    mixed = linear(attend(block.attention, h, stage, observe), block.attention.o)
    if block.attention_post_norm is not None:
        observe(f"{stage}.attention_raw", mixed)
        mixed = normalize(mixed, block.attention_post_norm)
    after = x + mixed
    observe(f"{stage}.attn_x", after)
    if not block.parallel or block.mlp_norm is not None:
        assert block.mlp_norm is not None, "a sequential block has an MLP norm"
        h = normalize(x if block.parallel else after, block.mlp_norm)
    observe(f"{stage}.mlp_norm", h)
    out = linear(_hidden(block.mlp, h, stage, observe), block.mlp.down)
    if block.mlp_post_norm is not None:
        observe(f"{stage}.mlp_raw", out)
        out = normalize(out, block.mlp_post_norm)
    x = after + out
    observe(f"{stage}.x", x)
    return x


def attend(a: Attention, h: Array, stage: str = "", observe: Observer = _ignore) -> Array:
    """Mixed values [B, T, H * C] of normalised input [B, T, D], before the output projection."""
    length = h.shape[1]
    q, k, v = (split_heads(linear(h, m), a.head_dim) for m in (a.q, a.k, a.v))  # [B, heads, T, C]
    if a.q_norm is not None:
        observe(f"{stage}.q_raw", q)
        q = normalize(q, a.q_norm)
    if a.k_norm is not None:
        observe(f"{stage}.k_raw", k)
        k = normalize(k, a.k_norm)
    if a.rope is not None:
        q, k = rotate(q, a.rope), rotate(k, a.rope)
    for name, value in (("q", q), ("k", k), ("v", v)):
        observe(f"{stage}.{name}", value)
    k, v = (np.repeat(t, a.heads // a.kv_heads, axis=1) for t in (k, v))
    score = (q @ k.swapaxes(2, 3)) * np.float32(a.scale)  # [B, H, T, T]
    if a.softcap is not None:
        score = a.softcap * np.tanh(score / a.softcap)
    score = score + score_bias(a, length)
    weight = np.exp(score - score.max(-1, keepdims=True))
    weight /= weight.sum(-1, keepdims=True)
    mixed = (weight @ v).swapaxes(1, 2).reshape(*h.shape[:2], -1)
    observe(f"{stage}.attn", mixed)
    return mixed


def _hidden(mlp: Mlp, h: Array, stage: str, observe: Observer) -> Array:
    up = linear(h, mlp.up)
    observe(f"{stage}.up", up)
    if mlp.gate is None:
        hidden = activate(up, mlp.activation)
    else:
        gate = linear(h, mlp.gate)
        observe(f"{stage}.gate", gate)
        hidden = activate(gate, mlp.activation) * up
    observe(f"{stage}.hidden", hidden)
    return hidden


def linear(x: Array, layer: Linear) -> Array:
    """x [..., in] times the weight [out, in], plus the bias where there is one: [..., out]."""
    y = x @ layer.weight.T
    return y if layer.bias is None else y + layer.bias


def normalize(x: Array, norm: Norm) -> Array:
    """RMSNorm (Zhang and Sennrich, 2019) or LayerNorm (Ba et al., 2016) over the last axis."""
    if norm.kind == "layer":
        x = x - x.mean(-1, keepdims=True)
    y = x / np.sqrt(np.square(x).mean(-1, keepdims=True) + np.float32(norm.eps))
    if norm.gain is not None:
        y = y * norm.gain
    return y if norm.bias is None else y + norm.bias


def split_heads(x: Array, head_dim: int) -> Array:
    """[B, T, heads * C] to [B, heads, T, C]."""
    return x.reshape(*x.shape[:2], -1, head_dim).swapaxes(1, 2)


def rope_tables(rope: Rope, length: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """cos and sin, each [length, R / 2] with R rotated dimensions."""
    angle = np.outer(np.arange(length), rope.inv_freq)
    return rope.amplitude * np.cos(angle), rope.amplitude * np.sin(angle)


def rotate(x: Array, rope: Rope) -> Array:
    """Rotary position embedding (Su et al., 2021) of x [B, heads, T, C] at positions 0 to T - 1."""
    cos, sin = (t.astype(np.float32) for t in rope_tables(rope, x.shape[2]))
    half = len(rope.inv_freq)
    turned, unturned = x[..., : 2 * half], x[..., 2 * half :]
    if rope.interleaved:
        first, second = turned[..., 0::2], turned[..., 1::2]
    else:
        first, second = turned[..., :half], turned[..., half:]
    a, b = first * cos - second * sin, second * cos + first * sin
    if rope.interleaved:
        turned = np.stack([a, b], axis=-1).reshape(turned.shape)
    else:
        turned = np.concatenate([a, b], axis=-1)
    return np.concatenate([turned, unturned], axis=-1)


def visible(length: int, window: int | None) -> NDArray[np.bool_]:
    """[T, T] mask: may query row i see key column j?"""
    behind = np.arange(length)[:, None] - np.arange(length)
    return (behind >= 0) & (behind < (window or length))


def score_bias(a: Attention, length: int) -> Array:
    """[1 or H, T, T], what is added to scores: minus infinity where a query does not see, ALiBi where it does."""
    slopes = np.zeros(1, np.float32) if a.alibi is None else a.alibi
    bias: Array = (-slopes[:, None, None] * (np.arange(length)[:, None] - np.arange(length))).astype(np.float32)
    bias[..., ~visible(length, a.window)] = -np.inf
    return bias


def activate(x: Array, kind: Activation) -> Array:
    """The activation of x [...], element by element."""
    if kind in DEGREES:  # relu2: squared ReLU (So et al., 2021)
        above: Array = np.maximum(x, 0)
        return above if DEGREES[kind] == 1 else np.square(above)
    if kind == "silu":
        return x / (1 + np.exp(-x))
    if kind == "gelu_tanh":  # Hendrycks and Gimpel, 2016, the tanh form
        return 0.5 * x * (1 + np.tanh(np.float32(0.7978845608) * (x + np.float32(0.044715) * x**3)))
    return 0.5 * x * (1 + erf(x * np.float32(0.70710678)))


def erf(x: Array) -> Array:
    """Error function, absolute error below 1.5e-7 (Abramowitz and Stegun, 7.1.26), in float64."""
    t = 1 / (1 + 0.3275911 * np.abs(x).astype(np.float64))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return (np.sign(x) * (1 - series * np.exp(-np.square(x, dtype=np.float64)))).astype(np.float32)
