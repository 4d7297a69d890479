# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Pack exports as fixtures: ``python tests/exporters/pack.py EXPORTS``, one archive per architecture.

Stack traces, documentation and other notes of the exporters are left out, but for the module scopes that errors name;
external data moves into the file. Nothing that is computed changes.
"""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import onnx

from hardwire.training.notes import without_notes

FIXTURES = Path(__file__).parents[1] / "fixtures" / "exports"


def pack(folder: Path) -> Path:
    """One architecture's exports, as ``<exporter>.onnx``, and why others failed, in an archive with fixed dates."""
    out = FIXTURES / f"{folder.name}.tar.xz"
    with tarfile.open(out, "w:xz", preset=9) as archive:
        for file in sorted(folder.glob("*/model.onnx")):
            data = without_notes(onnx.load(file)).SerializeToString()
            add(archive, f"{file.parent.name}.onnx", data)
        for file in sorted(folder.glob("*/failed.txt")):
            add(archive, f"{file.parent.name}.txt", file.read_bytes())
    return out


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def main() -> None:
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for folder in sorted(each for each in Path(sys.argv[1]).iterdir() if each.is_dir()):
        out = pack(folder)
        print(f"{out.name}: {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
