# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""residual: set, added to with saturation, read while it is written; its largest magnitude and what it hands on."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, Stopped, equal
from bench_streams import PAUSES, active

from hardwire.ops.fixed import magnitude_bits, saturate

pytestmark = pytest.mark.tools

# rows, columns, width, words
CASES = [(4, 4, 16, 6), (2, 4, 12, 6), (2, 6, 16, 3), (3, 3, 9, 1)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("rows", "columns", "width", "words"), CASES)
def test_vectors(draw: np.random.Generator, rows: int, columns: int, width: int, words: int, idle: str) -> None:
    """A vector is set, then added to some times, each time in another order; then the next."""
    slices, count = columns // rows, 1600
    we = active(idle, count, 1).astype(int)
    replace, first, write, read, re = (draw.integers(0, 2, count) for _ in range(5))
    y = draw.integers(-(1 << width - 1), 1 << width - 1, (count, rows)) >> draw.integers(0, width, (count, 1))
    held, fresh = np.zeros((words, rows), np.int64), np.zeros(words, bool)
    wanted, bits, written = (
        np.zeros((count, columns), np.int64),
        np.zeros(count, np.int64),
        np.zeros((count, rows), int),
    )
    most, done, order = 0, 0, draw.permutation(words)
    for n in range(count):
        read[n] = draw.integers(words // slices)
        covered = slice(read[n] * slices, (read[n] + 1) * slices)
        re[n], wanted[n] = fresh[covered].all(), held[covered].reshape(-1)
        if we[n]:
            step = done % words
            order = draw.permutation(words) if step == 0 else order
            first[n], replace[n], write[n] = step == 0, done // words % 4 == 0, order[step]
            held[write[n]] = saturate((0 if replace[n] else held[write[n]]) + y[n], width)
            fresh = (fresh & (step > 0)) | (np.arange(words) == write[n])
            written[n] = held[write[n]]
            most = max(0 if first[n] else most, int(magnitude_bits(held[write[n]]).max()))
            done += 1
        else:
            write[n] = draw.integers(words)
        bits[n] = most
    bench = Bench("residual", Rows=rows, Columns=columns, Width=width, Words=words)
    wave = bench.run(we_i=we, set_i=replace, first_i=first, waddr_i=write, y_i=y, re_i=re, raddr_i=read)
    equal(wave.signed("x_o", columns), wanted, where=re == 1)
    equal(wave["bits_o"], bits, late=1, where=np.cumsum(we) > 0)
    equal(wave["we_o"], we, late=1)
    equal(wave["first_o"], first, late=1)
    equal(wave.signed("next_o", rows), written, late=1, where=we == 1)


def test_a_read_of_a_word_that_is_not_there_stops() -> None:
    bench = Bench("residual", Rows=2, Columns=4, Words=4)
    for word in range(3):
        bench.run(1, we_i=1, set_i=1, first_i=int(word == 0), waddr_i=word)
    bench.set(we_i=0, re_i=1)
    bench.run(1, raddr_i=0)
    with pytest.raises(Stopped, match="word 1 is read before it is written"):
        bench.run(1, raddr_i=1)


def test_words_that_hold_nothing_may_be_read() -> None:
    bench = Bench("residual", Rows=2, Columns=4, Words=4, Real=3)
    for word in range(3):
        bench.run(1, we_i=1, set_i=1, first_i=int(word == 0), waddr_i=word)
    bench.run(1, we_i=0, re_i=1, raddr_i=1)
