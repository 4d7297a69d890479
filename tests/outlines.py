# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Small decoders of every wiring, for fixtures and tests."""

from __future__ import annotations

from dataclasses import replace

from hardwire.chip import Shape, Wiring
from hardwire.quantize import Outline

TINY = Shape(vocab=40, dim=16, layers=2, heads=2, kv_heads=1, head_dim=8, hidden=48, context=24, rotary=8)

# LayerNorm, learned positions, a plain MLP, and biases everywhere; two heads over each KV head.
GPT = Outline(
    Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=2, head_dim=6, hidden=52, context=24, rotary=0),
    Wiring(gated=False, positions=True),
    "gelu_tanh",
    "layer",
    affine=True,
)
# A norm behind the embedding and none in front of the head; ReLU.
MICRO = Outline(
    Shape(vocab=27, dim=16, layers=1, heads=4, kv_heads=4, head_dim=4, hidden=64, context=16, rotary=0),
    Wiring(gated=False, positions=True, embedding_norm=True, final_norm=False),
    "relu",
)
# Rotary positions and a gate, with biases.
BIASED = Outline(
    Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=2, head_dim=6, hidden=36, context=24, rotary=4), affine=True
)

# What format version 3 of a chip added, by the models that have it.
_SMALL = Shape(vocab=40, dim=24, layers=2, heads=4, kv_heads=2, head_dim=6, hidden=36, context=24, rotary=6)
MISTRAL = Outline(_SMALL, Wiring(windows=(5, 0)))
QWEN3 = Outline(_SMALL, Wiring(renorms=("q", "k")), affine=True)
NEOX = Outline(replace(_SMALL, rotary=2), Wiring(gated=False, parallel=True), "gelu", "layer", affine=True)
GEMMA2 = Outline(
    _SMALL,
    Wiring(score_cap=True, logit_cap=True, windows=(5, 0), renorms=("attention", "mlp")),
    "gelu_tanh",
)
GEMMA3 = Outline(
    replace(_SMALL, layers=4),
    Wiring(windows=(5, 0, 5, 0), rope=(0, 1, 0, 2), renorms=("q", "k", "attention", "mlp")),
    "gelu_tanh",
)
