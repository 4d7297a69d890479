# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Files by their hash, and those that come with the package."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

DECIDES = (".py", ".sv", ".v", ".cpp", ".hpp", ".toml", ".lpf", ".onnx", ".json", ".txt", ".j2")  # suffixes of sources


def bundled_folder() -> Path:
    """Where the bundled model's files are."""
    return Path(__file__).parent / "bundled"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        total = hashlib.sha256()
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def package_digest() -> str:
    """sha256 of all of the package that may decide what it makes: code, kernels, modules, boards, the bundled model.

    The whole package counts: a list of the files that matter would be wrong the day after.
    """
    places = [Path(str(resources.files(f"hardwire{part}"))) for part in ("", ".boards", ".hls", ".rtl")]
    files = {path for place in places for path in place.rglob("*") if path.suffix in DECIDES}
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path.name} {sha256(path)}\n".encode())
    return total.hexdigest()
