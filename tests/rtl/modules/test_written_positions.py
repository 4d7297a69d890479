# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""written_positions: the context that was built until its own section says otherwise, which no other section does."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_contents import on_bus

from hardwire.emit.rtl.contents import POSITIONS
from hardwire.emit.rtl.loads import EXAMPLE

pytestmark = pytest.mark.tools

BUILT = 512  # of the checked-in plan_pkg


def test_positions_are_what_was_written_last(draw: np.random.Generator) -> None:
    bench = Bench("written_positions")
    count, own = 400, [section.file for section in EXAMPLE].index(POSITIONS)
    sections, valid = draw.integers(0, len(EXAMPLE), count), draw.integers(0, 2, count)
    words = draw.integers(1, BUILT + 1, count)
    wave = bench.run(contents_i=on_bus(sections, np.zeros(count, int), words.tolist(), valid))
    held, wanted = BUILT, []
    for section, word, given in zip(sections, words, valid, strict=True):
        wanted.append(held)
        held = int(word) if given and section == own else held
    assert len(set(wanted)) > 20
    equal(wave["positions_o"], np.array(wanted))
