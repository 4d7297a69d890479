# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""From a float decoder and calibration text to a chip: what is done in which order.

What is folded and rotated beforehand is in ``prepare.py``, bits per matrix in ``mixed.py``, the layers one by one in
``layerwise.py``, fine-tuning in ``tune.py``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..chip.model import Chip, check_chip
from ..decoder import Decoder
from ..errors import QuantizeError
from ..ops.fixed import Ints
from ..progress import Stage
from .calibrate import Ranges, calibration_rows
from .layerwise import Quantizer
from .like import kept, poured, require_mould
from .mixed import FEWEST, MOST, Choice, choices
from .options import Options
from .prepare import can_rotate, prepare
from .rounding import on_grid
from .supported import require_supported

Fits = Callable[[Chip], bool]


def quantize(
    decoder: Decoder,
    stories: Sequence[Sequence[int]],
    options: Options = Options(),
    *,
    progress: Stage = lambda stage: None,
    tokenizer: dict[str, Any] | None = None,
    bos: int | None = None,
    eos: tuple[int, ...] = (),
    about: dict[str, Any] | None = None,
    fits: Fits | None = None,
) -> Chip:
    """The integer model. ``stories`` are token ids of calibration text, each with its BOS.

    With ``fits`` or ``options.mean_bits`` the bits of each matrix are chosen, ``options.weights`` at the most: the best
    within that mean and of which ``fits`` is true, of a chip without weights. With ``options.like`` the chip is of that
    mould, and its ``about`` says what was ``kept`` for it. Raises QuantizeError where the decoder has a part that the
    chip's arithmetic or the mould does not have, or no choice is possible.
    """
    chosen = fits is not None or options.mean_bits is not None
    prepared, rows, rotated = _begin(decoder, stories, options, chosen)
    if options.like is not None:
        require_mould(prepared, options.like, shorter=options.shifts is None)
    if options.tuning:
        from .tune import own_stories, tune  # needs torch, whose absence is told before hours of work

        if options.tuning_stories and (bos is None or not eos):
            raise QuantizeError("--tune-stories: the tokenizer has no tokens that begin and end a text")
    progress("ranges")
    ranges = Ranges.of(prepared, rows, lambda share: progress(f"ranges, {share:.0%}"))
    work = Quantizer(prepared, options, rows, ranges)
    if chosen:
        options = replace(options, matrix_bits=options.matrix_bits | _chosen(work, fits, progress))
        work = Quantizer(prepared, options, rows, ranges)
    chip = work.run(progress)
    facts: dict[str, Any] = {"architecture": decoder.architecture, "parameters": decoder.parameters, "rotated": rotated}
    if options.tuning:
        if options.tuning_stories and bos is not None:
            progress(f"{options.tuning_stories} stories of the float model's own")
            stories = [*stories, *own_stories(prepared, options.tuning_stories, bos, eos)]
        tuned = tune(prepared, work.rounded, stories, options.tuning, progress)
        chip = Quantizer(prepared, options, rows, ranges, tuned).run(progress)
        facts |= {"tuning_steps": options.tuning, "tuning_stories": options.tuning_stories}
    if options.like is not None:
        chip = poured(chip, options.like)
        facts["kept"] = kept(options.like, work.alone, int(work.eps_alone[0]))
        if work.shifted:
            facts["kept"].append(f"shifts: {work.shifted} of heads")
        if work.given:
            facts["kept"].append(f"sums: {options.sums} bits, for which {work.given} weights gave way by a step")
    chip = replace(chip, about=chip.about | facts | (about or {}), tokenizer=tokenizer, bos=bos, eos=eos)
    check_chip(chip, "the quantizer's result")
    return chip


def bit_choices(
    decoder: Decoder, stories: Sequence[Sequence[int]], options: Options, progress: Stage = lambda stage: None
) -> Iterator[Choice]:
    """Choices of bits per matrix, from the best to the smallest; see ``mixed.py``. Those of ``options`` stay."""
    prepared, rows, _ = _begin(decoder, stories, options, chosen=True)
    return choices(prepared, rows, progress, options.matrix_bits)


def _begin(
    decoder: Decoder, stories: Sequence[Sequence[int]], options: Options, chosen: bool = False
) -> tuple[Decoder, Ints, bool]:
    """The decoder in the chip's wiring, calibration rows, and whether it was rotated. ``chosen``: bits will be."""
    require_supported(decoder)
    options.check()
    rows = calibration_rows(stories, options.tokens, min(options.length, decoder.context))
    prepared = prepare(decoder)
    rotated = options.rotation and can_rotate(decoder) and not _trained(prepared, options, chosen)
    return prepare(decoder, rotated=True) if rotated else prepared, rows, rotated


def _chosen(work: Quantizer, fits: Fits | None, progress: Stage) -> dict[str, int]:
    """Bits of each matrix, of the best choice allowed. What is smaller than one that fits is taken to fit too."""
    options, fixed = work.options, work.options.matrix_bits
    able = []
    for choice in choices(work.decoder, work.rows, progress, fixed):
        most = max((bits for name, bits in choice.bits.items() if name not in fixed), default=FEWEST)
        if most <= options.weights and (options.mean_bits is None or choice.mean_bits <= options.mean_bits):
            able.append(choice)
    if not able:
        raise QuantizeError(
            f"--mean-bits {options.mean_bits:g}: the exceptions of --bits alone need more; "
            "give them fewer bits, or a larger mean"
        )
    if fits is None:
        return able[0].bits
    best = bisect_left(able, True, key=lambda choice: fits(work.skeleton(choice.bits)))
    if best < len(able):
        return able[best].bits
    raise QuantizeError(
        f"the board cannot hold this model even with {FEWEST} bits in every matrix that may have them; "
        f"embeddings ({options.embedding} bits) and --bits stay as they are; hardwire fit says what limits it"
    )


def _trained(decoder: Decoder, options: Options, chosen: bool) -> bool:
    """Was a matrix trained on the grid that it is to have, or may get? In another basis it would leave it."""
    a, mlp = decoder.blocks[0].attention, decoder.blocks[0].mlp
    layers = {"q": a.q, "k": a.k, "v": a.v, "o": a.o, "up": mlp.up, "down": mlp.down}
    return any(
        on_grid(layer.weight.astype(np.float64), bits)
        for name, layer in layers.items()
        for bits in (range(FEWEST, MOST + 1) if chosen and name not in options.matrix_bits else [options.bits_of(name)])
    )
