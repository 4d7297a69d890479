# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which decoders the chip's arithmetic covers, said part by part."""

from __future__ import annotations

from ..decoder import Block, Decoder, Norm
from ..errors import QuantizeError
from ..parts import PARTS
from .center import goes_into_the_table


def require_supported(decoder: Decoder) -> None:
    """Raise QuantizeError naming the first part that the chip does not have."""
    before, last = None if goes_into_the_table(decoder) else decoder.embedding_norm, decoder.final_norm
    layer_norms = any(norm is not None and norm.kind == "layer" for norm in (decoder.blocks[0].attention_norm, before))
    reasons = [
        reason
        for missing, reason in (
            (before is not None and layer_norms, "norm behind the embedding where there is LayerNorm"),
            (before is not None and before.bias is not None, "bias in the norm behind the embedding"),
            (
                before is not None and before.gain is not None and before.gain.min() < 0,
                "negative gain in the norm behind the embedding",
            ),
            (last is None and layer_norms, "LayerNorm without one in front of the head"),
        )
        if missing
    ]
    for index, block in enumerate(decoder.blocks):
        reasons += [f"layer {index}: {reason}" for reason in _unsupported_parts(block, decoder)]
    reasons += [f"at the ends: {reason}" for reason in _odd_norms(decoder, [before, last])]
    reasons += [reason for part in PARTS for reason in part.lacks(decoder)]
    if reasons:
        raise QuantizeError(
            f"the chip has no {reasons[0].split(': ')[-1]} ({'; '.join(reasons[:4])}); it takes decoders of "
            "pre-norm blocks: RMSNorm or LayerNorm, rotary or learned positions, gated or plain MLP"
        )


def _odd_norms(decoder: Decoder, norms: list[Norm | None]) -> list[str]:
    """What these norms have that the first one of the decoder does not."""
    first = decoder.blocks[0].attention_norm
    present = [norm for norm in norms if norm is not None]
    checks = (
        (any(norm.kind != first.kind for norm in present), "norm of another kind than the first"),
        (any(norm.eps != first.eps for norm in present), "norm with an epsilon of its own"),
    )
    return [reason for missing, reason in checks if missing]


def _unsupported_parts(block: Block, decoder: Decoder) -> list[str]:
    a, first = block.attention, decoder.blocks[0]
    head_norms, behind = (a.q_norm, a.k_norm), (block.attention_post_norm, block.mlp_post_norm)
    turned = {len(other.attention.rope.inv_freq) for other in decoder.blocks if other.attention.rope is not None}
    checks = (
        (any(n is not None and n.kind == "layer" for n in head_norms), "LayerNorm of queries or keys"),
        (any(n is not None and n.kind == "layer" for n in behind), "LayerNorm behind a branch"),
        (any(n is not None and n.bias is not None for n in (*head_norms, *behind)), "bias in a norm inside a layer"),
        (
            first.attention_norm.kind == "layer" and any(n is not None for n in behind),
            "norm behind a branch where there is LayerNorm",
        ),
        (len(turned) > 1, "number of rotated dimensions that differs between layers"),
        (_outline(block) != _outline(first), "layer of another shape than the first"),
    )
    return [reason for missing, reason in checks if missing] + _odd_norms(
        decoder, [block.attention_norm, block.mlp_norm]
    )


def _outline(block: Block) -> tuple[object, ...]:
    a, m = block.attention, block.mlp
    parts = (part.outline(block) for part in PARTS)
    return a.heads, a.kv_heads, a.head_dim, m.up.weight.shape, m.activation, *parts
