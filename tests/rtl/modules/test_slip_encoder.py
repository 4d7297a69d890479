# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""slip_encoder: bytes and marks to the wire's bytes, as host.frames stuffs them; both sides pause."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import Sink, Source, active, cycles, idle, pressure

from hardwire.host import frames

pytestmark = pytest.mark.tools


@idle
@pressure
def test_frames(draw: np.random.Generator, idle: str, pressure: str) -> None:
    special = np.array([frames.MARK, frames.ESCAPE, frames.ESCAPED_MARK, 0])
    bodies = [bytes([0, 65, 255, frames.MARK])]
    bodies += [bytes(draw.choice(special, draw.integers(1, 12)).astype(np.uint8)) for _ in range(12)]
    items = []
    for body in bodies:
        items += [{"mark_i": 1, "data_i": int(draw.integers(256))}, *({"mark_i": 0, "data_i": b} for b in body)]
        items += [{"mark_i": 1, "data_i": frames.MARK}]
    bench = Bench("slip_encoder")
    bench.reset()
    source = Source(items, "valid_i", "ready_o", active(idle, 300, 1))
    sink = Sink(["data_o"], "valid_o", "ready_i", active(pressure, 300, 2))
    cycles(bench, [source, sink], lambda: source.done, 20_000)
    assert bytes(item[0] for item in sink.items) == b"".join(map(frames.stuff, bodies))
