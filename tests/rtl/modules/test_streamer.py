# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""streamer: matrices of every shape, one behind the other or apart; every slot's outputs."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

pytestmark = pytest.mark.tools

SOURCES = 3  # engine_pkg::source_e


@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize(("depth", "step_bits", "emit_bits"), [(8, 8, 8), (1, 3, 5), (5, 2, 6), (20, 4, 7)])
def test_matrices(draw: np.random.Generator, depth: int, step_bits: int, emit_bits: int, close: bool) -> None:
    names = ("start_i", "source_i", "steps_i", "emits_i")
    given: dict[str, list[int]] = {name: [] for name in names}
    slots: list[tuple[int, ...]] = []  # step, first, index, tag, count, source

    def cycle(start: int, matrix: tuple[int, int, int], slot: tuple[int, ...]) -> None:
        for name, value in zip(names, (start, *matrix), strict=True):
            given[name].append(value)
        slots.append(slot)

    def shape() -> tuple[int, int, int]:
        steps, emits = int(draw.integers(1, 1 << step_bits)), int(draw.integers(1, 1 << emit_bits))
        if draw.random() < 0.3:
            emits = min(depth * int(draw.integers(1, 4)), (1 << emit_bits) - 1)  # whole passes
        return int(draw.integers(SOURCES)), steps, emits

    none = (0, 0, 0, 0, 0, 0)
    cycle(0, shape(), none)
    matrix = shape()
    cycle(1, matrix, none)
    for _ in range(40):
        source, steps, emits = matrix
        left = emits
        while left > 0:
            reads = min(left, depth)
            for slot in range(steps if left <= depth else max(steps, depth)):
                tag = slot == steps - 1
                cycle(0, shape(), (int(slot < steps), int(slot == 0), slot, int(tag), reads, source))
            left -= depth
        matrix = shape()
        if not close:
            for _ in range(int(draw.integers(1, 4))):
                cycle(0, shape(), none)
        given["start_i"][-1] = 1  # on the last slot, or in a pause
        for name, value in zip(names[1:], matrix, strict=True):
            given[name][-1] = value
    given["start_i"][-1] = 0
    bench = Bench("streamer", Depth=depth, StepW=step_bits, EmitW=emit_bits)
    bench.reset()
    wave = bench.run(**{name: np.array(values) for name, values in given.items()})
    step, first, index, tag, count, source = np.array(slots).T
    np.testing.assert_array_equal(wave["step_o"], step)
    np.testing.assert_array_equal(wave["tag_o"], tag)
    on, tagged = step == 1, tag == 1
    np.testing.assert_array_equal(wave["first_o"][on], first[on])
    np.testing.assert_array_equal(wave["index_o"][on], index[on])
    np.testing.assert_array_equal(wave["source_o"][on], source[on])
    np.testing.assert_array_equal(wave["count_o"][on], count[on])
    assert tagged.any()


def test_a_reset_ends_a_matrix() -> None:
    bench = Bench("streamer")
    bench.reset()
    bench.run(1, start_i=1, steps_i=200, emits_i=99)
    assert bench.run(9, start_i=0)["step_o"].all()
    bench.reset()
    assert not bench.run(400)["step_o"].any()
