# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""mix_products: weighted values of a block, in every style; a channel in LUTs lacks a multiple of the weights' sum."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, digit_offset, equal

pytestmark = pytest.mark.tools

# engine_pkg::style_e, and how many channels are in LUTs anyway
STYLES = {"in LUTs": (0, 0), "packed": (1, 0), "packed, one in LUTs": (1, 1), "apart": (2, 0), "apart, two": (2, 2)}


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("banks", "channels", "terms", "minus"), [(5, 3, 4, 0), (4, 4, 3, 1), (1, 2, 4, 0)])
def test_a_block_a_cycle(
    draw: np.random.Generator, style: str, banks: int, channels: int, terms: int, minus: int, stages: int
) -> None:
    kind, fabric = STYLES[style]
    weight, values = draw.integers(0, 32, (3000, banks)), draw.integers(-8, 8, (3000, banks, channels))
    weight[:2], values[0], values[1] = 31, -8, 7
    bench = Bench(
        "mix_products",
        Banks=banks,
        HeadDim=channels,
        CacheW=4,
        WeightW=5,
        SumW=16,
        Style=kind,
        Fabric=fabric,
        Terms=terms,
        Minus=minus,
        Stages=stages,
        defines=["HW_DIGITS"],
        flags=["-Wno-WIDTHTRUNC", "-Wno-UNUSEDSIGNAL"],  # the style is an integer
    )
    wave = bench.run(weight_i=weight if banks > 1 else weight[:, 0], values_i=values)
    in_luts = np.arange(channels) < (channels if kind == 0 else fabric)
    lack = digit_offset(4) * weight.sum(1)[:, None] * in_luts
    equal(wave.signed("part_o", channels), (weight[:, :, None] * values).sum(1) - lack, late=stages)
