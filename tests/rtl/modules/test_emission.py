# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""emission: words of the embedding and of passes, which follow each other or do not; resets."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.roms import pack
from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import EMISSION

pytestmark = pytest.mark.tools

# rows, depth, bits of a bias, stages of a lane
CASES = [(2, 5, 0, 2), (4, 8, 7, 1), (2, 1, 4, 2)]


@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize(("rows", "depth", "bias", "stages"), CASES)
def test_tokens(draw: np.random.Generator, rows: int, depth: int, bias: int, stages: int, close: bool) -> None:
    plan = {"Rows": rows, "Columns": rows, "Terms": rows, "DestW": 9, "BiasW": bias}
    values, words = complete(defaults() | plan), 60
    places = EMISSION.places(values)
    column = {
        name: draw.integers(0, 1 << p.bits, (words, p.lanes)) - (p.signed and (1 << p.bits >> 1))
        for name, p in places.items()
    }
    bench = Bench(
        "emission",
        Depth=depth,
        Words=words,
        Stages=stages,
        plan=plan,
        roms={"emission.hex": pack(EMISSION, values, column)},
    )
    bench.reset(16)
    for token in range(10):
        if token == 5:
            bench.reset(16)
        embedded = int(draw.integers(0, 6))
        passes, left = [], words - embedded
        while left and len(passes) < 12:
            passes.append(int(draw.integers(1, min(depth, left) + 1)))
            left -= passes[-1]
        count = 40 + sum(passes) * 4 + 10 * len(passes)
        embed, tag, reads = (np.zeros(count, np.int64) for _ in range(3))
        reads[:] = draw.integers(0, depth + 1, count)
        e0 = []  # cycle, whether it is the embedding's, and the depth that is read
        at = 2
        for _ in range(embedded):
            embed[at] = 1
            e0.append((at + 1, 1, 0))
            at += 1 if close else int(draw.integers(1, 3))
        at += 2
        for number in passes:
            tag[at], reads[at] = 1, number
            e0 += [(at + stages + 1 + n, 0, n) for n in range(number)]
            at += number + (0 if close else int(draw.integers(0, 6)))
        restart = np.zeros(count, np.int64)
        restart[0] = 1
        wave = bench.run(restart_i=restart, embed_i=embed, tag_i=tag, count_i=reads)
        cycles = np.array([cycle for cycle, _, _ in e0])
        assert np.flatnonzero(wave["valid_o"]).tolist() == cycles.tolist()
        np.testing.assert_array_equal(wave["embed_o"][cycles], [which for _, which, _ in e0])
        sel = np.array([n for _, _, n in e0])
        np.testing.assert_array_equal(wave["sel_o"][cycles][embedded:], sel[embedded:])
        every = np.unpackbits(wave.samples["word_o"][cycles], axis=1, bitorder="little")
        for name, place in places.items():
            if place.bits:
                mine = every[:, place.low : place.low + place.bits * place.lanes].reshape(-1, place.lanes, place.bits)
                wanted = column[name][: len(cycles), :, None] >> np.arange(place.bits) & 1
                np.testing.assert_array_equal(mine, wanted, name)


def test_a_reset_forgets_a_pass() -> None:
    plan = {"Rows": 2, "Columns": 2, "Terms": 2}
    values = complete(defaults() | plan)
    column = {name: np.zeros((9, p.lanes), int) for name, p in EMISSION.places(values).items()}
    bench = Bench("emission", Words=9, plan=plan, roms={"emission.hex": pack(EMISSION, values, column)})
    bench.reset(16)
    bench.run(tag_i=np.array([1, 0, 0, 0]), count_i=8)
    bench.set(tag_i=1)  # one that comes with the reset does not count
    bench.reset(16)
    assert not bench.run(30, tag_i=0)["valid_o"].any()
