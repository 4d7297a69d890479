# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""softmax: exponentials of heads and layers as ops.attention computes them; where the values are, and their shift."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops import attention

pytestmark = pytest.mark.tools

# banks, blocks, layers, walks, group, score bits, windowed
CASES = [(3, 5, 2, 4, 2, 21, 0), (4, 3, 3, 2, 1, 16, 1), (1, 7, 1, 3, 3, 13, 1), (12, 2, 2, 2, 2, 18, 0)]


@pytest.mark.parametrize("several", [True, False])  # streams: layers in any order, the parity runs on
@pytest.mark.parametrize(("close", "stages"), [(True, 1), (False, 1), (True, 2)])
@pytest.mark.parametrize(("banks", "blocks", "layers", "walks", "group", "bits", "windowed"), CASES)
def test_tokens(
    draw: np.random.Generator,
    banks: int,
    blocks: int,
    layers: int,
    walks: int,
    group: int,
    bits: int,
    windowed: int,
    close: bool,
    several: bool,
    stages: int,
) -> None:
    table, block_bits = attention.exp_table(), blocks.bit_length()
    shift, value_shift = draw.integers(0, bits - 8, (layers, walks)), draw.integers(0, 32, (layers, walks))
    roms = {
        "exp.hex": hex_lines((table[:, None], 10)),
        "shift00.hex": hex_lines((value_shift.reshape(-1, 1), 5), (shift.reshape(-1, 1), 5)),
    }
    addr_bits = max((layers * walks // group * blocks - 1).bit_length(), 1)
    bench = Bench(
        "softmax",
        Banks=banks,
        Blocks=blocks,
        Layers=layers,
        Walks=walks,
        ScoreW=bits,
        AddrW=addr_bits,
        Group=group,
        File="shift00.hex",
        Windowed=windowed,
        ReadStages=stages,
        roms=roms,
    )
    bench.reset(16)
    heads = 0  # so far
    for _ in range(6):
        used, bank = int(draw.integers(1, blocks + 1)), int(draw.integers(banks))
        position = np.arange(used)[:, None] * banks + np.arange(banks)
        for layer in draw.permutation(layers).tolist() if several else range(layers):
            begin = int(draw.integers(0, (used - 1) * banks + bank + 1)) if windowed else 0
            seen = (position <= (used - 1) * banks + bank) & (position >= begin)
            score = draw.integers(-(1 << bits - 1), 1 << bits - 1, (walks, used, banks)) >> draw.integers(0, 9)
            peak = np.where(seen, score, -(1 << 40)).max((1, 2))
            wanted = [
                attention.probabilities(s.reshape(1, -1), seen.reshape(1, -1), n, table).reshape(used, banks)
                for s, n in zip(score, shift[layer], strict=True)
            ]
            spacing = max(used, 4)
            waits = spacing + (not close) * draw.integers(0, 6, walks - 1)
            starts = 1 + np.cumsum([0, *waits])
            count = int(starts[-1]) + used + 12
            start = np.zeros(count, np.int64)
            start[starts] = 1
            peaks = draw.integers(-(1 << bits - 1), 1 << bits - 1, count)
            given = draw.integers(-(1 << bits - 1), 1 << bits - 1, (count, banks))
            peaks[starts + 1] = peak
            for w, at in enumerate(starts):
                given[at + 1 : at + 1 + used] = score[w]
            load = {"load_i": int(several or layer == 0), "base_i": layer * walks // group * blocks * several}
            bench.run(1, layer_i=int(not several), index_i=layer * walks * several, start_i=0, **load)
            wave = bench.run(
                layer_i=0,
                load_i=0,
                start_i=start,
                peak_i=peaks,
                blocks_i=used,
                single_i=int(used == 1),
                exists_i=(2 << bank) - 1,
                from_block_i=begin // banks,
                from_bank_i=begin % banks,
                score_i=given if banks > 1 else given[:, 0],
            )
            valid, n = np.zeros(count, np.int64), np.arange(used)
            weight = wave.unsigned("weight_o", banks).reshape(count, banks)
            for w, at in enumerate(starts):  # t4 is at
                slots = ((heads if several else w) % 2 << block_bits) + n
                heads += 1
                out = at + 3 + stages
                label = f"layer {layer}, head {w}"
                valid[out : out + used] = 1
                np.testing.assert_array_equal(weight[out : out + used], wanted[w], label)
                assert wave["slot_o"][at + 1 + n].tolist() == slots.tolist(), label
                assert wave["head_last_o"][at + 1 + n].tolist() == (n == used - 1).astype(int).tolist(), label
                assert wave["slot_next_o"][at + n].tolist() == slots.tolist(), label
                base = (layer * walks // group + w // group) * blocks
                assert wave["value_addr_o"][at + 3 + n].tolist() == (base + n).tolist(), label
                assert wave["value_last_o"][at + 3 + n].tolist() == (n == used - 1).astype(int).tolist(), label
                assert wave["first_o"][out + n].tolist() == (n == 0).astype(int).tolist(), label
                assert wave["last_o"][out + n].tolist() == (n == used - 1).astype(int).tolist(), label
                assert (wave["shift_o"][out + n] == value_shift[layer, w]).all(), label
            np.testing.assert_array_equal(wave["valid_o"], valid)
            assert not weight[valid == 0].any()
