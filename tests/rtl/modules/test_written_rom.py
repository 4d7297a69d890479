# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""written_rom: as rom reads, from what it holds at first and from what was written; other sections are not its own."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped, equal
from bench_contents import FILES, on_bus
from bench_streams import active

from hardwire.emit.rtl.loads import EXAMPLE
from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("own", "width", "depth"), [(0, 60, 5), (0, 1, 5), (1, 17, 3), (1, 32, 3)])
def test_reads_what_was_written(draw: np.random.Generator, own: int, width: int, depth: int) -> None:
    words, later = (draw.integers(0, 1 << width, depth) for _ in range(2))
    roms = {FILES[own]: hex_lines((words[:, None], width))}
    bench = Bench("written_rom", Width=width, Depth=depth, File=FILES[own], roms=roms)
    raw, (words, later) = later, (part & ~EXAMPLE[own].wires for part in (words, later))  # what are wires is zero
    each = np.r_[np.arange(depth), 0]
    equal(bench.run(en_i=1, addr_i=each)["data_o"], words[each], late=1)
    place = np.arange(depth)
    junk = [int(word) for word in draw.integers(0, 1 << 62, depth)]
    bench.run(contents_i=on_bus(np.full(depth, 1 - own), place, junk, np.ones(depth, int)))  # another memory's
    bench.run(contents_i=on_bus(np.full(depth, own), place, junk, np.zeros(depth, int)))
    bench.set(contents_i=0)
    equal(bench.run(en_i=1, addr_i=each)["data_o"], words[each], late=1)
    above = [int(word) | int(more) << width for word, more in zip(raw, draw.integers(0, 2, depth), strict=True)]
    bench.run(contents_i=on_bus(np.full(depth, own), place, above, np.ones(depth, int)))
    bench.set(contents_i=0)
    equal(bench.run(en_i=1, addr_i=each)["data_o"], later[each], late=1)
    address, enabled = draw.integers(0, depth, 500), active("in bursts", 500, 4)
    got = bench.run(en_i=enabled.astype(int), addr_i=address)["data_o"]
    last = np.maximum.accumulate(np.where(enabled, np.arange(500), -1))
    equal(got, later[address[last]], late=1, where=last >= 0)


@pytest.mark.parametrize(("width", "depth"), [(32, 6), (4, 5), (28, 6)])
def test_two_words_to_a_line(draw: np.random.Generator, width: int, depth: int) -> None:
    own = next(index for index, section in enumerate(EXAMPLE) if section.side == 2)
    first, later = (draw.integers(0, 1 << width, depth + depth % 2) for _ in range(2))
    lines = hex_lines((first.reshape(-1, 2), width))
    bench = Bench("written_rom", Width=width, Depth=depth, File=FILES[own], roms={FILES[own]: lines})
    each = np.r_[np.arange(depth), 0]
    equal(bench.run(en_i=1, addr_i=each)["data_o"], first[each], late=1)
    pairs = [int(low) | int(high) << width for low, high in later.reshape(-1, 2)]
    count = len(pairs)
    bench.run(contents_i=on_bus(np.full(count, own), np.arange(count), pairs, np.ones(count, int)))
    bench.set(contents_i=0)
    address, enabled = draw.integers(0, depth, 500), active("in bursts", 500, 4)
    got = bench.run(en_i=enabled.astype(int), addr_i=address)["data_o"]
    last = np.maximum.accumulate(np.where(enabled, np.arange(500), -1))
    equal(got, later[address[last]], late=1, where=last >= 0)


@pytest.mark.parametrize("module", ["written_rom", "written_rom_pair", "written_small_rom"])
def test_a_memory_that_no_image_reaches_stops(module: str) -> None:
    with pytest.raises(Stopped, match="no section of the contents is of its file"):
        Bench(module, Width=4, Depth=2, File="./other.hex", roms={"./other.hex": ["1", "2"]})
