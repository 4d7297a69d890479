# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""renorm: heads of one turn or several, several heads of a turn; every magnitude, with pauses between turns."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import PAUSES, active, spread

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops import norm
from hardwire.ops.fixed import MULTIPLIER_BITS, requantize
from hardwire.ops.matvec import fold_root

pytestmark = pytest.mark.tools

# rows, turns of a head, heads of a turn, result bits, turns of a token, stages of the root's table, of sums and of
# the rounding
CASES = [
    (4, 1, 2, 16, 6, 1, 1, 2), (2, 3, 1, 16, 6, 1, 1, 1), (4, 1, 1, 9, 3, 2, 1, 3), (2, 8, 1, 12, 8, 2, 1, 2),
    (2, 7, 1, 16, 7, 2, 2, 3), (4, 1, 1, 16, 3, 1, 3, 2),
]  # fmt: skip


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("rows", "parts", "heads", "bits", "words", "reads", "sums", "stages"), CASES)
def test_tokens(
    draw: np.random.Generator,
    rows: int,
    parts: int,
    heads: int,
    bits: int,
    words: int,
    reads: int,
    sums: int,
    stages: int,
    idle: str,
) -> None:
    tokens, size = 12, rows // heads
    gain = draw.integers(0, 1 << MULTIPLIER_BITS, (words, rows))
    gain[0], shift = (1 << MULTIPLIER_BITS) - 1, draw.integers(15, 22, words)
    eps = np.repeat(draw.integers(1, norm.LARGEST_EPS, words // parts) >> 12, parts)
    roms = {
        "renorm.hex": hex_lines((gain, MULTIPLIER_BITS), (shift[:, None], 6)),
        "renorm_eps.hex": hex_lines((eps[:, None], 31)),
        "rsqrt.hex": hex_lines((norm.rsqrt_table()[:, None], 17)),
    }
    energy = norm.largest_energy(size * parts, norm.RENORM_BITS).bit_length()
    bench = Bench(
        "renorm",
        Rows=rows,
        Parts=parts,
        Heads=heads,
        OutW=bits,
        EnergyW=energy,
        EpsW=31,
        Words=words,
        ReadStages=reads,
        SumStages=sums,
        Stages=stages,
        roms=roms,
    )
    bench.reset(16)
    for token in range(tokens):
        x = draw.integers(-32768, 32768, (words // parts, parts, rows)) >> draw.integers(0, 16, (words // parts, 1, 1))
        if token < 3:
            x[:] = (0, -32768, 32767)[token]
        by_head = x.reshape(-1, parts, heads, size).swapaxes(1, 2).reshape(-1, heads, parts * size)
        a, squares, m = norm.shift_normalize(by_head, np.array([0]), norm.RENORM_BITS)
        root = norm.reciprocal_root(squares + eps[::parts, None], m, norm.rsqrt_table())
        a = a.reshape(-1, heads, parts, size).swapaxes(1, 2).reshape(words, rows)
        roots = np.repeat(np.repeat(root, parts, 0), size, 1)
        wanted = requantize(a, fold_root(gain, roots), shift[:, None], bits)
        side = draw.integers(0, 256, words)
        at = np.r_[active(idle, 40 * words, token), np.zeros(40, bool)]
        at[np.flatnonzero(at)[words:]] = False
        turn = np.arange(words) % parts
        given = spread(
            {"x_i": x.reshape(words, rows), "side_i": side, "part_i": turn},
            at,
            {"x_i": 16, "side_i": 8, "part_i": max((parts - 1).bit_length(), 1)},
            seed=token,
        )
        bench.run(1, restart_i=1, valid_i=0)
        wave = bench.run(restart_i=0, valid_i=at.astype(int), **given)
        ends = np.flatnonzero(at)[parts - 1 :: parts] + 8 + reads + (sums > 1) + stages + (stages > 2)
        out = (ends[:, None] + np.arange(parts)).reshape(-1)
        assert np.flatnonzero(wave["valid_o"]).tolist() == out.tolist()
        assert wave["side_o"][out].tolist() == wave["early_o"][out - 2].tolist() == side.tolist()
        np.testing.assert_array_equal(wave.signed("y_o", rows)[out], wanted)
