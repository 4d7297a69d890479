# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A few layers of a chip as a chip of their own: what is too large to simulate or to fit is proved block by block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import ChipError
from ..ops.matvec import Matrix
from .model import Chip, check_chip


def excerpt(chip: Chip, first: int, stop: int, vocab: int | None = None, context: int | None = None) -> Chip:
    """Layers ``first`` to ``stop`` (not included) of a chip between its embedding and its head.

    vocab, context: so many token ids and positions, from 0; all without. A chip with fewer ids has no tokenizer. Raises
    ChipError where there are no such layers, ids or positions.
    """
    s, w = chip.shape, chip.wiring
    vocab, context = s.vocab if vocab is None else vocab, s.context if context is None else context
    if not 0 <= first < stop <= s.layers or not 2 <= vocab <= s.vocab or not 1 <= context <= s.context:
        raise ChipError(
            f"no excerpt of layers {first}:{stop}, {vocab} ids, {context} positions: the chip has layers 0:{s.layers}, "
            f"{s.vocab} ids (two are the least), {s.context} positions"
        )
    layers = slice(first, stop)
    rows = {"head": vocab, "embedding": vocab, "position": context}
    matrices = {
        name: _rows(matrix, rows[name]) if name in rows else _layers(matrix, layers)
        for name, matrix in chip.matrices.items()
    }
    sets, layer_sets = np.unique(w.rope[layers] or (0,), return_inverse=True)
    angles = {
        name: chip.tables[name].reshape(w.rope_sets, s.context, -1)[sets, :context].reshape(len(sets) * context, -1)
        for name in ("cos", "sin")
    }
    whole = vocab == s.vocab
    block = replace(
        chip,
        shape=replace(s, layers=stop - first, vocab=vocab, context=context),
        wiring=replace(
            w,
            windows=tuple(min(window, context) for window in w.windows[layers]),
            rope=tuple(int(index) for index in layer_sets) if len(sets) > 1 else (),
        ),
        matrices=matrices,
        tables={**chip.tables, **angles},
        score_shift=chip.score_shift[layers],
        value_shift=chip.value_shift[layers],
        gate_shift=chip.gate_shift[layers],
        biases={n: b[:, : rows[n]] if n in rows else b[layers] for n, b in chip.biases.items()},
        renorms={
            n: r._replace(multiplier=r.multiplier[layers], shift=r.shift[layers], eps=r.eps[layers])
            for n, r in chip.renorms.items()
        },
        tokenizer=chip.tokenizer if whole else None,
        bos=chip.bos if chip.bos is not None and chip.bos < vocab else None,
        eos=tuple(token for token in chip.eos if token < vocab),
        scales={},
        about={"excerpt": {"chip": chip.digest, "layers": [first, stop]}},
    )
    check_chip(block, "excerpt")
    return block


def _layers(matrix: Matrix, layers: slice) -> Matrix:
    return replace(
        matrix, weight=matrix.weight[layers], multiplier=matrix.multiplier[layers], shift=matrix.shift[layers]
    )


def _rows(matrix: Matrix, rows: int) -> Matrix:
    return replace(matrix, weight=matrix.weight[:, :rows], multiplier=matrix.multiplier[:, :rows])
