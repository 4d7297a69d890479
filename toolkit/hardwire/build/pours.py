# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which finished builds and bitstreams a chip can be poured into."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..chip.model import Chip, load_chip
from ..driver.contents import cast_of
from ..emit.rtl.contents import Cast
from ..emit.rtl.project import read_meta
from ..errors import BuildError
from ..manifest import read_bundle_manifest
from .folder import Build


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a chip goes into a folder's mould. obstacles: what stands in the way, by name; none: nothing does."""

    folder: str
    board: str
    mould: str
    obstacles: tuple[str, ...]

    @property
    def fits(self) -> bool:
        return not self.obstacles

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "obstacles": list(self.obstacles), "fits": self.fits}


def pours_into(chip: Chip, folder: Path) -> Verdict:
    """The verdict on a build folder, or one with a bitstream. Raises BuildError for a frozen one."""
    manifest = read_bundle_manifest(folder)
    if manifest.planned_pour != "all":
        raise BuildError(f"{folder}: a frozen build, nothing else goes into it; build with --reprintable")
    cast = cast_of(load_chip(folder / "model.chip"), manifest.planned_geometry, "all", manifest.planned_room)
    obstacles = tuple(cast.obstacles(chip))
    return Verdict(folder=str(folder), board=manifest.board.key, mould=cast.digest, obstacles=obstacles)


def mould_of(build: Build) -> str | None:
    """The digest of a build's mould, whose first 32 bits its register has; None: nothing is poured into it."""
    if build.manifest.plan.pour is None:
        return None
    return Cast.read(read_meta(build.folder / "rtl"), build.folder).digest
