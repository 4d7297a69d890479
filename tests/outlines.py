# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Small decoders of every wiring, and their integers, for fixtures and tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hardwire.chip.model import Chip, Shape, Wiring
from hardwire.chip.mould import Mould
from hardwire.decoder import Decoder, forward
from hardwire.plan.geometry import Geometry
from hardwire.plan.widths import accumulator_bits
from hardwire.proof.verify import BOUND_MARGIN
from hardwire.quality.evaluate import integer_logits
from hardwire.quantize import Options, Outline, quantize, random_decoder

TINY = Shape(vocab=40, dim=16, layers=2, heads=2, kv_heads=1, head_dim=8, hidden=48, context=24, rotary=8)

# LayerNorm, learned positions, a plain MLP, and biases everywhere; two heads over each KV head.
GPT = Outline(
    shape=Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=2, head_dim=6, hidden=52, context=24, rotary=0),
    wiring=Wiring(gated=False, positions=True),
    activation="gelu_tanh",
    norm="layer",
    affine=True,
)
# A norm behind the embedding and none in front of the head; ReLU.
MICRO = Outline(
    shape=Shape(vocab=27, dim=16, layers=1, heads=4, kv_heads=4, head_dim=4, hidden=64, context=16, rotary=0),
    wiring=Wiring(gated=False, positions=True, embedding_norm=True, final_norm=False),
    activation="relu",
)
# Squared ReLU and no gain anywhere, as in nanochat: norms of heads, caps of logits.
NANOCHAT = Outline(
    shape=Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=2, head_dim=6, hidden=52, context=24, rotary=6),
    wiring=Wiring(gated=False, logit_cap=True, renorms=("q", "k")),
    activation="relu2",
)
# A bias for the distance in place of positions, as in BLOOM and MPT.
BLOOM = Outline(
    shape=Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=4, head_dim=6, hidden=52, context=24, rotary=0),
    wiring=Wiring(gated=False, alibi=True),
    activation="gelu_tanh",
    norm="layer",
    affine=True,
)
# Rotary positions and a gate, with biases.
BIASED = Outline(
    shape=Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=2, head_dim=6, hidden=36, context=24, rotary=4),
    affine=True,
)

# What format version 3 of a chip added, by the models that have it.
_SMALL = Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=2, head_dim=6, hidden=36, context=24, rotary=6)
MISTRAL = Outline(shape=_SMALL, wiring=Wiring(windows=(5, 0)))
SMOLLM3 = Outline(shape=replace(_SMALL, rotary=4), wiring=Wiring(rope=(0, 1)))
QWEN3 = Outline(shape=_SMALL, wiring=Wiring(renorms=("q", "k")), affine=True)
QWEN3_SHARED = replace(QWEN3, shape=replace(_SMALL, heads=4, kv_heads=4, head_dim=4, rotary=4))  # heads of one read
NEOX = Outline(
    shape=replace(_SMALL, rotary=2),
    wiring=Wiring(gated=False, parallel=True),
    activation="gelu",
    norm="layer",
    affine=True,
)
GEMMA2 = Outline(
    shape=_SMALL,
    wiring=Wiring(score_cap=True, logit_cap=True, windows=(5, 0), renorms=("attention", "mlp")),
    activation="gelu_tanh",
)
GEMMA3 = Outline(
    shape=replace(_SMALL, layers=4),
    wiring=Wiring(windows=(5, 0, 5, 0), rope=(0, 1, 0, 2), renorms=("q", "k", "attention", "mlp")),
    activation="gelu_tanh",
)
# Whatever can stand beside the rest: both kinds of positions, all norms but the head's, both caps.
EVERYTHING = Outline(
    shape=replace(_SMALL, layers=3, rotary=4),
    wiring=Wiring(
        gated=False,
        positions=True,
        embedding_norm=True,
        final_norm=False,
        parallel=True,
        score_cap=True,
        logit_cap=True,
        windows=(5, 0, 7),
        rope=(1, 0, 1),
        renorms=("q", "k", "attention", "mlp"),
    ),
    activation="gelu",
    affine=True,
)


EVERY = {
    "llama": Outline(shape=TINY, affine=True), "gpt": GPT, "micro": MICRO, "biased": BIASED, "mistral": MISTRAL,
    "qwen3": QWEN3, "nanochat": NANOCHAT, "bloom": BLOOM, "neox": NEOX, "gemma2": GEMMA2, "gemma3": GEMMA3,
}  # fmt: skip

# An op is proved by a row here: integers near floats, and a small random chip whose HLS, and whose RTL of this
# geometry, equal the reference in every stage.
PROOFS = {
    "relu2": (NANOCHAT, Geometry(columns=4, rows=4, depth=3, terms=2, banks=5, trace=True)),
    "alibi": (BLOOM, Geometry(columns=12, rows=12, depth=3, terms=4, banks=5, divides=3, trace=True)),
}


def texts(outline: Outline, seed: int, rows: int) -> np.ndarray:
    """Random ids [rows, context]."""
    return np.random.default_rng(seed).integers(0, outline.shape.vocab, (rows, outline.shape.context))


def quantized(outline: Outline, weights: int) -> tuple[Decoder, Chip]:
    """A random decoder, and what calibration on random texts makes of it."""
    decoder, length = random_decoder(outline, 2), outline.shape.context
    options = Options(weights=weights, tokens=48 * length, length=length)
    chip = quantize(decoder, texts(outline, 4, 48).tolist(), options)
    assert chip.wiring == outline.wiring and chip.about["parameters"] == decoder.parameters
    return decoder, chip


def poured_into(first: Chip, outline: Outline, seed: int = 17) -> Chip:
    """A chip of other weights that goes into the first one's bitstream, its file too."""
    vocab, length = first.shape.vocab, first.shape.context
    stories = [row.tolist() for row in np.random.default_rng(seed).integers(0, vocab, (8, length))]
    options = Options(
        rounding="plain",
        tokens=8 * length,
        length=length,
        widen=False,
        like=Mould.of(first),
        sums=accumulator_bits(first),
        shifts=(first.score_shift, first.value_shift),
    )
    return quantize(random_decoder(outline, seed), stories, options)


def check_bound(decoder: Decoder, chip: Chip, held_out: np.ndarray, relative: float) -> None:
    """The integers' rms error on texts that calibration did not see: within what it recorded, and ``relative``."""
    exact = forward(decoder, held_out)
    rows = np.sqrt(np.square(integer_logits(chip, held_out) - exact).mean((1, 2)))
    assert rows.max() <= BOUND_MARGIN * chip.about["logit_error"]["largest_row"]
    assert rows.max() <= relative * np.sqrt(np.square(exact).mean())
