# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""rope: the angles of every position, set and part, two cycles late; without rotations, angle 0."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import PAUSES, active

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools

# rows, context, parts, sets
CASES = [(8, 12, 1, 1), (2, 7, 3, 1), (4, 9, 2, 2), (4, 5, 1, 3), (6, 4, 3, 2)]


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("rows", "context", "parts", "sets"), CASES)
def test_positions(draw: np.random.Generator, rows: int, context: int, parts: int, sets: int, idle: str) -> None:
    half, count = rows // 2, 1500
    cos, sin = draw.integers(-(1 << 15), 1 << 15, (2, context, sets, parts, half))
    lines = hex_lines((cos.reshape(-1, half), 16), (sin.reshape(-1, half), 16))
    bench = Bench("rope", Rows=rows, Context=context, Parts=parts, Sets=sets, roms={"angle.hex": lines})
    clear, following, position = (np.zeros(count, np.int64) for _ in range(3))
    asked, at = active(idle, count, 3), 0
    clear[0], position[0] = 1, 0
    for n in range(1, count):
        position[n] = at
        if at == context - 1 or draw.random() < 0.02:
            clear[n], at = 1, 0
            following[n] = draw.integers(2)  # which clear overrules
        elif asked[n]:
            following[n], at = 1, at + 1
    which, part = draw.integers(0, sets, count), draw.integers(0, parts, count)
    part_bits = max((parts - 1).bit_length(), 1)
    wave = bench.run(clear_i=clear, next_i=following, part_i=(which << part_bits) + part)
    known = np.arange(count) > 0
    for name, table in (("cos_o", cos), ("sin_o", sin)):
        got = wave.signed(name, half).reshape(count, half)
        equal(got, table[position, which, part], late=2, where=known)
    assert set(position) == set(range(context)) or idle == "mostly"


def test_without_rotations_the_angle_is_0(draw: np.random.Generator) -> None:
    bench = Bench("rope", Rows=6, Context=9, Parts=2, Turns=0)
    wave = bench.run(next_i=draw.integers(0, 2, 50), part_i=draw.integers(0, 2, 50))
    assert (wave.signed("cos_o", 3) == 1 << 14).all() and not wave.signed("sin_o", 3).any()
