# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The HLS and RTL projects of a chip that no board holds, which ``hardwire build`` therefore refuses: sizes as JSON.

python tests/smollm2/emit.py model.chip FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hardwire.chip.model import load_chip
from hardwire.emit.hls.project import write_project
from hardwire.emit.rtl.project import write_rtl
from hardwire.plan.geometry import Geometry

GEOMETRY = Geometry(columns=32, rows=16, banks=16, depth=8)


def main(chip_file: Path, out: Path) -> None:
    chip = load_chip(chip_file)
    writers: dict[str, Callable[[Path], object]] = {
        "hls": lambda folder: write_project(chip, folder, part="xcu250-figd2104-2L-e", clock_mhz=250, lanes=64),
        "rtl": lambda folder: write_rtl(chip, folder, GEOMETRY),
    }
    found = {}
    for name, write in writers.items():
        started = time.perf_counter()
        write(out / name)
        files = [path for path in (out / name).rglob("*") if path.is_file()]
        found[name] = {
            "files": len(files),
            "bytes": sum(path.stat().st_size for path in files),
            "seconds": round(time.perf_counter() - started, 1),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
