# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""choice_noise: the noise of any id, one a cycle."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.emit.rtl.roms import hex_lines
from hardwire.ops import sampler

pytestmark = pytest.mark.tools

LATE = 16


def test_ids_in_any_order(draw: np.random.Generator) -> None:
    bench = Bench("choice_noise", IdW=10, roms={"gumbel.hex": hex_lines((sampler.gumbel_table()[:, None], 16))})
    for _ in range(4):
        seed, position = int(draw.integers(1 << 62)) * 3 + 1, int(draw.integers(1 << 32))
        ids = draw.integers(0, 1 << 10, 400)
        wave = bench.run(seed_i=seed, position_i=position, id_i=ids)
        every = sampler.gumbel_table()[sampler.noise_index(sampler.uniforms(seed, position, 1 << 10))]
        equal(wave.signed("noise_o"), every[ids], late=LATE)
