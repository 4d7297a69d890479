# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""arbiter: fetches, runs and layers of random streams, against times and ages kept in numbers that only grow."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.plan.parameters import complete, defaults
from hardwire.plan.words import PROGRAM

pytestmark = pytest.mark.tools

TAKEN = 5
WIDTHS = {"TakenW": TAKEN}


def packed_words(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Words [N, streams] whose other fields are zero."""
    places = PROGRAM.places(complete(defaults() | WIDTHS))
    return sum((column << places[name].low for name, column in columns.items()), np.int64(0))


@pytest.mark.parametrize(("streams", "embeds"), [(2, 1), (2, 8), (3, 4), (4, 2)])
def test_oldest_that_can(draw: np.random.Generator, streams: int, embeds: int) -> None:
    cycles = 3000
    kind = draw.integers(0, 4, (cycles, streams))  # idle, fetch, run, layer: a stream waits for one at most
    columns = {name: draw.integers(0, 1 << TAKEN, (cycles, streams)) for name in ("taken", "reads_from", "reads_until")}
    columns["taken"][draw.random(cycles) < 0.5] >>= 3
    # A word stands from two cycles before it is due.
    turn = np.arange(cycles) % 8
    kind[turn < 2] = 0
    for column in columns.values():
        column[:] = column[np.arange(cycles) - turn]
    ready = draw.integers(0, 2, (cycles, streams))
    bench = Bench("arbiter", Streams=streams, Embeds=embeds, plan=WIDTHS)
    bench.reset()
    bits = 1 << np.arange(streams)
    wave = bench.run(
        fetch_i=(kind == 1) @ bits,
        lanes_i=(kind == 2) @ bits,
        word_i=packed_words(columns),
        attend_i=(kind == 3) @ bits,
        attend_ready_i=ready @ bits,
    )
    age, ages = list(range(streams)), streams
    lanes_free = reads_free = 0
    last = -1  # whose fetch or run was in the cycle before: its next word finds the read-out free
    wanted = {name: np.zeros((cycles, streams), np.int64) for name in ("fetch", "lanes", "attend")}
    for t in range(cycles):
        before, last = last, -1
        by_age = sorted(range(streams), key=age.__getitem__)
        layers = [s for s in by_age if kind[t, s] == 3 and ready[t, s]]
        wanted["attend"][t, layers[:1]] = 1
        for s in by_age:
            if kind[t, s] == 1 and reads_free <= t + 2:
                wanted["fetch"][t, s] = 1
                reads_free, age[s] = t + 2 + embeds, ages
                ages, last = ages + 1, s
                break
            reads_until = t if before == s else reads_free
            if kind[t, s] == 2 and lanes_free <= t and reads_until <= t + columns["reads_from"][t, s]:
                wanted["lanes"][t, s], last = 1, s
                lanes_free = t + 1 + columns["taken"][t, s]
                reads_free = t + 1 + columns["reads_until"][t, s]
                break
    for name, each in wanted.items():
        assert each.sum(0).min() > 5
        np.testing.assert_array_equal(wave[f"{name}_o"], each @ bits, name)
