# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""contents_bus: a stream of 32-bit words to the words of URAM, then to every memory's, at any pace; a reset begins
anew."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_contents import off_bus
from bench_streams import PAUSES, active

from hardwire.emit.rtl.loads import EXAMPLE

pytestmark = pytest.mark.tools

URAM = 6  # words, of the checked-in contents_pkg


@pytest.mark.parametrize("idle", PAUSES)
def test_every_word_comes_to_its_place(draw: np.random.Generator, idle: str) -> None:
    count = URAM + sum(section.size for section in EXAMPLE)
    bench = Bench("contents_bus")
    for given in (count, count // 2, count):  # the second is cut off
        bench.run(3, rst_i=1, valid_i=0)
        at = np.r_[active(idle, 40 * given, 4), False, False]
        at[np.flatnonzero(at)[given:]] = False
        stream = draw.integers(0, 1 << 32, len(at))
        wave = bench.run(rst_i=0, valid_i=at.astype(int), data_i=stream)
        words = [int(word) for word in stream[at]]
        uram = np.zeros(len(at), int)
        uram[np.flatnonzero(at)[:URAM]] = 1
        equal(wave["uram_valid_o"], uram)
        rest, wanted = words[URAM:], []
        for index, section in enumerate(EXAMPLE):
            for place in range(section.words):
                part, rest = rest[: section.parts], rest[section.parts :]
                if len(part) == section.parts:
                    wanted.append((index, place, sum(word << 32 * i for i, word in enumerate(part))))
        found = off_bus(wave.unsigned("contents_o", wave.bits["contents_o"]))
        mask = [(1 << 32 * EXAMPLE[index].parts) - 1 for index, _, _ in found]
        assert [(s, a, d & m) for (s, a, d), m in zip(found, mask, strict=True)] == wanted
