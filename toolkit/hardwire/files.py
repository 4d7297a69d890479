# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Files by their hash, and those that come with the package."""

from __future__ import annotations

import hashlib
from pathlib import Path


def bundled_folder() -> Path:
    """Where the bundled model's files are."""
    return Path(__file__).parent / "bundled"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        total = hashlib.sha256()
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()
