# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""small_rom: every word, in the cycle of its address."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("width", "depth"), [(8, 16), (33, 5), (1, 1)])
def test_reads(draw: np.random.Generator, width: int, depth: int) -> None:
    words = draw.integers(0, 1 << width, depth)
    bench = Bench(
        "small_rom", Width=width, Depth=depth, File="x.hex", roms={"x.hex": hex_lines((words[:, None], width))}
    )
    address = np.r_[np.arange(depth), draw.integers(0, depth, 200)]
    equal(bench.run(addr_i=address)["data_o"], words[address])
