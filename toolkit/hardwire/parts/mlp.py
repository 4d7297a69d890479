# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The MLP's gate: down(act(gate) * up), otherwise down(act(up))."""

from __future__ import annotations

import numpy as np

from ..chip.wiring import Formats, Wiring
from ..ops.gate import TABLE_BITS
from .part import Array, IntegerModel, Layout, Part, Rom


def entry_bits(formats: Formats, wiring: Wiring) -> int:
    """Bits of an entry of the activation's table: without a gate it is the hidden value."""
    return TABLE_BITS if wiring.gated else formats.hidden


def _constants(chip: IntegerModel) -> list[str]:
    return [] if chip.wiring.gated else ["static constexpr bool GATED = false;", "typedef Up Gate;"]


def _cpp_arrays(chip: IntegerModel) -> list[Array]:
    return [("uint8_t", "gate_shift", "[LAYERS]", np.asarray(chip.gate_shift))]


def _cpp_roms(layout: Layout) -> list[Rom]:
    return [("gate_shift", layout.shape.layers, 8, 1)]


GATED = Part(
    key="gated",
    there=lambda wiring: wiring.gated,
    read=lambda decoder: {"gated": decoder.blocks[0].mlp.gate is not None},
    outline=lambda block: block.mlp.gate is None,
    fields=("gated",),
    matrices=("gate",),
    constants=_constants,
    cpp_arrays=_cpp_arrays,
    cpp_roms=_cpp_roms,
    switches=lambda shape, wiring: {"Gated": int(wiring.gated)},
)
