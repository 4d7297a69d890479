# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The ONNX file that a chip came from, where it is still at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..files import bundled_folder, sha256
from .model import Chip, read_origin


def find_onnx(chip: Chip, chip_path: Path) -> Path | None:
    """A file with the hash that the chip knows: beside the chip, where the chip remembers it, or in the package."""
    return next(onnx_files(chip, chip_path), None)


def onnx_files(chip: Chip, chip_path: Path) -> Iterator[Path]:
    """All such files, in that order."""
    source = chip.about.get("onnx")
    source = source if isinstance(source, dict) else {}
    name, digest = str(source.get("file", "")), source.get("sha256")
    if not name or "/" in name or "\\" in name:
        return
    remembered = read_origin(chip_path)
    for place in (chip_path.parent / name, *([remembered] if remembered else []), bundled_folder() / name):
        if place.is_file() and sha256(place) == digest:
            yield place
