# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Sixty-four users of the C-simulation for two minutes, a thousand broken requests: all answers are the reference's.

HARDWIRE_LOAD_SECONDS shortens it. ``python tests/serve/load.py BUILD`` is the same of another chip.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import hardwire
from hardwire.chip.model import Chip

from .load import BROKEN, USERS, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SECONDS = float(os.environ.get("HARDWIRE_LOAD_SECONDS", "120"))
GROWTH = 24 << 10  # KiB after a quarter of the time; what the allocator of a busy machine keeps


def test_nobody_hurts_another(chip_with_text: Chip, tmp_path: Path) -> None:
    build = tmp_path / "build"
    hardwire.build_chip(chip_with_text, build, target="hls")
    result = run(build, "ab", 9, USERS, SECONDS, BROKEN, tmp_path)
    print(result)
    assert set(result.seen) == {"right"}, result
    assert sum(result.broken.values()) == BROKEN and not any(": 5" in what for what in result.broken), result
    quarter, end = result.memory[len(result.memory) // 4], result.memory[-1]
    assert end < quarter + GROWTH, result
    assert result.left == "", result
