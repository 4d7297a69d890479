# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""host_irq: events that stand until they are cleared, also while they are; the line of those that are enabled."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import active

pytestmark = pytest.mark.tools


def test_events(draw: np.random.Generator) -> None:
    count = 5000
    event = draw.integers(0, 8, count) * active("mostly", count, 1)
    enable, clear = (active(kind, count, n).astype(int) for n, kind in ((2, "mostly"), (3, "at random")))
    wdata, rst = draw.integers(0, 8, count), (np.arange(count) % 2000 < 1).astype(int)
    wave = Bench("host_irq").run(event_i=event, enable_we_i=enable, clear_we_i=clear, wdata_i=wdata, rst_i=rst)
    enabled = standing = line = 0
    for n in range(count):
        if n:
            assert [wave[k][n] for k in ("enable_o", "standing_o", "irq_o")] == [enabled, standing, line], f"cycle {n}"
        line = int(standing & enabled != 0)
        standing = standing & ~int(wdata[n]) if clear[n] else standing
        standing |= int(event[n])
        enabled = int(wdata[n]) if enable[n] else enabled
        if rst[n]:
            enabled = standing = line = 0
