# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""divide: sums over their total, as ops.attention divides, some per cycle; loads as close as they may be."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops import attention

pytestmark = pytest.mark.tools

# channels, padded, divides, total bits, value bits, result bits
CASES = [(8, 8, 2, 20, 8, 8), (5, 6, 3, 13, 4, 10), (3, 4, 1, 16, 8, 5), (2, 2, 2, 10, 6, 6)]


@pytest.mark.parametrize(("close", "stages"), [(True, 1), (False, 1), (True, 2)])
@pytest.mark.parametrize(("channels", "padded", "divides", "total_bits", "value_bits", "bits"), CASES)
def test_quotients(
    draw: np.random.Generator,
    channels: int,
    padded: int,
    divides: int,
    total_bits: int,
    value_bits: int,
    bits: int,
    close: bool,
    stages: int,
) -> None:
    late = 4 + stages
    heads, steps, table = 800, padded // divides, attention.reciprocal_table()
    total = draw.integers(1 << 9, 1 << total_bits, heads) >> draw.integers(0, total_bits - 9, heads)
    total = np.maximum(total, 1 << 9)
    total[:3] = 1 << 9, (1 << total_bits) - 1, 1 << total_bits - 1
    share = draw.integers(-(1 << value_bits - 1), 1 << value_bits - 1, (heads, channels))
    sums = share * total[:, None] + draw.integers(-total[:, None], total[:, None] + 1, (heads, channels))
    sums = np.clip(sums, -(total << value_bits - 1)[:, None], ((total << value_bits - 1) - 1)[:, None])
    shift = draw.integers(0, 9, heads)
    wanted = attention.divide(sums, total, table, shift[:, None], bits)
    at = np.arange(heads) * steps if close else np.cumsum(draw.integers(steps, steps + 4, heads))
    count = int(at[-1]) + steps + late + 1
    load = np.zeros(count, np.int64)
    load[at] = 1
    given = {"total_i": draw.integers(1 << 9, 1 << total_bits, count), "shift_i": draw.integers(0, 28, count)}
    given["total_i"][at], given["shift_i"][at] = total, shift
    given["sum_i"] = draw.integers(0, 1 << 9, (count, channels))
    given["sum_i"][at] = sums
    bench = Bench(
        "divide",
        Channels=channels,
        Padded=padded,
        Divides=divides,
        SumW=total_bits + value_bits,
        TotalW=total_bits,
        OutW=bits,
        Stages=stages,
        roms={"reciprocal.hex": hex_lines((table[:, None], 16))},
    )
    bench.reset()
    wave = bench.run(load_i=load, **given)
    out = (at[:, None] + late + np.arange(steps)).reshape(-1)
    we = np.zeros(count, np.int64)
    we[out] = 1
    equal(wave["we_o"], we)
    whole = np.pad(wanted, ((0, 0), (0, padded - channels))).reshape(-1, divides)
    equal(wave.signed("mixed_o", divides).reshape(count, divides)[out], whole)
