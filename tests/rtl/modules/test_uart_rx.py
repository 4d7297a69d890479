# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""uart_rx: bytes from a sender whose clock is off, with pauses; glitches, bytes without a stop bit, breaks."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import PAUSES, active

pytestmark = pytest.mark.tools


def wire(listed: list[tuple[int, int]], divisor: float, pauses: np.ndarray) -> np.ndarray:
    """The line in every cycle: (byte, stop bit) each, behind a pause of so many bits."""
    levels = [(1.0, 2.0)]
    for (byte, stop), pause in zip(listed, pauses, strict=True):
        levels += [
            (1.0, float(pause)),
            (0.0, 1.0),
            *((float(byte >> n & 1), 1.0) for n in range(8)),
            (float(stop), 1.0),
        ]
        levels += [] if stop else [(1.0, 2.0)]
    levels.append((1.0, 12.0))
    ends = np.cumsum([length * divisor for _, length in levels])
    at = np.searchsorted(ends, np.arange(int(ends[-1])), side="right")
    return np.array([int(level) for level, _ in levels])[at]


def received(bench: Bench, line: np.ndarray) -> tuple[list[int], int]:
    wave = bench.run(rxd_i=line)
    assert not (wave["valid_o"] & wave["error_o"]).any()
    return wave["data_o"][wave["valid_o"] == 1].tolist(), int(wave["error_o"].sum())


@pytest.mark.parametrize("idle", PAUSES)
@pytest.mark.parametrize(("divisor", "off"), [(8, 0.0), (50, 0.0), (50, 0.035), (50, -0.035), (17, 0.02), (16, -0.02)])
def test_bytes(draw: np.random.Generator, divisor: int, off: float, idle: str) -> None:
    sent = [0x00, 0xFF, 0x55, 0xAA, *draw.integers(0, 256, 40).tolist()]
    pauses = np.where(active(idle, len(sent), 2), 0, draw.random(len(sent)) * 3)
    bench = Bench("uart_rx", Divisor=divisor)
    bench.run(4, rxd_i=1, rst_i=1)
    bench.set(rst_i=0)
    line = wire([(byte, 1) for byte in sent], divisor * (1 + off), pauses)
    assert received(bench, line) == (sent, 0)


def test_a_byte_without_a_stop_bit_is_lost_alone(draw: np.random.Generator) -> None:
    sent = [(int(byte), int(draw.random() < 0.6)) for byte in draw.integers(0, 256, 60)]
    bench = Bench("uart_rx", Divisor=12)
    bench.run(4, rxd_i=1, rst_i=1)
    bench.set(rst_i=0)
    found = received(bench, wire(sent, 12, draw.random(60) * 3))
    assert found == ([byte for byte, stop in sent if stop], sum(not stop for _, stop in sent))


def test_glitches_and_breaks() -> None:
    bench = Bench("uart_rx", Divisor=20)
    line = np.zeros(200, int)  # low from power-up: nothing begins before the line is idle
    bench.run(4, rxd_i=0, rst_i=1)
    bench.set(rst_i=0)
    assert received(bench, line) == ([], 0)
    for length in range(1, 9):  # gone by the middle of a start bit
        assert received(bench, np.r_[np.ones(40, int), np.zeros(length, int), np.ones(300, int)]) == ([], 0)
    # A break: one error, however long; then the next byte.
    assert received(bench, np.r_[np.ones(40, int), np.zeros(900, int), np.ones(40, int)]) == ([], 1)
    assert received(bench, wire([(0x5A, 1)], 20, np.array([0.3]))) == ([0x5A], 0)
