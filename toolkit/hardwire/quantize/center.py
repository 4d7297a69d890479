# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""LayerNorm, and what a norm adds, folded into the matrices: the chip has RMSNorm without a bias only.

LayerNorm ignores the mean of its input. Where every reader of the residual stream is one, each writer may leave the
mean out, and LayerNorm of a stream without a mean is RMSNorm of it (SliceGPT, Ashkboos et al., 2024).

Three biases need no hardware of their own. A norm's ``b`` makes the matrix behind it add ``W b``. A bias of the values
is mixed with weights that sum to one, so it is the output projection that may add it; the chip's weights are rounded,
but divided by their own sum, so nothing is lost by it. A bias of the keys, without rotary positions, norm or
soft cap, adds the same to every score of a query, which softmax does not see.

LayerNorm behind the embedding sees nothing but a row of its table where no positions are added: it goes into the table
(BLOOM).

A parallel block whose attention and MLP share a norm gets one for each: only its gain is left, which goes into the
matrices behind it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..decoder import Array, Attention, Block, Decoder, Linear, Norm, normalize


def fold_norms(decoder: Decoder) -> Decoder:
    """The same function with RMSNorm for LayerNorm, and biases in q, k (rotary only), o, up, gate, down and head only.

    requires: a decoder that ``require_supported`` takes. Stages on the residual stream lose their mean.
    """
    if goes_into_the_table(decoder):
        assert decoder.embedding_norm is not None
        table = normalize(decoder.embedding, decoder.embedding_norm)
        decoder = replace(decoder, embedding=table, embedding_norm=None, tied=False)
    if decoder.blocks[0].attention_norm.kind == "layer":
        decoder = _centred(decoder)
    blocks = tuple(_fold_block(block) for block in decoder.blocks)
    final_norm, head = decoder.final_norm, decoder.head
    if final_norm is not None:
        final_norm, head = _without_bias(final_norm), _shifted(head, final_norm)
    tied = decoder.tied and np.array_equal(head.weight, decoder.embedding)
    return replace(decoder, blocks=blocks, final_norm=final_norm, head=head, tied=tied)


def goes_into_the_table(decoder: Decoder) -> bool:
    """Whether the norm behind the embedding is a LayerNorm of the table's rows alone."""
    before = decoder.embedding_norm
    return before is not None and before.kind == "layer" and decoder.positions is None


def _centred(decoder: Decoder) -> Decoder:
    """No writer of the residual stream writes a mean; its readers are RMSNorm."""

    def writer(layer: Linear) -> Linear:
        bias = None if layer.bias is None else _less_mean(layer.bias, 0)
        return Linear(_less_mean(layer.weight, 0), bias)

    def reader(norm: Norm | None) -> Norm | None:
        return None if norm is None else replace(norm, kind="rms")

    blocks = tuple(
        replace(
            block,
            attention_norm=replace(block.attention_norm, kind="rms"),
            attention=replace(block.attention, o=writer(block.attention.o)),
            mlp=replace(block.mlp, down=writer(block.mlp.down)),
            mlp_norm=reader(block.mlp_norm),
        )
        for block in decoder.blocks
    )
    return replace(
        decoder,
        embedding=_less_mean(decoder.embedding, 1),
        positions=None if decoder.positions is None else _less_mean(decoder.positions, 1),
        blocks=blocks,
        final_norm=reader(decoder.final_norm),
    )


def _less_mean(x: Array, axis: int) -> Array:
    wide = x.astype(np.float64)
    return (wide - wide.mean(axis, keepdims=True)).astype(np.float32)


def _fold_block(block: Block) -> Block:
    attention, mlp = _fold_attention(block.attention, block.attention_norm), block.mlp
    before = block.attention_norm if block.parallel and block.mlp_norm is None else block.mlp_norm
    if before is not None:
        gate = None if mlp.gate is None else _shifted(mlp.gate, before)
        mlp = replace(mlp, up=_shifted(mlp.up, before), gate=gate)
    return replace(
        block,
        attention_norm=_without_bias(block.attention_norm),
        attention=attention,
        mlp=mlp,
        mlp_norm=None if before is None else _without_bias(before),
    )


def _fold_attention(a: Attention, before: Norm) -> Attention:
    q, k, v = (_shifted(linear, before) for linear in (a.q, a.k, a.v))
    if a.rope is None and a.k_norm is None and a.softcap is None:
        k = Linear(k.weight)
    o = a.o
    if v.bias is not None:
        mixed = np.repeat(v.bias.reshape(a.kv_heads, -1), a.heads // a.kv_heads, axis=0).reshape(-1)
        o, v = _with_more(o, o.weight.astype(np.float64) @ mixed), Linear(v.weight)
    return replace(a, q=q, k=k, v=v, o=o)


def _shifted(layer: Linear, before: Norm) -> Linear:
    """The layer that takes its input without the norm's bias."""
    return layer if before.bias is None else _with_more(layer, layer.weight.astype(np.float64) @ before.bias)


def _with_more(layer: Linear, bias: Array) -> Linear:
    total = bias if layer.bias is None else layer.bias + bias
    return Linear(layer.weight, total.astype(np.float32))


def _without_bias(norm: Norm) -> Norm:
    return replace(norm, bias=None)
