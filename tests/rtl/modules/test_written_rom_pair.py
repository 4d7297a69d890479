# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""written_rom_pair: as rom_pair reads, from what it holds at first and from what was written through its first port."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_contents import FILES, on_bus
from bench_streams import active

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("own", "width", "depth"), [(0, 60, 5), (1, 1, 3), (1, 18, 3)])
def test_reads_what_was_written(draw: np.random.Generator, own: int, width: int, depth: int) -> None:
    words, later = (draw.integers(0, 1 << width, depth) for _ in range(2))
    roms = {FILES[own]: hex_lines((words[:, None], width))}
    bench = Bench("written_rom_pair", Width=width, Depth=depth, File=FILES[own], roms=roms)
    each, place = np.arange(depth + 1) % depth, np.arange(depth)
    both = np.stack([each, each[::-1]], 1)
    equal(bench.run(en_i=1, addr_i=both).unsigned("data_o", 2), words[both], late=1)
    data = [int(word) for word in later]
    bench.run(contents_i=on_bus(np.full(depth, 1 - own), place, data, np.ones(depth, int)), en_i=0)
    bench.set(contents_i=0)
    equal(bench.run(en_i=1, addr_i=both).unsigned("data_o", 2), words[both], late=1)
    bench.run(contents_i=on_bus(np.full(depth, own), place, data, np.ones(depth, int)), en_i=0)
    bench.set(contents_i=0)
    equal(bench.run(en_i=1, addr_i=both).unsigned("data_o", 2), later[both], late=1)
    address, enabled = draw.integers(0, depth, (500, 2)), active("in bursts", 500, 4)
    got = bench.run(en_i=enabled.astype(int), addr_i=address).unsigned("data_o", 2)
    last = np.maximum.accumulate(np.where(enabled, np.arange(500), -1))
    equal(got, later[address[last]], late=1, where=last >= 0)
