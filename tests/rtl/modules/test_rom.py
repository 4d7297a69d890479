# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""rom: every word a cycle after its address; kept while not enabled."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import active

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("width", "depth"), [(8, 16), (17, 768), (1, 1), (60, 5)])
def test_reads(draw: np.random.Generator, width: int, depth: int) -> None:
    words = draw.integers(0, 1 << width, depth)
    bench = Bench("rom", Width=width, Depth=depth, File="x.hex", roms={"x.hex": hex_lines((words[:, None], width))})
    wave = bench.run(en_i=1, addr_i=np.r_[np.arange(depth), 0])
    equal(wave["data_o"], np.r_[words, words[0]], late=1)
    address, enabled = draw.integers(0, depth, 3000), active("in bursts", 3000, 4)
    got = bench.run(en_i=enabled.astype(int), addr_i=address)["data_o"]
    last = np.maximum.accumulate(np.where(enabled, np.arange(3000), -1))
    equal(got, words[address[last]], late=1, where=last >= 0)
