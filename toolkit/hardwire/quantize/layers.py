# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""One-layer chips to try layers on, and the whole chip that they become."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..chip.model import SHIFTS, Chip, Formats, Shape, Wiring, expected_shapes, matrix_names
from ..decoder import Decoder
from ..ops.fixed import Ints
from ..ops.matvec import Matrix
from ..ops.norm import Renorm
from ..parts.attention import rope_sets


def shape_of(decoder: Decoder) -> Shape:
    """The dimensions of a decoder's chip."""
    first = decoder.blocks[0]
    return Shape(
        vocab=decoder.vocab,
        dim=decoder.dim,
        layers=len(decoder.blocks),
        heads=first.attention.heads,
        kv_heads=first.attention.kv_heads,
        head_dim=first.attention.head_dim,
        hidden=first.mlp.up.weight.shape[0],
        context=decoder.context,
        rotary=2 * max(len(r.inv_freq) for r in rope_sets(decoder)),
    )


def empty_layer(
    shape: Shape, formats: Formats, wiring: Wiring, index: int, bits: dict[str, int], tables: dict[str, Ints], act: str
) -> Chip:
    """Layer ``index`` of a chip as a chip of one layer, its matrices zero; ``shape`` has one layer, ``wiring`` all."""
    matrices = {
        name: Matrix(np.zeros(size, np.int8), np.zeros(size[:2], np.int64), np.zeros(1, np.int64), bits[name])
        for name, size in expected_shapes(shape, wiring).items()
    }
    per_head, none = np.zeros((1, shape.heads), np.int64), np.zeros(1, np.int64)
    own = replace(wiring, windows=wiring.windows[index : index + 1], rope=wiring.rope[index : index + 1])
    return Chip(
        shape=shape,
        formats=formats,
        matrices=matrices,
        tables=tables,
        score_shift=per_head,
        value_shift=per_head,
        gate_shift=none,
        activation=act,
        wiring=own,
    )


def stacked(parts: list[Chip], wiring: Wiring) -> Chip:
    """The layers on top of each other, in one chip; a bias that only some have is zero in the others."""
    names = matrix_names(wiring)
    matrices = {name: stack([p.matrices[name] for p in parts]) for name in names}
    shifts = {name: np.concatenate([getattr(p, name) for p in parts]) for name in SHIFTS}
    biases = {}
    for name in (name for name in names if any(name in p.biases for p in parts)):
        none = np.zeros((1, matrices[name].weight.shape[1]), np.int64)
        biases[name] = np.concatenate([p.biases.get(name, none) for p in parts])
    renorms = {
        name: Renorm(*(np.concatenate([p.renorms[name][i] for p in parts]) for i in range(3)))
        for name in wiring.renorms
        if name in parts[0].renorms  # which zero weights lack
    }
    shape = replace(parts[0].shape, layers=len(parts))
    return replace(parts[0], shape=shape, wiring=wiring, matrices=matrices, biases=biases, renorms=renorms, **shifts)


def stack(matrices: list[Matrix]) -> Matrix:
    """Matrices of one layer each, all of the same shape and bits, as one matrix over all layers."""
    return Matrix(
        np.concatenate([m.weight for m in matrices]),
        np.concatenate([m.multiplier for m in matrices]),
        np.concatenate([m.shift for m in matrices]),
        matrices[0].bits,
    )
