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


def test_runs_of_several_streams(draw: np.random.Generator) -> None:
    """A run's words begin at its base, in its first pass; embeddings' at the first of all."""
    depth, words, bases, embedded = 4, 40, (6, 13, 29), 3
    plan = {"Rows": 2, "Columns": 2, "Terms": 2, "DestW": 9}
    values = complete(defaults() | plan)
    places = EMISSION.places(values)
    column = {name: np.zeros((words, p.lanes), np.int64) for name, p in places.items()}
    column["dest"] = np.arange(words)[:, None]
    roms = {"emission.hex": pack(EMISSION, values, column), "emission_base.hex": [f"{base:x}" for base in bases]}
    bench = Bench("emission", Depth=depth, Words=words, Streams=3, Runs=len(bases), plan=plan, roms=roms)
    bench.reset(16)
    count, at, e0 = 2000, 2, []  # cycle, word, stream
    given = {
        name: np.zeros(count, np.int64)
        for name in ("tag_i", "count_i", "opens_i", "run_i", "stream_i", "embed_i", "embed_first_i", "embed_stream_i")
    }
    while at < count - 60:
        stream, run = int(draw.integers(3)), int(draw.integers(len(bases)))
        if draw.random() < 0.3:
            at += 3  # behind the last run's reads
            given["embed_first_i"][at] = 1
            given["embed_stream_i"][at : at + embedded] = stream
            given["embed_i"][at : at + embedded] = 1
            e0 += [(at + 1 + n, n, stream) for n in range(embedded)]
            at += embedded + 3
            continue
        word = bases[run]
        for number in range(int(draw.integers(1, 3))):
            reads = int(draw.integers(1, depth + 1))
            for name, value in (("tag_i", 1), ("count_i", reads), ("opens_i", int(number == 0)), ("run_i", run)):
                given[name][at] = value
            given["stream_i"][at] = stream
            e0 += [(at + 3 + n, word + n, stream) for n in range(reads)]
            word += reads
            at += reads + int(draw.integers(0, 3))
        at += int(draw.integers(0, 2)) * 4
    wave = bench.run(**given)
    cycles = np.array([cycle for cycle, _, _ in e0])
    order = np.argsort(cycles)
    assert np.flatnonzero(wave["valid_o"]).tolist() == cycles[order].tolist()
    assert wave["stream_o"][cycles].tolist() == [stream for _, _, stream in e0]
    low = places["dest"].low
    every = np.unpackbits(wave.samples["word_o"][cycles], axis=1, bitorder="little")[:, low : low + 9]
    assert (every @ (1 << np.arange(9))).tolist() == [word for _, word, _ in e0]
