# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The exports that ``tests/exporters`` made, packed by architecture in ``tests/fixtures/exports``."""

from __future__ import annotations

import tarfile
from functools import cache
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures" / "exports"


def architectures() -> list[str]:
    return [file.name.removesuffix(".tar.xz") for file in sorted(FIXTURES.glob("*.tar.xz"))]


def exports(architecture: str) -> dict[str, bytes]:
    """The ONNX file of every exporter that took this architecture."""
    return {n.removesuffix(".onnx"): data for n, data in _members(architecture).items() if n.endswith(".onnx")}


def failures(architecture: str) -> dict[str, str]:
    """What the exporters said that did not take it."""
    return {n.removesuffix(".txt"): d.decode() for n, d in _members(architecture).items() if n.endswith(".txt")}


@cache
def _members(architecture: str) -> dict[str, bytes]:
    found = {}
    with tarfile.open(FIXTURES / f"{architecture}.tar.xz") as archive:
        for member in archive:
            data = archive.extractfile(member)
            assert data is not None
            found[member.name] = data.read()
    return found


def unpack(architecture: str, exporter: str, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(exports(architecture)[exporter])
    return path
