# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""block_walk: layers of random lengths, of one stream or of several, with random waits; every cycle's outputs."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

pytestmark = pytest.mark.tools

# blocks, walks, group, spacing
CASES = [(43, 8, 2, 6), (5, 4, 4, 7), (1, 2, 1, 3), (9, 1, 1, 2), (6, 6, 3, 2)]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(("blocks", "walks", "group", "spacing"), CASES)
def test_layers_of_tokens(
    draw: np.random.Generator, blocks: int, walks: int, group: int, spacing: int, several: bool
) -> None:
    layers, block_bits = 3, blocks.bit_length()
    addr_bits = max((layers * walks // group * blocks - 1).bit_length(), 1)
    columns: dict[str, list[int]] = {
        name: [] for name in ("load_i", "base_i", "start_i", "blocks_i", "valid", "last", "free")
    }
    walk, slot, addr, parity = [], [], [], 0

    def idle(cycles: int) -> None:
        for name in columns:
            columns[name] += [int(draw.integers(blocks + 1)) if name == "blocks_i" else int(name == "free")] * cycles
        for listed in (walk, slot, addr):
            listed.extend([0] * cycles)

    idle(2)
    for _ in range(12):
        used, base = int(draw.integers(1, blocks + 1)), 0
        idle(1)
        columns["load_i"][-1] = int(not several)
        for _ in range(layers):
            idle(1 + int(draw.integers(4)))
            columns["start_i"][-1] = 1
            if several:  # a layer is where its stream has it
                base = int(draw.integers(0, layers)) * walks // group * blocks
                columns["load_i"][-1], columns["base_i"][-1] = 1, base
            for w in range(walks):
                odd = parity if several else w % 2
                parity ^= 1
                for n in range(max(used, spacing)):
                    idle(1)
                    columns["free"][-1] = int(w == walks - 1 and n == max(used, spacing) - 1)
                    columns["blocks_i"][-1], columns["valid"][-1] = used, int(n < used)
                    columns["last"][-1] = int(n == used - 1)
                    walk[-1], slot[-1], addr[-1] = w, (odd << block_bits) + n, base + w // group * blocks + n
            base += walks // group * blocks
    idle(3)
    bench = Bench(
        "block_walk", Blocks=blocks, Walks=walks, Group=group, AddrW=addr_bits, Spacing=spacing, Several=int(several)
    )
    bench.reset()
    given = {name: np.array(columns[name]) for name in ("load_i", "base_i", "start_i", "blocks_i")}
    wave, valid = bench.run(**given), np.array(columns["valid"])
    equal(wave["valid_o"], valid)
    equal(wave["last_o"], np.array(columns["last"]))
    equal(wave["free_o"][:-1], np.array(columns["free"])[1:])
    for name, wanted in (("walk_o", walk), ("slot_o", slot), ("addr_o", addr)):
        equal(wave[name], np.array(wanted), where=valid == 1)


def test_a_reset_ends_a_walk() -> None:
    bench = Bench("block_walk")
    bench.reset()
    bench.run(1, start_i=1, blocks_i=20)
    assert bench.run(5, start_i=0)["valid_o"].all()
    bench.reset()
    assert not bench.run(50)["valid_o"].any()
