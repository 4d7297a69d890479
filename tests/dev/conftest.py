# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Development tests on a real pretrained model and real text, which are not part of the repository.

They live in a folder beside the checkout, or where HARDWIRE_SHARED says. Without it these tests are not
collected; in CI its absence is a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("HARDWIRE_SHARED", Path(__file__).parents[3] / "shared"))

if not (SHARED / "models").is_dir():
    if os.environ.get("CI") == "true":
        raise RuntimeError(f"{SHARED} is missing; set HARDWIRE_SHARED to the folder with models/ and data/")
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def shared() -> Path:
    return SHARED


@pytest.fixture(scope="session")
def stories260k(shared: Path) -> Path:
    return shared / "models" / "stories260K"
