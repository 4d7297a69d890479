# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""gate: the table at every gate value, in every row; kept while not enabled."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import active

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("rows", "bits", "width"), [(8, 11, 16), (2, 5, 9), (4, 8, 8)])
def test_every_gate_value(draw: np.random.Generator, rows: int, bits: int, width: int) -> None:
    low = -(1 << bits - 1)
    table = draw.integers(-(1 << width - 1), 1 << width - 1, 1 << bits)
    lines = hex_lines((table[:, None], width))
    bench = Bench("gate", Rows=rows, GateW=bits, Width=width, roms={"activation.hex": lines})
    values = np.stack([draw.permutation(np.r_[low:-low, 0]) for _ in range(rows)], 1)
    wave = bench.run(en_i=1, gate_i=values)
    equal(wave.signed("value_o", rows), table[values - low], late=1)
    enabled, values = active("in bursts", 2000, 5), draw.integers(low, -low, (2000, rows))
    got = bench.run(en_i=enabled.astype(int), gate_i=values).signed("value_o", rows)
    last = np.maximum.accumulate(np.where(enabled, np.arange(2000), -1))
    equal(got, table[values[last] - low], late=1, where=last >= 0)
