# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip in the mould of another: what must be the same already, and what is taken over."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from ..chip.format import Formats
from ..chip.model import Chip, expected_shapes
from ..chip.mould import Mould
from ..decoder import Decoder
from ..errors import QuantizeError
from .layers import shape_of
from .parts import wiring_of


def require_mould(decoder: Decoder, mould: Mould, shorter: bool) -> None:
    """Raise QuantizeError, naming all that stands in the way, unless this decoder has the mould's dimensions and parts.

    A vocabulary, a context or a layer more are other gates; no rounding makes up for them. A ``shorter`` context goes
    into a bitstream that is loaded, which has a register for it.
    """
    shape = shape_of(decoder)
    if shorter and shape.context < mould.shape.context:
        shape = replace(shape, context=mould.shape.context)
    here = replace(mould, shape=shape, wiring=wiring_of(decoder))
    if found := here.differences(mould):
        raise QuantizeError(
            f"the model does not go into that mould: {'; '.join(found)}; build a chip of its own, without --like"
        )


def poured(chip: Chip, mould: Mould) -> Chip:
    """The chip with biases of zero where the mould has some and the model none. Raises QuantizeError for biases that
    the mould has no place for."""
    if beyond := sorted(set(chip.biases) - set(mould.biased)):
        raise QuantizeError(
            f"the model has biases of {', '.join(beyond)}, and that mould none; build a chip of its own, without --like"
        )
    shapes = expected_shapes(chip.shape, chip.wiring)
    zeros = {name: np.zeros(shapes[name][:2], np.int64) for name in mould.biased}
    return replace(chip, biases=zeros | chip.biases)


def kept(mould: Mould, alone: Formats, eps: int) -> list[str]:
    """What was taken from the mould although the model alone would have it otherwise, by name."""
    listed = [
        f"{field.name}: {getattr(mould.formats, field.name)}, alone {getattr(alone, field.name)}"
        for field in fields(Formats)
        if getattr(mould.formats, field.name) != getattr(alone, field.name)
    ]
    return listed + ([f"eps: {mould.eps}, alone {eps}"] if mould.eps != eps else [])
