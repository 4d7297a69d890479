# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Sixty-four users of the C-simulation and a thousand broken requests: every answer is the reference's."""

from __future__ import annotations

from pathlib import Path

import pytest

import hardwire
from hardwire.chip.model import Chip

from .load import BROKEN, USERS, run

pytestmark = pytest.mark.slow


def test_nobody_hurts_another(chip_with_text: Chip, tmp_path: Path) -> None:
    build = tmp_path / "build"
    hardwire.build_chip(chip_with_text, build, target="hls")
    result = run(build, "ab", 9, USERS, 10.0, BROKEN, tmp_path)
    print(result)
    assert set(result.seen) == {"right"}, result
    assert sum(result.broken.values()) == BROKEN and not any(": 5" in what for what in result.broken), result
    quarter, end = result.memory[len(result.memory) // 4], result.memory[-1]
    assert end < quarter + (48 << 10), result  # KiB; what the allocator of a busy machine keeps
