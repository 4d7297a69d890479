# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a token costs the driver in instructions: less than 1.3 times what is written down in tests/driver/cost.py."""

from __future__ import annotations

import pytest
from driver.cost import INSTRUCTIONS
from driver.instructions import per_token

from .conftest import KEPT
from .root import tool

pytestmark = [pytest.mark.tools, pytest.mark.slow]
MOST = 1.3


@pytest.mark.parametrize("what", INSTRUCTIONS)
def test_instructions_per_token(what: str) -> None:
    """On this machine's processor: valgrind has no 32-bit ARM under qemu, and Python runs the same bytecode there."""
    there = tool("valgrind", KEPT / "valgrind") / "usr"
    valgrind = ("env", f"VALGRIND_LIB={there / 'libexec' / 'valgrind'}", str(there / "bin" / "valgrind.bin"))
    counted, written = per_token(what, 0, valgrind), INSTRUCTIONS[what]
    print(f"{what}: {counted:,.1f} instructions per token, {counted / written:.3f} of the {written:,} written down")
    assert counted < MOST * written
