# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which decoders the chip's arithmetic covers, said part by part."""

from __future__ import annotations

from ..decoder import Block, Decoder
from ..errors import QuantizeError


def require_supported(decoder: Decoder) -> None:
    """Raise QuantizeError naming the first part that the chip does not have."""
    reasons = [
        reason
        for missing, reason in (
            (decoder.positions is not None, "learned position embeddings"),
            (decoder.embedding_norm is not None, "a norm behind the embedding"),
            (decoder.logit_softcap is not None, "a soft cap on the logits"),
            (decoder.head.bias is not None, "a bias in the head"),
            (decoder.final_norm.kind != "rms" or decoder.final_norm.bias is not None, "a LayerNorm before the head"),
        )
        if missing
    ]
    for index, block in enumerate(decoder.blocks):
        reasons += [f"layer {index}: {reason}" for reason in _unsupported_parts(block, decoder)]
    if reasons:
        raise QuantizeError(
            f"the chip has no {reasons[0].split(': ')[-1]} ({'; '.join(reasons[:4])}); "
            "it takes Llama-like decoders: RMSNorm, rotary positions, gated MLP, no biases"
        )


def _unsupported_parts(block: Block, decoder: Decoder) -> list[str]:
    a, m, first = block.attention, block.mlp, decoder.blocks[0]
    norms = [n for n in (block.attention_norm, block.mlp_norm) if n is not None]
    linears = [a.q, a.k, a.v, a.o, m.up, m.down, *([m.gate] if m.gate else [])]
    checks = (
        (block.parallel or block.mlp_norm is None, "parallel attention and MLP"),
        (block.attention_post_norm is not None or block.mlp_post_norm is not None, "norm behind a branch"),
        (any(n.kind != "rms" or n.bias is not None for n in norms), "LayerNorm"),
        (any(n.eps != decoder.final_norm.eps for n in norms), "norm with an epsilon of its own"),
        (a.q_norm is not None or a.k_norm is not None, "norm of queries or keys"),
        (a.rope is None, "attention without rotary positions"),
        (a.softcap is not None, "soft cap on attention scores"),
        (a.window is not None and a.window < decoder.context, f"sliding window of {a.window} positions"),
        (m.gate is None, "MLP without a gate"),
        (any(linear.bias is not None for linear in linears), "bias in a projection"),
        (
            (a.heads, a.kv_heads, a.head_dim, m.up.weight.shape, m.activation)
            != (
                first.attention.heads,
                first.attention.kv_heads,
                first.attention.head_dim,
                first.mlp.up.weight.shape,
                first.mlp.activation,
            ),
            "layer of another shape than the first",
        ),
    )
    return [reason for missing, reason in checks if missing]
