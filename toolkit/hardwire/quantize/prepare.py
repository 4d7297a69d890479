# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A decoder as the chip has it: the same function, with nothing left that costs hardware or quality for no reason.

After ``prepare`` norms are RMSNorm with neither gain nor bias (norms inside a layer keep a positive gain), rotary
dimensions pair as (i, i + R / 2), and, where it is asked for, residual stream and values are rotated.

**Rotation** (QuaRot, Ashkboos et al., 2024). A few channels of a trained residual stream are many times larger than the
rest, and a shared unit leaves the rest few steps. RMSNorm without gain commutes with an orthogonal matrix: with Q on
the output of every writer of the stream and its transpose on the input of every reader nothing changes but the basis,
in which no channel is large. The same is done to each value head, between V and O. Both are folded into the matrices.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..decoder import Array, Attention, Block, Decoder, Linear, Norm
from .center import fold_norms

Floats = NDArray[np.float64]

SIGNS_SEED = 17


def prepare(decoder: Decoder, rotated: bool = False) -> Decoder:
    """The same function in the chip's wiring.

    requires: a decoder that ``require_supported`` takes, and that ``can_rotate`` where it is to be rotated.
    """
    decoder = _fold_gains(fold_norms(decoder))
    return _rotated(decoder) if rotated else decoder


def can_rotate(decoder: Decoder) -> bool:
    """Whether the residual stream may be turned: no norm on a branch, whose gains are bound to its channels."""
    return all(block.attention_post_norm is None and block.mlp_post_norm is None for block in decoder.blocks) and (
        decoder.embedding_norm is None or decoder.embedding_norm.gain is None
    )


# ---------------------------------------------------------------------------------------------------
# Gains and order.


def _fold_gains(decoder: Decoder) -> Decoder:
    blocks = tuple(_fold_block(block) for block in decoder.blocks)
    head = _behind(decoder.head, decoder.final_norm)
    tied = decoder.tied and head.weight is decoder.head.weight
    return replace(decoder, blocks=blocks, head=head, final_norm=_plain(decoder.final_norm), tied=tied)


def _fold_block(block: Block) -> Block:
    a, mlp = block.attention, block.mlp
    q, k, v = (_behind(layer, block.attention_norm) for layer in (a.q, a.k, a.v))
    a = _half_split(replace(a, q=q, k=k, v=v))
    q_norm, q = _positive(a.q_norm, a.q, a.heads)
    k_norm, k = _positive(a.k_norm, a.k, a.kv_heads)
    attention_post, o = _positive(block.attention_post_norm, a.o, 1)
    mlp_post, down = _positive(block.mlp_post_norm, mlp.down, 1)
    gate = None if mlp.gate is None else _behind(mlp.gate, block.mlp_norm)
    return replace(
        block,
        attention_norm=replace(block.attention_norm, gain=None),
        attention=replace(a, q=q, k=k, o=o, q_norm=q_norm, k_norm=k_norm),
        mlp=replace(mlp, up=_behind(mlp.up, block.mlp_norm), gate=gate, down=down),
        mlp_norm=_plain(block.mlp_norm),
        attention_post_norm=attention_post,
        mlp_post_norm=mlp_post,
    )


def _plain(norm: Norm | None) -> Norm | None:
    return None if norm is None else replace(norm, gain=None)


def _behind(layer: Linear, norm: Norm | None) -> Linear:
    """The layer behind a norm, with the norm's gain in it."""
    return layer if norm is None or norm.gain is None else Linear(layer.weight * norm.gain, layer.bias)


def _half_split(a: Attention) -> Attention:
    """Rotary pairs (0, 1), (2, 3).. become (i, i + R / 2): rows of Q and K in another order, scores the same."""
    if a.rope is None or not a.rope.interleaved:
        return a
    half = len(a.rope.inv_freq)
    order = np.arange(a.head_dim)
    order[: 2 * half] = np.concatenate([np.arange(0, 2 * half, 2), np.arange(1, 2 * half, 2)])

    def rows(layer: Linear) -> Linear:
        index = np.arange(len(layer.weight)).reshape(-1, a.head_dim)[:, order].reshape(-1)
        return Linear(layer.weight[index], None if layer.bias is None else layer.bias[index])

    def gains(norm: Norm | None) -> Norm | None:
        return norm if norm is None or norm.gain is None else replace(norm, gain=norm.gain[order])

    rope = replace(a.rope, interleaved=False)
    return replace(a, q=rows(a.q), k=rows(a.k), q_norm=gains(a.q_norm), k_norm=gains(a.k_norm), rope=rope)


def _positive(norm: Norm | None, layer: Linear, groups: int) -> tuple[Norm | None, Linear]:
    """A norm behind a layer and that layer, the gains' signs moved into the rows: RMS does not see a sign."""
    if norm is None or norm.gain is None or norm.gain.min() >= 0:
        return norm, layer
    sign = np.tile(np.where(norm.gain < 0, -1, 1).astype(np.float32), groups)
    bias = None if layer.bias is None else layer.bias * sign
    return replace(norm, gain=np.abs(norm.gain)), Linear(layer.weight * sign[:, None], bias)


# ---------------------------------------------------------------------------------------------------
# Rotation.


def rotation(size: int) -> Floats:
    """An orthogonal matrix [size, size] that spreads each channel over all others as evenly as it can.

    The Kronecker product of a Hadamard matrix, for the power of two in ``size``, and a discrete cosine transform for
    the rest; channels change sign at random first, so that no common pattern adds up in one of the new ones.
    """
    odd = size // (size & -size)
    place = np.arange(odd)
    cosines = np.cos(np.pi / odd * np.outer(place, place + 0.5)) * np.sqrt(2 / odd)
    cosines[0] = odd**-0.5
    turn = cosines
    while len(turn) < size:
        turn = np.block([[turn, turn], [turn, -turn]]) * 0.5**0.5
    return np.random.default_rng(SIGNS_SEED).choice([-1.0, 1.0], size)[:, None] * turn


def _rotated(decoder: Decoder) -> Decoder:
    """The decoder in another basis of its residual stream and of its value heads."""
    stream = rotation(decoder.dim)
    blocks = tuple(_rotated_block(block, stream) for block in decoder.blocks)
    return replace(
        decoder,
        embedding=_f32(decoder.embedding @ stream),
        positions=None if decoder.positions is None else _f32(decoder.positions @ stream),
        blocks=blocks,
        head=_reads(decoder.head, stream),
        tied=False,
    )


def _rotated_block(block: Block, stream: Floats) -> Block:
    a, mlp = block.attention, block.mlp
    values = rotation(a.head_dim)
    v = _writes(_reads(a.v, stream), np.kron(np.eye(a.kv_heads), values))
    o = _writes(_reads(a.o, np.kron(np.eye(a.heads), values)), stream)
    return replace(
        block,
        attention=replace(a, q=_reads(a.q, stream), k=_reads(a.k, stream), v=v, o=o),
        mlp=replace(
            mlp,
            up=_reads(mlp.up, stream),
            gate=None if mlp.gate is None else _reads(mlp.gate, stream),
            down=_writes(mlp.down, stream),
        ),
    )


def _reads(layer: Linear, turn: Floats) -> Linear:
    """The layer whose input x comes as x turn."""
    return Linear(_f32(layer.weight @ turn), layer.bias)


def _writes(layer: Linear, turn: Floats) -> Linear:
    """The layer whose output y leaves as y turn."""
    return Linear(_f32(turn.T @ layer.weight), None if layer.bias is None else _f32(layer.bias @ turn))


def _f32(x: NDArray[np.floating]) -> Array:
    return x.astype(np.float32)
