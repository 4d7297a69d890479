# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Decoders and chips with random weights, for hardware work and for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..chip.model import Chip, Shape, Wiring
from ..decoder import Activation, Attention, Block, Decoder, Linear, Mlp, Norm, Rope
from ..parts import present
from .options import Options
from .quantizer import quantize

EPS = 1e-5
BASES = (10000.0, 100.0)
AFFINE = 0.1  # spread of random gains around 1, and of random biases around 0


@dataclass(frozen=True)
class Outline:
    """What a decoder is made of, its weights apart. As it stands: Llama-like."""

    shape: Shape
    wiring: Wiring = Wiring()
    activation: Activation = "silu"
    norm: Literal["rms", "layer"] = "rms"
    affine: bool = False  # gains in norms, and biases in norms and in every projection but the head


def random_decoder(outline: Outline, seed: int) -> Decoder:
    """A float decoder of this outline, not trained."""
    draw, s, wiring = np.random.default_rng(seed), outline.shape, outline.wiring

    def vector(size: int, around: float) -> np.ndarray | None:
        return np.float32(around) + np.float32(AFFINE) * draw.standard_normal(size, np.float32)

    def linear(rows: int, columns: int, biased: bool = outline.affine) -> Linear:
        weight = draw.standard_normal((rows, columns), np.float32) * np.float32(columns**-0.5)
        return Linear(weight, vector(rows, 0) if biased else None)

    def norm() -> Norm:
        gain, bias = (vector(s.dim, 1), vector(s.dim, 0)) if outline.affine else (None, None)
        return Norm(outline.norm, EPS, gain, bias)

    def inner(name: str, size: int) -> Norm | None:
        if name not in wiring.renorms:
            return None
        gain = 1 + np.float32(AFFINE) * draw.standard_normal(size, np.float32)
        return Norm("rms", EPS, np.where(draw.random(size) < 0.5, gain, -gain))  # gains of either sign

    def block(index: int) -> Block:
        rope = turns[wiring.rope[index]] if wiring.rope else turns[0]
        q, k, v = (linear(n, s.dim) for n in (s.query_rows, s.kv_rows, s.kv_rows))
        o = linear(s.dim, s.query_rows)
        heads = Attention(
            q, k, v, o, s.heads, s.kv_heads, s.head_dim, s.head_dim**-0.5, rope,
            (wiring.windows[index] or None) if wiring.windows else None,
            inner("q", s.head_dim), inner("k", s.head_dim),
        )  # fmt: skip
        up, down = linear(s.hidden, s.dim), linear(s.dim, s.hidden)
        mlp = Mlp(up, down, outline.activation, linear(s.hidden, s.dim) if wiring.gated else None)
        behind = inner("attention", s.dim), inner("mlp", s.dim)
        return Block(norm(), heads, mlp, norm(), wiring.parallel, *behind)

    steps = np.arange(0, s.rotary, 2) / s.rotary if s.rotary else None
    turns = [None if steps is None else Rope(BASES[n % len(BASES)] ** -steps) for n in range(wiring.rope_sets)]
    if wiring.rope:
        turns[-1] = None  # layers of the last set are not turned
    decoder = Decoder(
        draw.standard_normal((s.vocab, s.dim), np.float32),
        tuple(block(index) for index in range(s.layers)),
        norm() if wiring.final_norm else None,
        linear(s.vocab, s.dim, biased=False),
        s.context,
        positions=draw.standard_normal((s.context, s.dim), np.float32) if wiring.positions else None,
        embedding_norm=Norm("rms", EPS) if wiring.embedding_norm else None,
        architecture="random",
    )
    for part in present(wiring):
        decoder = part.invent(decoder)
    return decoder


def random_chip(outline: Outline | Shape, seed: int, options: Options = Options(rounding="plain")) -> Chip:
    """A chip with random weights and the usual formats: as quantize would make it of a decoder that is not trained."""
    if isinstance(outline, Shape):
        outline = Outline(outline)
    length = min(32, outline.shape.context)
    stories = np.random.default_rng([seed, 1]).integers(0, outline.shape.vocab, (4, length)).tolist()
    options = replace(options, tokens=4 * length, length=length, widen=False)
    return quantize(random_decoder(outline, seed), stories, options, about={"seed": seed})
