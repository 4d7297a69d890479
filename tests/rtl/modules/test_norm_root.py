# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""norm_root: the root of vectors of every magnitude, with pauses inside them and between."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal
from bench_streams import PAUSES, active, spread

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops import norm
from hardwire.ops.fixed import magnitude_bits

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(
    ("rows", "width", "words", "stages", "sums", "rounds"),
    [(8, 16, 5, 1, 1, 1), (2, 16, 1, 1, 1, 2), (3, 12, 4, 2, 1, 3), (8, 16, 5, 2, 2, 3), (5, 12, 1, 1, 3, 1)],
)
def test_vectors(
    draw: np.random.Generator, rows: int, width: int, words: int, stages: int, sums: int, rounds: int, idle: str
) -> None:
    vectors, dim = 300, rows * words
    x = draw.integers(-(1 << width - 1), 1 << width - 1, (vectors, dim)) >> draw.integers(0, width, (vectors, 1))
    x[0], x[1], x[2] = 0, -(1 << width - 1), (1 << width - 1) - 1
    eps = draw.integers(1, norm.LARGEST_EPS + 1, vectors) >> draw.integers(0, 30, vectors)
    eps = np.maximum(eps, 1)
    m = magnitude_bits(x).max(1)
    root = norm.reciprocal_root(np.square(x).sum(1) + eps, m, norm.rsqrt_table())
    energy_bits = norm.largest_energy(dim, width).bit_length()
    at = np.r_[active(idle, 12 * vectors * words, 3), np.zeros(12, bool)]
    at[np.flatnonzero(at)[vectors * words :]] = False
    first = np.tile(np.arange(words) == 0, vectors)
    given = spread({"x_i": x.reshape(-1, rows), "first_i": first.astype(int)}, at, {"x_i": width, "first_i": 1}, seed=2)
    begin, end = (np.flatnonzero(at)[k::words] for k in (0, words - 1))
    # eps is looked at a cycle behind the first entry, bits two cycles behind the last.
    eps_i, bits_i = draw.integers(0, 1 << 30, len(at)), draw.integers(0, 1 << (width - 1).bit_length(), len(at))
    eps_i[begin + 1], bits_i[end + 2] = eps, m
    lines = hex_lines((norm.rsqrt_table()[:, None], 17))
    shape = {"Rows": rows, "ResidualW": width, "EnergyW": energy_bits, "Stages": stages, "SumStages": sums,
             "RoundStages": rounds}  # fmt: skip
    bench = Bench("norm_root", roms={"rsqrt.hex": lines}, **shape)
    wave = bench.run(valid_i=at.astype(int), eps_i=eps_i, bits_i=bits_i, **given)
    equal(wave["root_o"][end + 5 + stages + (sums > 1) + (rounds > 2)], root)
    assert len(end) == vectors
