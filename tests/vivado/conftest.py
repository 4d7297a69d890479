# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a small chip as a build with a Vivado project, one for each board; a run of its scripts in the model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from outlines import MICRO

from hardwire.build.folder import Build, open_build
from hardwire.build.make import make_build
from hardwire.plan.geometry import Geometry
from hardwire.quantize import random_chip
from hardwire.targets.board import board_names, load_board

from .model import Behaviour, Vivado

BOARDS = [name for name in board_names() if load_board(name).zynq]
SMALLEST = Geometry(
    columns=4, rows=4, depth=4, terms=2, packed_groups=0, banks=1, divides=1, lane_stages=1, round_stages=1
)

Of = Callable[[str], Build]


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Of:
    """A build for a board, made once; do not change it."""
    found: dict[str, Build] = {}

    def get(key: str) -> Build:
        if key not in found:
            folder = tmp_path_factory.mktemp(key)
            random_chip(MICRO, seed=0).save(folder / "micro.chip")
            board = load_board(key)
            geometry = replace(SMALLEST, minus=True)
            found[key] = make_build(
                folder / "micro.chip", board, folder / "build", target="bitstream", geometry=geometry
            )
        return found[key]

    return get


@pytest.fixture
def build(original: Of, tmp_path: Path) -> Build:
    """A copy of the PYNQ-Z2's."""
    made = original("pynq-z2").folder
    return open_build(Path(shutil.copytree(made, tmp_path / "build", ignore=shutil.ignore_patterns("synth"))))


def run(folder: Path, behaviour: Behaviour | None = None) -> tuple[int, Vivado]:
    """The scripts of a build in the model: the exit code, and the model as it is then."""
    vivado = Vivado(behaviour)
    return vivado.run(folder / "vivado" / "build.tcl"), vivado
