# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""crc8: every byte on every state, against a bit-by-bit division; and the check value of the published CRC."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench, equal, grid

from hardwire.host.frames import crc8

pytestmark = pytest.mark.tools


def test_every_byte_on_every_state() -> None:
    crc, data = grid(range(256), range(256))
    wanted = crc ^ data
    for _ in range(8):
        wanted = (wanted << 1) ^ np.where(wanted & 0x80, 0x12F, 0)
    equal(Bench("crc8").run(crc_i=crc, data_i=data)["crc_o"], wanted)


def test_frames_end_as_the_driver_ends_them() -> None:
    bench, crc = Bench("crc8"), 0xFF
    for byte in b"123456789":
        bench.set(crc_i=crc, data_i=byte)
        bench.settle()
        crc = bench.get("crc_o")
    assert crc ^ 0xFF == 0xDF == crc8(b"123456789")  # AUTOSAR's check value
    bench.set(crc_i=crc, data_i=crc ^ 0xFF)
    bench.settle()
    assert bench.get("crc_o") == 0x42
