# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""slip_decoder: frames of every byte with pauses in them; escapes that escape nothing."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench
from bench_streams import PAUSES, active

from hardwire.host import frames

pytestmark = pytest.mark.tools


def decoded(wire: bytes, idle: str, draw: np.random.Generator) -> tuple[list[bytes], int]:
    """Frames between marks, and how many errors, of bytes that come with pauses."""
    at = active(idle, 30 * len(wire), 3)
    at[np.flatnonzero(at)[len(wire) :]] = False
    data = draw.integers(0, 256, len(at))  # no one looks at a byte that is not valid
    data[at] = list(wire)
    bench = Bench("slip_decoder")
    bench.reset()
    wave = bench.run(valid_i=at.astype(int), data_i=data)
    bodies, errors = [bytearray()], 0
    for n in np.flatnonzero(wave["valid_o"] | wave["mark_o"] | wave["error_o"]):
        assert at[n] and wave["valid_o"][n] + wave["mark_o"][n] <= 1
        errors += int(wave["error_o"][n])
        if wave["mark_o"][n]:
            bodies.append(bytearray())
        elif wave["valid_o"][n]:
            bodies[-1].append(wave["data_o"][n])
    return [bytes(body) for body in bodies], errors


@pytest.mark.parametrize("idle", PAUSES)
def test_frames(draw: np.random.Generator, idle: str) -> None:
    special = np.array([frames.MARK, frames.ESCAPE, frames.ESCAPED_MARK, frames.ESCAPED_ESCAPE, 0, 255])
    bodies = [bytes(range(256)), b"", bytes([frames.ESCAPE] * 5)]
    bodies += [bytes(draw.choice(special, draw.integers(1, 20)).astype(np.uint8)) for _ in range(60)]
    found, errors = decoded(b"".join(map(frames.stuff, bodies)), idle, draw)
    assert [body for body in found if body] == [body for body in bodies if body] and not errors
    assert len(found) == 2 * len(bodies) + 1


@pytest.mark.parametrize("byte", [0x00, 0x41, 0xDB, 0xC0, 0xFF])
def test_an_escape_of_nothing_is_an_error(draw: np.random.Generator, byte: int) -> None:
    found, errors = decoded(bytes([frames.MARK, 1, frames.ESCAPE, byte, frames.MARK, 2]), "never", draw)
    assert errors and found[-1] == b"\x02" and found[1][:1] == b"\x01"


def test_a_reset_forgets_an_escape() -> None:
    bench = Bench("slip_decoder")
    bench.reset()
    bench.run(1, valid_i=1, data_i=frames.ESCAPE)
    bench.set(valid_i=0)
    bench.reset()
    wave = bench.run(1, valid_i=1, data_i=frames.ESCAPED_MARK)
    assert wave["data_o"][0] == frames.ESCAPED_MARK and wave["valid_o"][0] and not wave["error_o"][0]
