# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Small decoders of every wiring, for fixtures and tests."""

from __future__ import annotations

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
