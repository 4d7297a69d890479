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


@cache
def exports(architecture: str) -> dict[str, bytes]:
    """The ONNX file of every exporter that took this architecture."""
    found = {}
    with tarfile.open(FIXTURES / f"{architecture}.tar.xz") as archive:
        for member in archive:
            data = archive.extractfile(member)
            assert data is not None
            found[member.name.removesuffix(".onnx")] = data.read()
    return found


def unpack(architecture: str, exporter: str, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(exports(architecture)[exporter])
    return path
