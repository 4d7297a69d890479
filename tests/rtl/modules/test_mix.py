# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""mix: heads of random lengths with pauses, in every style, as ops.attention weighs and divides."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import PAUSES, active, spread

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops import attention

pytestmark = pytest.mark.tools

# banks, blocks, channels, padded, divides, style, fabric, stages of reads and of sums
CASES = [
    (3, 5, 4, 4, 2, 1, 0, 1, 1),
    (4, 3, 3, 4, 1, 0, 0, 1, 1),
    (2, 4, 5, 6, 3, 2, 1, 1, 1),
    (5, 1, 2, 2, 2, 1, 1, 1, 1),
    (4, 3, 3, 4, 1, 0, 0, 2, 2),
    (5, 2, 4, 4, 2, 1, 2, 2, 3),
    (6, 2, 4, 4, 2, 2, 0, 1, 3),
]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(
    ("banks", "blocks", "channels", "padded", "divides", "style", "fabric", "reads", "sums"), CASES
)
def test_heads(
    draw: np.random.Generator,
    banks: int,
    blocks: int,
    channels: int,
    padded: int,
    divides: int,
    style: int,
    fabric: int,
    reads: int,
    sums: int,
    idle: str,
) -> None:
    late = 6 + reads + sums + (sums > 1)
    table, heads, steps, bits = attention.reciprocal_table(), 60, padded // divides, 8
    bench = Bench(
        "mix",
        Banks=banks,
        Blocks=blocks,
        HeadDim=channels,
        OutW=bits,
        Padded=padded,
        Divides=divides,
        Style=style,
        Fabric=fabric,
        ReadStages=reads,
        SumStages=sums,
        defines=["HW_DIGITS"],
        flags=["-Wno-WIDTHTRUNC"],  # the style is an integer
        roms={"reciprocal.hex": hex_lines((table[:, None], 16))},
    )
    bench.reset()
    lengths = draw.integers(1, blocks + 1, heads)
    total_blocks = int(lengths.sum())
    weight = draw.integers(0, 1024, (total_blocks, banks)) >> draw.integers(0, 11, (total_blocks, 1))
    values = draw.integers(-128, 128, (total_blocks, banks, channels))
    values[:3], values[3:6] = -128, 127
    begins = np.r_[0, np.cumsum(lengths)[:-1]]
    weight[begins, 0] = draw.integers(512, 1024, heads)  # a head's largest exponential
    shift = draw.integers(0, 6, heads)
    first, last, shifts = (np.zeros(total_blocks, np.int64) for _ in range(3))
    first[begins], last[begins + lengths - 1] = 1, 1
    shifts[begins + lengths - 1] = shift
    # Where the blocks are: with pauses, and the ends of heads as far apart as the quotients take.
    free, at, pauses = 0, [], active(idle, 60 * total_blocks * steps, 3)
    n = 0
    for block in range(total_blocks):
        n += 1
        while not pauses[n] or (last[block] and n < free):
            n += 1
        at.append(n)
        free = n + steps if last[block] else free
    valid = np.zeros(at[-1] + late + steps + 2, bool)
    valid[at] = True
    given = spread(
        {"weight_i": weight, "values_i": values, "first_i": first, "last_i": last, "shift_i": shifts},
        valid,
        {"weight_i": 10, "values_i": 8, "first_i": 1, "last_i": 1, "shift_i": 4},
    )
    wave = bench.run(valid_i=valid.astype(int), **given)
    whole = np.add.reduceat((weight[:, :, None] * values).sum(1), begins)
    wanted = attention.divide(whole, np.add.reduceat(weight.sum(1), begins), table, shift[:, None], bits)
    ends = np.array(at)[begins + lengths - 1] + late
    out = (ends[:, None] + np.arange(steps)).reshape(-1)
    assert np.flatnonzero(wave["we_o"]).tolist() == out.tolist()
    whole = np.pad(wanted, ((0, 0), (0, padded - channels))).reshape(-1, divides)
    got = wave.signed("mixed_o", divides).reshape(-1, divides)[out]
    np.testing.assert_array_equal(got, whole)
