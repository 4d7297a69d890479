# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: the processors of boards, what was deployed to one, and the chip that this machine serves it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from driver.board import make_bundle
from driver.remote import Server

from hardwire.build.deploy import deploy
from hardwire.chip.model import Chip
from hardwire.driver.mmio import Bus

from .root import make
from .shared import Memory

TESTS = Path(__file__).parents[1]
KEPT = TESTS.parent / "build" / "arm"
PROCESSORS = {"armhf": "armv7l", "arm64": "aarch64"}  # of PYNQ-Z1 and Z2, of KV260
SECONDS = 600
Served = Callable[[Bus], Any]


@dataclass
class Processor:
    """Python on a board's processor, under qemu: ``site`` has the wheel that the board was given, and nothing else."""

    machine: str
    python: str
    home: Path
    site: Path

    def environment(self, **more: str) -> dict[str, str]:
        path = f"{self.site}:{TESTS}:{TESTS / 'arm' / 'board'}"
        fixed = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "HARDWIRE_LOCKS": str(self.home)}
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "BOARD": "Pynq-Z2", **fixed, **more}

    def run(
        self, *arguments: str | Path, folder: Path | None = None, code: int = 0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Python with arguments, in a folder of the board; a chip is where ``serve`` says."""
        done = subprocess.run(
            [self.python, *map(str, arguments)],
            cwd=folder or self.home,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done


@pytest.fixture(scope="session", params=PROCESSORS)
def processor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Processor:
    """Whose root is made once, and kept in build/arm."""
    home = tmp_path_factory.mktemp(request.param)
    return Processor(PROCESSORS[request.param], str(make(request.param, KEPT)), home, home / "site")


@pytest.fixture(scope="session")
def install(processor: Processor, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Chip, str], Path]:
    """Deploy a chip: its zip is unpacked and its wheel installed on the board's processor, as README.txt says.

    Debian gives its packages to apt alone, so pip is told a folder.
    """

    def install(chip: Chip, name: str) -> Path:
        archive = deploy(make_bundle(tmp_path_factory.mktemp("bundle") / name, chip), processor.home / f"{name}.zip")
        processor.run("-m", "zipfile", "-e", archive, ".")
        there = processor.home / f"hardwire-{name}-pynq-z2"
        (wheel,) = there.glob("*.whl")
        pip = ("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile", "--upgrade", "--target")
        processor.run(*pip, processor.site, wheel)
        return there

    return install


@pytest.fixture(scope="session")
def deployed(install: Callable[[Chip, str], Path], chip_with_text: Chip) -> Path:
    """The folder with README.txt, the wheel and ``story`` on the board."""
    return install(chip_with_text, "story")


@pytest.fixture
def serve(tmp_path: Path) -> Served:
    """Serves a bus to the board's processor while a ``with`` lasts; what the board is told of it."""

    @contextmanager
    def serve(bus: Bus) -> Iterator[dict[str, str]]:
        server = Server(Memory(bus, tmp_path), tmp_path / "door")
        try:
            yield {"HARDWIRE_BOARD": str(tmp_path)}
        finally:
            server.close()
            (tmp_path / "door").unlink()

    return serve
