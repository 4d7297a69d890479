# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The tree keeps its own rules: one home per op, a licence on every file, nothing borrowed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import hardwire.ops

ROOT = Path(__file__).parent.parent
SOURCES = {".py", ".hpp", ".cpp", ".sv", ".v", ".tcl", ".j2"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def op_names() -> list[str]:
    folder = Path(hardwire.ops.__file__).parent
    return sorted(f.stem for f in folder.glob("*.py") if f.stem != "__init__")


@pytest.mark.parametrize("op", op_names())
def test_every_op_has_its_kernel_its_test_and_its_line(op: str) -> None:
    assert (ROOT / "hls" / f"{op}.hpp").is_file()
    assert (ROOT / "tests" / "ops" / f"test_{op}.py").is_file()
    assert f"| {op} " in (hardwire.ops.__doc__ or ""), "ops/__init__.py lists every op with its meaning"


def test_every_source_names_its_licence() -> None:
    for path in tracked():
        if path.suffix in SOURCES:
            head = path.read_text(encoding="utf-8")[:400]
            assert "SPDX-License-Identifier: Apache-2.0" in head, path


def test_tracked_files_stay_small() -> None:
    for path in tracked():
        assert path.stat().st_size < 4_000_000, path


def test_sources_name_no_machine_of_ours() -> None:
    for path in tracked():
        if path.suffix in SOURCES | {".md", ".cfg", ".toml", ".json", ".yml"} and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            for word in ("/root/", "/home/"):
                assert word not in text, f"{path} names {word}"
