# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""score_products: scores of a block of positions, in every style; all in LUTs lack the same number."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, digit_offset, equal

pytestmark = pytest.mark.tools

# engine_pkg::style_e, and how many banks are in LUTs anyway
STYLES = {"in LUTs": (0, 0), "packed": (1, 0), "packed, one in LUTs": (1, 1), "apart": (2, 0), "apart, two": (2, 2)}


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("banks", "channels", "terms", "minus"), [(3, 5, 4, 0), (4, 8, 3, 1), (2, 1, 4, 0)])
def test_a_block_a_cycle(
    draw: np.random.Generator, style: str, banks: int, channels: int, terms: int, minus: int, stages: int
) -> None:
    kind, fabric = STYLES[style]
    query, keys = draw.integers(-16, 16, (3000, channels)), draw.integers(-8, 8, (3000, banks, channels))
    query[:2], keys[0], keys[1] = -16, -8, 7
    bench = Bench(
        "score_products",
        Banks=banks,
        HeadDim=channels,
        QueryW=5,
        CacheW=4,
        ScoreW=9 + channels.bit_length(),
        Style=kind,
        Fabric=fabric,
        Terms=terms,
        Minus=minus,
        Stages=stages,
        defines=["HW_DIGITS"],
        flags=["-Wno-WIDTHTRUNC", "-Wno-UNUSEDSIGNAL"],  # the style is an integer, a sum may be wide
    )
    wave = bench.run(query_i=query if channels > 1 else query[:, 0], keys_i=keys)
    wanted = (query[:, None] * keys).sum(-1)
    lack = digit_offset(4) * query.sum(1) * (kind == 0 or fabric >= banks)
    equal(wave.signed("score_o", banks), wanted - lack[:, None], late=1 + stages)
