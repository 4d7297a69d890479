# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The folder that a sheet is of: a build, or a collected bitstream, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..build.folder import Build, open_build
from ..chip.model import Chip, load_chip
from ..errors import BuildError
from ..files import sha256
from ..manifest import SYNTH, BundleManifest, SynthesisReceipt, is_build, read_bundle_manifest
from ..plan.budget import resources
from ..plan.cost import predict
from ..plan.geometry import geometry_of
from ..plan.program import Schedule
from ..plan.schedule import schedule
from ..plan.widths import Widths
from ..synth import receipt
from ..targets.board import Board, load_board


@dataclass(frozen=True)
class Source:
    """A folder whose files match its manifest. build: None of a collected bitstream."""

    folder: Path
    said: BundleManifest
    chip: Chip
    build: Build | None

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @cached_property
    def board(self) -> Board:
        return load_board(self.said.board.key)

    @property
    def made(self) -> SynthesisReceipt | BundleManifest | None:
        """What says clock and resources, where synthesis was run."""
        if self.build is None:
            return self.said if self.said.resources else None
        return self.build.manifest.synthesis

    @property
    def predicted(self) -> Mapping[str, int]:
        """Resources that the plan expects; of a collected bitstream behind a serial line planned anew."""
        if self.said.plan is not None and self.said.plan.resources is not None:
            return self.said.plan.resources
        if self.engine is None or self.board.serial is None:
            return {}
        return resources(predict(self.chip, self.engine, self.board.family, self.widths), self.board)

    @property
    def plan_clock_mhz(self) -> float | None:
        return self.said.plan.clock_mhz if self.said.plan is not None else self.said.build_clock_mhz

    @cached_property
    def engine(self) -> Schedule | None:
        """The RTL engine's program; None where the decoder is an HLS project alone."""
        fields = self.said.planned_geometry
        if fields is None or self.said.ip == "hls" or (self.build is not None and self.build.of_hls):
            return None
        return schedule(self.chip, geometry_of(fields, self.folder))

    @cached_property
    def widths(self) -> Widths:
        return Widths.of(self.chip)

    @cached_property
    def modules(self) -> Mapping[str, Mapping[str, int]]:
        """Resources by module, the largest first, as synthesis counted them; empty where they are not known."""
        if self.build is None or self.build.manifest.synthesis is None:
            return {}
        done = receipt.load(self.folder / SYNTH / "synth.receipt", str(self.build.manifest.synthesis.digest))
        found = {} if done is None else done["usage"]["modules"]
        return dict(sorted(found.items(), key=lambda item: (-item[1]["lut"], item[0])))


def open_source(folder: Path) -> Source:
    """A build folder, or one that ``synth --collect`` wrote. Raises BuildError naming a file that is not its own."""
    if is_build(folder):
        build = open_build(folder)
        return Source(folder, BundleManifest.of_build(build.manifest), build.chip, build)
    said = read_bundle_manifest(folder, "collect it again")
    for name, digest in said.files.items():
        path = folder / name
        if not path.is_file() or sha256(path) != digest:
            raise BuildError(f"{path}: missing, or not what its manifest says; collect it again")
    return Source(folder, said, load_chip(folder / "model.chip"), None)
