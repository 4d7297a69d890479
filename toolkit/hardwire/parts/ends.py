# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Parts in front of the first layer and behind the last: learned positions, a norm behind the embedding, the norm in
front of the head."""

from __future__ import annotations

from ..chip.wiring import ArraySpec, Shape, Wiring
from ..ops.fixed import MULTIPLIER_BITS
from .part import Array, IntegerModel, Layout, Part, Rom

# ---------------------------------------------------------------------------------------------------
# Learned positions, added to the embedding.


def _position_constants(chip: IntegerModel) -> list[str]:
    learned = chip.wiring.positions
    return ["static constexpr bool POSITIONS = true;" if learned else "typedef Embedding Position;"]


def _position_roms(layout: Layout) -> list[Rom]:
    s = layout.shape
    words = s.context * -(-s.dim * layout.position_bits // 64)
    return [("Position::words", words, 64, 1), ("Position::multipliers", s.context, 32, 1)]


POSITIONS = Part(
    key="positions",
    there=lambda wiring: wiring.positions,
    read=lambda decoder: {"positions": decoder.positions is not None},
    fields=("positions",),
    matrices=("position",),
    constants=_position_constants,
    cpp_roms=_position_roms,
    switches=lambda shape, wiring: {"Positions": shape.context if wiring.positions else 0},
)

# ---------------------------------------------------------------------------------------------------
# RMSNorm behind the embedding, written back to the residual.


def _scale_arrays(s: Shape, wiring: Wiring) -> dict[str, ArraySpec]:
    return {
        "embedding_scale/multiplier": ArraySpec("uint32", (s.dim,), 0, (1 << MULTIPLIER_BITS) - 1),
        "embedding_scale/shift": ArraySpec("uint8", (1,), 0, 47),
    }


def _embedding_constants(chip: IntegerModel) -> list[str]:
    if not chip.wiring.embedding_norm:
        return []
    shift = 0 if chip.embedding_scale is None else chip.embedding_scale.shift
    return ["static constexpr bool EMBEDDING_NORM = true;", f"static constexpr int EMBEDDING_SHIFT = {shift:d};"]


def _multipliers(chip: IntegerModel) -> list[Array]:
    if chip.embedding_scale is None:
        return []
    return [("uint32_t", "embedding_multipliers", "[DIM]", chip.embedding_scale.multiplier)]


EMBEDDING_NORM = Part(
    key="embedding norm",
    there=lambda wiring: wiring.embedding_norm,
    read=lambda decoder: {"embedding_norm": decoder.embedding_norm is not None},
    fields=("embedding_norm",),
    arrays=_scale_arrays,
    constants=_embedding_constants,
    cpp_arrays=_multipliers,
    cpp_roms=lambda layout: [("embedding_multipliers", layout.shape.dim, 32, 1)],
    # Its own rows are a new residual: one pass takes the whole vector before the first is written.
    fits_lanes=lambda shape, rows, depth: rows * depth >= shape.dim,
)

# ---------------------------------------------------------------------------------------------------
# The norm in front of the head.


def _final_constants(chip: IntegerModel) -> list[str]:
    return [] if chip.wiring.final_norm else ["static constexpr bool FINAL_NORM = false;"]


FINAL_NORM = Part(
    key="final norm",
    there=lambda wiring: wiring.final_norm,
    read=lambda decoder: {"final_norm": decoder.final_norm is not None},
    fields=("final_norm",),
    constants=_final_constants,
    switches=lambda shape, wiring: {"FinalNorm": int(wiring.final_norm)},
)
