# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""scores: heads of layers, one behind the other: their largest score, and every score kept for two heads."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.roms import hex_lines, part_lines
from hardwire.ops import softcap
from hardwire.ops.fixed import requantize
from hardwire.parts.softcap import cap_lines, slope_bits

pytestmark = pytest.mark.tools

CAP_LATE = 5  # engine_pkg::ScoreCapLate
# banks, blocks, channels, style, windowed, capped, stages of reads and of sums
CASES = [
    (3, 5, 4, 1, 0, 0, 1, 1),
    (5, 9, 3, 0, 1, 0, 1, 1),
    (1, 4, 2, 2, 1, 0, 1, 1),
    (4, 6, 4, 1, 1, 1, 1, 1),
    (6, 40, 4, 1, 0, 0, 1, 1),
    (2, 70, 2, 1, 1, 1, 1, 1),
    (5, 9, 3, 0, 1, 0, 2, 2),
    (4, 6, 4, 1, 1, 1, 1, 3),
    (21, 40, 4, 1, 0, 0, 2, 3),
]


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(("banks", "blocks", "channels", "style", "windowed", "capped", "reads", "sums"), CASES)
def test_layers(
    draw: np.random.Generator,
    banks: int,
    blocks: int,
    channels: int,
    style: int,
    windowed: int,
    capped: int,
    reads: int,
    sums: int,
    gaps: bool,
) -> None:
    heads, layers, late = 5, 6, CAP_LATE * capped + reads - 1 + sums - 1 + (sums > 1)
    bits, block_bits = 9 + channels.bit_length(), blocks.bit_length()
    table, shifts = softcap.cap_table(30.0, 2e-3, 2**-10), draw.integers(0, 3, heads)
    roms = {"cap00.hex": hex_lines((shifts[:, None], 5)), "score_cap.hex": part_lines(cap_lines(table))}
    bench = Bench(
        "scores",
        Banks=banks,
        HeadDim=channels,
        QueryW=5,
        CacheW=4,
        ScoreW=bits,
        Blocks=blocks,
        ReadStages=reads,
        SumStages=sums,
        Style=style,
        Windowed=windowed,
        Capped=capped,
        Heads=heads,
        SlopeW=slope_bits(table),
        Shifts="cap00.hex",
        flags=["-Wno-WIDTHTRUNC", "-Wno-UNUSEDSIGNAL"],  # the style is an integer, a sum may be wide
        roms=roms if capped else {},
    )
    bench.reset(16)
    kept, lowest = (16, -(1 << 15)) if capped else (bits, -(1 << bits - 1))
    for _ in range(layers):
        used, bank = int(draw.integers(1, blocks + 1)), int(draw.integers(banks))
        begin = int(draw.integers(0, (used - 1) * banks + bank + 1)) if windowed else 0
        query = draw.integers(-16, 16, (heads, channels))
        keys = draw.integers(-8, 8, (heads, used, banks, channels))
        whole = (keys * query[:, None, None]).sum(-1)
        if style == 0:  # all lack the same multiple of the query's sum
            whole -= query.sum(1)[:, None, None]  # digit_offset(4) = 1
        if capped:
            whole = softcap.soft_cap(requantize(whole, 1, shifts[:, None, None], 16), table)
        position = np.arange(used)[:, None] * banks + np.arange(banks)
        seen = (position <= (used - 1) * banks + bank) & (position >= begin)
        peak = np.where(seen, whole, lowest).max((1, 2))
        # Heads follow each other, at least Spacing apart.
        spacing = max(used, 6)
        starts = 2 + np.cumsum([0, *(spacing + gaps * draw.integers(0, 5, heads - 1))])
        count = int(starts[-1]) + used + 2 * blocks + 30
        valid, last, slot = (np.zeros(count, np.int64) for _ in range(3))
        q, k = draw.integers(-16, 16, (count, channels)), draw.integers(-8, 8, (count, banks, channels))
        read = np.zeros(count + 1, np.int64)
        for h, at in enumerate(starts):
            valid[at : at + used], last[at + used - 1] = 1, 1
            slot[at : at + used] = (h % 2 << block_bits) + np.arange(used)
            q[at : at + used], k[at + reads : at + reads + used] = query[h], keys[h]
            after = at + used - 1 + 4 + late + 1  # t5
            read[after : after + used] = (h % 2 << block_bits) + np.arange(used)
        bench.run(1, restart_i=1, valid_i=0)
        wave = bench.run(
            restart_i=0,
            valid_i=valid,
            last_i=last,
            slot_i=slot,
            exists_i=(2 << bank) - 1,
            from_block_i=begin // banks,
            from_bank_i=begin % banks,
            query_i=q,
            keys_i=k if banks * channels > 1 else k[:, 0, 0],
            slot_r_i=read[:-1],
            slot_next_i=read[1:],
        )
        ends = starts + used - 1 + 4 + late
        assert np.flatnonzero(wave["done_o"]).tolist() == ends.tolist()
        np.testing.assert_array_equal(wave.signed("peak_o")[ends + 1], peak)
        got = wave.signed("score_o", banks).reshape(count, banks)
        for h, end in enumerate(ends):
            np.testing.assert_array_equal(got[end + 1 : end + 1 + used], whole[h], f"head {h}")
        assert kept * banks == bench.ports["score_o"].bits
