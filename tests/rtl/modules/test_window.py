# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""window: where every layer's window begins, for every position of a context."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from hardwire.emit.rtl.roms import hex_lines

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("banks", "blocks"), [(12, 5), (1, 9), (4, 4), (5, 3)])
def test_every_position(banks: int, blocks: int) -> None:
    """A window of so many positions, this one included; of one; one that is longer than the context; and none."""
    windows = [banks + 2, 1, 0, 2, banks * blocks + 3, banks * 2]
    reach = np.array([divmod(w - 1, banks) if w and w <= banks * blocks else (blocks, 0) for w in windows])
    bank_bits, block_bits = max((banks - 1).bit_length(), 1), blocks.bit_length()
    lines = hex_lines((reach[:, 1:], bank_bits), (reach[:, :1], block_bits))
    bench = Bench("window", Banks=banks, Blocks=blocks, Layers=len(windows), roms={"window.hex": lines})
    for position in range(banks * blocks):
        used, bank = position // banks + 1, position % banks
        bench.run(1, restart_i=1, blocks_i=used, bank_i=bank)
        bench.set(restart_i=0)
        for layer, window in enumerate(windows):
            bench.run(1, start_i=1)
            wave = bench.run(1 + layer % 3, start_i=0)  # a wait in which it keeps
            begin = max(position - window + 1, 0) if window else 0
            assert (wave["block_o"] * banks + wave["bank_o"] == begin).all(), (position, window)
