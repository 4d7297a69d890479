# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What every family's patched build has in common: the other chip's ROMs, and the folder around its bitstream."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..build.drafts import own_text
from ..build.folder import Build
from ..build.make import copy_onnx
from ..chip.model import Chip
from ..emit.rtl.contents import POSITIONS, ROOM, Cast, Pour, memories, shifters_of
from ..emit.rtl.project import META, read_meta
from ..emit.rtl.roms import draft_lines
from ..emit.top.host import META as BOARD_META
from ..errors import BuildError
from ..files import sha256
from ..manifest import ChipRef, SynthesisReceipt, hash_files, write_manifest
from ..plan.geometry import geometry_of
from ..plan.schedule import schedule


@dataclass(frozen=True, kw_only=True)
class Reprinted:
    """A patched build. memories: ROMs in block RAM; changed: block RAMs with other contents than before; bits: of the
    ROMs, each compared with what the bitstream held, and of an ECP5 with what the new one holds.

    bitstream: None where the vendor's tool was not there to write it. inputs: what that tool takes, of an AMD part.
    """

    build: Build
    bitstream: Path | None
    memories: int
    changed: int
    bits: int
    seconds: float
    inputs: Path | None = None


def contents_for(build: Build, chip: Chip) -> dict[str, list[str]]:
    """Lines of every ROM of this chip in that build's engine. Raises BuildError, naming what its mould has not."""
    build.require("rtl")
    plan = build.manifest.plan
    pour = Pour.NONE if plan.pour is None else Pour(plan.pour)
    geometry = geometry_of(plan.geometry or {}, build.folder)
    meta = read_meta(build.folder / "rtl")
    # The context is gates: its register begins with what was built.
    sections = () if plan.pour is None else Cast.read(meta, build.folder).sections
    sections = tuple(section for section in sections if section.file != POSITIONS)
    cast = Cast(geometry=geometry, pour=pour, parameters=meta["parameters"], sections=sections)
    if found := cast.obstacles(chip):
        raise BuildError(
            f"{build.folder}: chip {chip.digest[:12]} does not go into this bitstream: {'; '.join(found)}; quantize "
            "with --like the chip that it was built from and --patchable, or build anew"
        )
    files = memories(chip, schedule(chip, geometry), int(cast.parameters["BiasW"]), pour)
    if geometry.drafts:  # learnt anew: of another model's the guesses would seldom be right
        files |= draft_lines(own_text(chip, geometry.share or chip.shape.context).table(geometry.drafts))
    return files


def held_by(build: Build) -> dict[str, list[str]]:
    """Lines of every ROM as the build has them."""
    return {path.name: path.read_text().split() for path in sorted((build.folder / "rtl" / "rom").glob("*.hex"))}


def wires_of(build: Build) -> dict[str, int] | None:
    """Bits of each file's words that are wires in a build whose memories can be written; None: it has none such."""
    if build.manifest.plan.pour is None:
        return None
    return {
        section.file: section.wires for section in Cast.read(read_meta(build.folder / "rtl"), build.folder).sections
    }


def write_project(
    build: Build, chip: Chip, chip_file: Path, files: Mapping[str, list[str]], onnx: Path | None, to: Path
) -> None:
    """The RTL project with the other chip's ROMs, and its model. Generated comments name the chip of the gates."""
    for name in (name for name in build.manifest.files if name.startswith("rtl/")):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(build.folder / name, to / name)
    meta = read_meta(build.folder / "rtl")
    for name, lines in files.items():
        (to / "rtl" / "rom" / name).write_text("\n".join(lines) + "\n")
        meta["rom"][name] = sha256(to / "rtl" / "rom" / name)
    meta["chip"] = chip.digest
    (to / "rtl" / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    if (board := to / "rtl" / BOARD_META).is_file():  # its id stays that of the gates
        said = json.loads(board.read_text()) | {"chip": chip.digest}
        board.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n")
    chip.save(to / "model.chip")
    copy_onnx(chip, onnx, chip_file, to / "model.onnx")


def write_patched(
    build: Build,
    chip: Chip,
    folder: Path,
    made: Sequence[Path],
    receipt: SynthesisReceipt,
    digest: Callable[[Build], str],
) -> None:
    """The build's manifest for the other chip, and the receipt of its synthesis for what was ``made`` of that; without
    anything made, none. ``digest``: of what decided it."""
    old = build.manifest
    parameters = read_meta(build.folder / "rtl")["parameters"]
    room = {name: int(parameters[name]) for name in ROOM if name in parameters}
    if old.plan.pour is not None:
        room |= shifters_of(Cast.read(read_meta(build.folder / "rtl"), build.folder))
    manifest = replace(
        old,
        parts=("rtl",),
        chip=ChipRef(
            file="model.chip",
            digest=chip.digest,
            bits=chip.bits,
            exceptions=tuple(chip.exceptions()),
            about=chip.about,
        ),
        plan=replace(old.plan, lanes=None, identity=old.identity, room=room, drafts=None),
        files=hash_files(folder),
        proofs=(),
        synthesis=None,
        digest="",
    ).sealed()
    write_manifest(folder, manifest)
    if made:
        now = replace(
            receipt,
            when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            digest=digest(Build(folder, manifest, chip)),
            files={path.relative_to(folder).as_posix(): sha256(path) for path in made},
        )
        write_manifest(folder, replace(manifest, synthesis=now))
