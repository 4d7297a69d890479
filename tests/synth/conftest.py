# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: the tiny circuit as a job, synthesized once for each family; the smallest chip as a build."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.chip.model import Shape
from hardwire.manifest import hash_files, write_manifest
from hardwire.plan.geometry import Geometry
from hardwire.quantize import random_chip
from hardwire.synth.project import Project, for_board
from hardwire.synth.yosys import Synthesis, synthesize
from hardwire.targets.board import load_board

HERE = Path(__file__).parent
SOURCES = ("tiny_rom.sv", "tiny_ram.sv", "tiny_pair.sv", "tiny.sv")
BOARDS = {"xc7": "pynq-z2", "xcup": "kv260", "ecp5": "ulx3s-85f"}

MINI = Shape(vocab=8, dim=4, layers=1, heads=1, kv_heads=1, head_dim=4, hidden=4, context=12, rotary=4)
SMALLEST = Geometry(
    columns=2, rows=2, depth=2, terms=2, packed_groups=0, banks=1, divides=1, lane_stages=1, round_stages=1
)

Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A job of the tiny circuit in a folder of its own, for a board; keywords replace what it says."""

    def job(board_key: str = "ulx3s-85f", **changes: Any) -> Project:
        root = tmp_path / "tiny"
        if not root.exists():
            shutil.copytree(HERE / "tiny", root)
        return tiny_job(root, board_key, **changes)

    return job


def tiny_job(root: Path, board_key: str, **changes: Any) -> Project:
    job = for_board(
        load_board(board_key),
        name="tiny",
        root=root,
        sources=SOURCES,
        top="tiny",
        data=("weights.hex",),
        parameters=(("File", "weights.hex"), ("Depth", 256)),
        clock_mhz=40.0,
        cycles_per_token=100.0,
    )
    return replace(job, **changes)


def mini_build(folder: Path, board_key: str = "pynq-z2", resources: dict[str, int] | None = None) -> Build:
    """A build of the smallest chip with the smallest engine: 4,000 LUTs."""
    folder.mkdir(parents=True, exist_ok=True)
    random_chip(MINI, seed=0).save(folder / "mini.chip")
    geometry = replace(SMALLEST, minus=load_board(board_key).family != "ecp5")
    made = make_build(folder / "mini.chip", load_board(board_key), folder / "build", target="rtl", geometry=geometry)
    if resources:
        plan = replace(made.manifest.plan, resources=resources)
        made = replace(made, manifest=replace(made.manifest, plan=plan))
    return renewed(made)


def renewed(build: Build) -> Build:
    """The build opened again, its manifest that of the files that are in it now."""
    write_manifest(build.folder, replace(build.manifest, files=hash_files(build.folder)).sealed())
    return open_build(build.folder)


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Project, Synthesis]]:
    """The tiny circuit synthesized for a family; once per session."""
    found: dict[str, tuple[Project, Synthesis]] = {}

    def get(family: str) -> tuple[Project, Synthesis]:
        if family not in found:
            job = tiny_job(HERE / "tiny", BOARDS[family])
            found[family] = job, synthesize(job, tmp_path_factory.mktemp(family))
        return found[family]

    return get


def run(program: Path, cwd: Path, cycles: int, seed: int) -> list[list[str]]:
    """A comparison program's output: for each cycle its words."""
    done = subprocess.run([program, str(cycles), str(seed)], cwd=cwd, capture_output=True, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]


def first_difference(want: list[list[str]], got: list[list[str]]) -> tuple[int, int, str, str] | None:
    """Cycle, word and both values of the first difference."""
    assert len(want) == len(got) > 0
    for cycle, (expected, actual) in enumerate(zip(want, got, strict=True)):
        for word, (a, b) in enumerate(zip(expected, actual, strict=True)):
            if a != b:
                return cycle, word, a, b
    return None
