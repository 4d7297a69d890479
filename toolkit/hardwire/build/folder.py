# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""An opened build folder: what its manifest says, and the chip inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..chip.model import Chip, load_chip
from ..errors import BuildError
from ..files import sha256
from ..manifest import SYNTH, Manifest, SynthesisReceipt, read_manifest
from ..targets.families import FAMILIES

SIMULATED = tuple(key for key, family in FAMILIES.items() if family.simulated)  # families whose netlists are


@dataclass(frozen=True)
class Build:
    """An opened build folder whose files match its manifest."""

    folder: Path
    manifest: Manifest
    chip: Chip

    @property
    def onnx(self) -> Path | None:
        path = self.folder / "model.onnx"
        return path if path.exists() else None

    @property
    def has_netlist(self) -> bool:
        """Whether it was synthesized into gates that can be simulated."""
        receipt = self.manifest.synthesis
        return receipt is not None and receipt.family in SIMULATED and f"{SYNTH}/netlist.json" in receipt.files

    @property
    def synthesis(self) -> SynthesisReceipt:
        """The receipt of its synthesis. Raises BuildError where there is none."""
        if self.manifest.synthesis is None:
            raise BuildError(f"{self.folder} was not synthesized; run hardwire synth {self.folder}")
        return self.manifest.synthesis

    @property
    def of_hls(self) -> bool:
        """Whether its engine's decoder is what Vitis HLS makes of its HLS project."""
        return self.manifest.plan.ip == "hls"

    def require(self, part: str) -> None:
        """Raise BuildError where the build has no such project."""
        if part not in self.manifest.parts:
            raise BuildError(
                f"{self.folder} was built with --target {self.manifest.target} and has no {part} project; "
                f"build with --target {part}"
            )


def open_build(folder: Path) -> Build:
    """Open a build folder. Raises BuildError naming the first file that is missing, changed or outside."""
    manifest = read_manifest(folder)
    root = folder.resolve()
    for name, expected in manifest.files.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(root):
            raise BuildError(f"{folder}: the manifest names {name!r}, which is outside the build folder")
        if not path.is_file():
            raise BuildError(f"{folder}: {name} is missing; run hardwire build again")
        if sha256(path) != expected:
            raise BuildError(
                f"{folder}: {name} does not match the manifest's hash; it was edited, run hardwire build again"
            )
    return Build(folder, manifest, load_chip(folder / "model.chip"))
