# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""No tracked file is, or embeds, a file of the development folder."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

RUN = 96  # bytes
# Share of a file's runs that two files of a kind have in common: a format's boilerplate, an exporter's records. A copy,
# even of one tensor, would share far more.
SHARED_BY_CHANCE = {".json": 0.1, ".onnx": 0.01, ".txt": 0.001}
# Runs of a text that any other may have: two models of the same stories open a story with the same stock sentences.
STOCK_OPENING = {".txt": 1}
ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def runs_of(data: bytes) -> set[bytes]:
    """Every RUN-th run of bytes that is not one byte repeated."""
    runs = (data[i : i + RUN] for i in range(0, len(data) - RUN, RUN))
    return {run for run in runs if len(set(run)) > 8}


def embedded_share(runs: set[bytes], data: bytes) -> float:
    """Share of a file's runs that appear anywhere in ``data``."""
    found = {data[i : i + RUN] for i in range(max(len(data) - RUN, 0))} & runs if runs else set()
    return len(found) / max(len(runs), 1)


def test_no_tracked_file_is_or_embeds_a_shared_one(shared: Path) -> None:
    sources = [p for folder in ("models", "data") for p in (shared / folder).rglob("*") if p.is_file()]
    assert len(sources) > 8
    digests = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in sources}
    runs = {p: runs_of(p.read_bytes()) for p in sources}
    for path in tracked():
        data = path.read_bytes()
        assert hashlib.sha256(data).hexdigest() not in digests, path
        windows = {data[i : i + RUN] for i in range(max(len(data) - RUN, 0))}
        for source, wanted in runs.items():
            by_kind = SHARED_BY_CHANCE.get(source.suffix, 0.0) * len(wanted)
            allowed = max(by_kind, STOCK_OPENING.get(source.suffix, 0))
            assert len(windows & wanted) <= allowed, f"{path} holds {len(windows & wanted)} runs of {source.name}"


def test_the_check_would_notice_a_copy(shared: Path) -> None:
    source = (shared / "data" / "stories-calibration.txt").read_bytes()
    assert embedded_share(runs_of(source), b"padding" + source + b"more") == 1.0
