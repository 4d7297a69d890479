# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What layers are put together from in other ways: branches side by side, biases of matrices."""

from __future__ import annotations

import numpy as np

from ..chip.wiring import LOOKED_UP, MATRICES
from .part import Array, IntegerModel, Layout, Part, Rom


def _parallel_constants(chip: IntegerModel) -> list[str]:
    return ["static constexpr bool PARALLEL = true;"] if chip.wiring.parallel else []


PARALLEL = Part(
    key="parallel",
    there=lambda wiring: wiring.parallel,
    read=lambda decoder: {"parallel": decoder.blocks[0].parallel},
    outline=lambda block: block.parallel,
    since=3,
    fields=("parallel",),
    constants=_parallel_constants,
)

# ---------------------------------------------------------------------------------------------------
# Biases. Any wiring may have them; of which matrices, the chip says.


def _in_layers(chip: IntegerModel) -> list[str]:
    """Matrices that the layers' lanes run, in the order of their multipliers."""
    return [name for name in MATRICES if name in chip.matrices and name not in (*LOOKED_UP, "head")]


def _bias_constants(chip: IntegerModel) -> list[str]:
    constants = []
    if any(name in chip.biases for name in _in_layers(chip)):
        constants.append("static constexpr int BIASES = MULTIPLIERS;")
    if "head" in chip.biases:
        constants.append("static constexpr int HEAD_BIASES = VOCAB;")
    return constants


def _bias_arrays(chip: IntegerModel) -> list[Array]:
    arrays: list[Array] = []
    names = _in_layers(chip)
    if any(name in chip.biases for name in names):
        zeros = {name: np.zeros(chip.matrices[name].weight.shape[:2], np.int64) for name in names}
        biases = [chip.biases.get(name, zeros[name]).reshape(-1) for name in names]
        arrays.append(("int32_t", "biases", "[BIASES]", np.concatenate(biases)))
    if "head" in chip.biases:
        arrays.append(("int32_t", "head_biases", "[HEAD_BIASES]", chip.biases["head"]))
    return arrays


def _bias_roms(layout: Layout) -> list[Rom]:
    roms = [("biases", layout.biases, 32, layout.engines)] if layout.biases else []
    return roms + ([("head_biases", layout.shape.vocab, 32, 1)] if "head" in layout.biased else [])


BIASES = Part(
    key="biases",
    there=lambda wiring: True,
    constants=_bias_constants,
    cpp_arrays=_bias_arrays,
    cpp_roms=_bias_roms,
)
