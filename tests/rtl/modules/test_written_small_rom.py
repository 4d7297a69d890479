# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""written_small_rom: every word in the cycle of its address, as it is at first and as it was written."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_contents import FILES, on_bus

from hardwire.emit.rtl.loads import EXAMPLE
from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("own", "width", "depth"), [(0, 60, 5), (1, 10, 3)])
def test_reads_what_was_written(draw: np.random.Generator, own: int, width: int, depth: int) -> None:
    words, later = (draw.integers(0, 1 << width, depth) for _ in range(2))
    roms = {FILES[own]: hex_lines((words[:, None], width))}
    bench = Bench("written_small_rom", Width=width, Depth=depth, File=FILES[own], roms=roms)
    place, data = np.arange(depth), [int(word) for word in later]
    words, later = (part & ~EXAMPLE[own].wires for part in (words, later))  # what are wires is zero
    equal(bench.run(addr_i=place)["data_o"], words)
    for section, wanted in ((1 - own, words), (own, later)):
        bench.run(contents_i=on_bus(np.full(depth, section), place, data, np.ones(depth, int)))
        bench.set(contents_i=0)
        equal(bench.run(addr_i=place)["data_o"], wanted)
