# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""soft_cap: every value of 16 bits, on lanes that share a memory and on one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal

from hardwire.emit.rtl.roms import part_lines
from hardwire.ops import softcap
from hardwire.parts.softcap import cap_lines, slope_bits

pytestmark = pytest.mark.tools

TABLES = {
    "gentle": softcap.cap_table(30.0, 2e-3, 2**-10),
    "tight": softcap.cap_table(0.5, 2e-3, 2**-14),
    "steepest": np.where(np.arange(softcap.CAP_ENTRIES) % 2, 32767, -32768),
}
LATE = 3  # engine_pkg::SoftCapLate


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_every_value(name: str, lanes: int) -> None:
    table = TABLES[name]
    x = np.arange(-32768, 32768)[:, None] * (1, 7, 7)[:lanes] % 65536
    x = (x ^ 0x8000) - 0x8000
    bench = Bench(
        "soft_cap",
        Lanes=lanes,
        SlopeW=slope_bits(table),
        File="cap.hex",
        roms={"cap.hex": part_lines(cap_lines(table))},
    )
    wave = bench.run(x_i=x if lanes > 1 else x[:, 0])
    equal(wave.signed("y_o", lanes).reshape(-1, lanes), softcap.soft_cap(x, table), late=LATE)
