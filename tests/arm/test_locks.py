# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Two programs at one chip, killed and resumed, on a board's processor: those tests of tests/driver, by its Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from driver.model import ModelChip
from driver.remote import Server
from driver.test_processes import (  # noqa: F401
    test_ctrl_c_stops_the_chip,
    test_killed_in_the_middle_and_resumed,
    test_two_at_once,
)
from hosted import FIRST, RING

from hardwire.chip.model import Chip

from .conftest import Processor

pytestmark = [pytest.mark.tools, pytest.mark.slow]


@pytest.fixture
def server(
    processor: Processor, deployed: Path, chip_with_text: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """A chip whose programs run on that processor; this machine's own lock lies where theirs do."""
    for name, value in processor.environment(HARDWIRE_LOCKS=str(tmp_path)).items():
        monkeypatch.setenv(name, value)
    server = Server(
        ModelChip(chip_with_text, ring=RING, first_index=FIRST, cost=900), tmp_path / "door", processor.python
    )
    yield server
    server.close()
