# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Another chip in a finished bitstream's file: block RAMs get other contents, gates and wires stay.

    build/      a build that was placed and routed: netlist, routed design, bitstream
    new/        the same build with the other chip: its model, its ROMs, netlist and routed design with them, bitstream

What stands in gates cannot be changed: ROMs in LUTs, columns of a ROM that are the same in every word of a frozen
build, and the identity that the register ``id`` tells. Contents have to agree there; the manifest says whose identity
the gates have.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..build.folder import Build, open_build
from ..build.make import copy_onnx, refuse_foreign_folder
from ..chip.model import Chip, load_chip
from ..emit.rtl.contents import ROOM, Cast, Pour, memories
from ..emit.rtl.project import META, read_meta
from ..emit.top.host import META as BOARD_META
from ..errors import BuildError
from ..files import sha256, whole_folder
from ..manifest import SYNTH, ChipRef, SynthesisReceipt, hash_files, write_manifest
from ..plan.geometry import geometry_of
from ..plan.schedule import schedule
from ..progress import Progress
from ..targets.families import FAMILIES, family_of
from ..targets.family import BlockRam, Routing
from ..tools.process import first_error, run_tool, worker
from . import trellis
from .builds import checked_netlist, project_of
from .memories import DIGIT, Bits, Memory, block_rams, columns_of, locate, put
from .project import SYNTHESIS_TOOLS
from .resources import Origins, module_lines
from .rows import NOT_RUN

SHOWN = 4  # of a list that an error tells
MINUTES = 600.0  # seconds that packing and unpacking may take, each


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A synthesized build's netlist, and what its block RAMs are to hold for another chip.

    files: lines of every ROM of that chip. memories: the ROMs that are in block RAM. before, after: contents of every
    block RAM [words, bits], by its name.
    """

    ram: BlockRam
    netlist: dict[str, Any]
    top: str
    files: dict[str, list[str]]
    memories: list[Memory]
    before: dict[str, Bits]
    after: dict[str, Bits]

    @property
    def changed(self) -> int:
        """Block RAMs that are to hold something else."""
        return sum(not np.array_equal(plane, self.after[name]) for name, plane in self.before.items())

    @property
    def bits(self) -> int:
        """Of the ROMs in block RAM."""
        return sum(DIGIT * len(lines[0]) * len(lines) for lines in (self.files[m.files[0]] for m in self.memories))

    def patched(self) -> str:
        """The netlist with those contents, as JSON."""
        cells = self.netlist["modules"][self.top]["cells"]
        for name, plane in self.after.items():
            put(self.ram, cells[name], plane)
        return json.dumps(self.netlist, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Reprinted:
    """A patched build. memories: ROMs in block RAM; changed: block RAMs with other contents than before; bits: of the
    ROMs, each compared with what the new bitstream holds."""

    build: Build
    bitstream: Path
    memories: int
    changed: int
    bits: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class _Routed:
    """What a finished build holds beside its netlist."""

    tools: Routing
    receipt: SynthesisReceipt
    config: Path
    bitstream: Path
    instances: Path


def reprint(
    build: Build, chip_file: Path, out: Path, progress: Progress = lambda stage, share: None, onnx: Path | None = None
) -> Reprinted:
    """Write the build ``out``: ``build`` with another chip in it. The folder appears complete or not at all.

    Raises BuildError, naming what stands in the way, for a build without a routed bitstream, a chip of another mould,
    and contents that are gates.
    """
    started, chip = time.monotonic(), load_chip(chip_file)
    out = out.resolve()
    refuse_foreign_folder(out)
    routed = _routed(build)
    progress("netlist", 0.0)
    patch = patch_of(build, chip)
    with whole_folder(out) as partial:
        _write_project(build, chip, chip_file, patch.files, onnx, partial)
        (partial / SYNTH).mkdir()
        _write_bitstream(patch, routed, partial / SYNTH, progress)
        progress("netlist", 0.9)
        (partial / SYNTH / "netlist.json").write_text(patch.patched())
        shutil.copyfile(routed.instances, partial / SYNTH / routed.instances.name)
        _write_manifest(build, chip, routed, partial)
    return Reprinted(
        build=open_build(out),
        bitstream=out / SYNTH / routed.bitstream.name,
        memories=len(patch.memories),
        changed=patch.changed,
        bits=patch.bits,
        seconds=time.monotonic() - started,
    )


def patch_of(build: Build, chip: Chip) -> Patch:
    """What is to be changed in a synthesized build's netlist. Raises BuildError, naming what stands in the way."""
    files = _contents(build, chip)
    path, _ = checked_netlist(build)
    ram, project = _block_ram(build), project_of(build)
    netlist = json.loads(path.read_text())
    cells = netlist["modules"][project.top]["cells"]
    before = {name: columns_of(lines) for name, lines in _held(build).items()}
    after = {name: columns_of(lines) for name, lines in files.items()}
    places = json.loads(_needed(build, "instances.json").read_text())
    modules = Origins.read(project.top, module_lines(project.root, project.sources), places).instances
    found = locate(cells, ram, modules, before, folded=build.manifest.plan.pour is None)
    refuse_gates(build.folder, found, before, after)
    planes = block_rams(cells, ram)
    wanted = dict(planes)
    for memory in found:
        wanted |= memory.planes(ram, after[memory.files[0]])
    return Patch(
        ram=ram,
        netlist=netlist,
        top=project.top,
        files=files,
        memories=found,
        before=planes,
        after=wanted,
    )


def _contents(build: Build, chip: Chip) -> dict[str, list[str]]:
    """Lines of every ROM of this chip in that build's engine. Raises BuildError, naming what its mould has not."""
    build.require("rtl")
    plan = build.manifest.plan
    pour = Pour.NONE if plan.pour is None else Pour(plan.pour)
    geometry = geometry_of(plan.geometry or {}, build.folder)
    cast = replace(Cast.of(build.chip, geometry, pour), parameters=read_meta(build.folder / "rtl")["parameters"])
    gates = replace(cast, sections=())  # the context among them: a register begins with what was built
    if found := gates.obstacles(chip):
        raise BuildError(
            f"{build.folder}: chip {chip.digest[:12]} does not go into this bitstream: {'; '.join(found)}; quantize "
            "with --like the chip that it was built from and --patchable, or build anew"
        )
    return memories(chip, schedule(chip, geometry), int(cast.parameters["BiasW"]), pour)


def _held(build: Build) -> dict[str, list[str]]:
    """Lines of every ROM as the build has them."""
    return {path.name: path.read_text().split() for path in sorted((build.folder / "rtl" / "rom").glob("*.hex"))}


def _block_ram(build: Build) -> BlockRam:
    """Raises BuildError for a family whose routed designs cannot be changed here."""
    family = family_of(str(build.synthesis.family))
    if family.block_ram is None:
        able = [each.name for each in FAMILIES.values() if each.block_ram is not None]
        raise BuildError(
            f"{build.folder}: the bitstream of a {family.name} is the vendor's; {' and '.join(able)} are patched here"
        )
    return family.block_ram


def _routed(build: Build) -> _Routed:
    """Raises BuildError where there is no bitstream that an open tool made, or what it was made of is missing."""
    receipt = build.synthesis
    _block_ram(build)
    tools = family_of(str(receipt.family)).routing
    bits = [name for name in receipt.files if name.endswith(".bit")]
    if not bits or tools is None:
        raise BuildError(f"{build.folder} has no bitstream; run hardwire synth {build.folder}")
    bitstream = build.folder / bits[0]
    if not bitstream.is_file() or sha256(bitstream) != receipt.files[bits[0]]:
        raise BuildError(f"{bitstream}: missing, or not the receipt's; run hardwire synth {build.folder} again")
    config = _needed(build, f"route-{receipt.place_and_route.rpartition(' ')[2]}.config")
    instances = _needed(build, "instances.json")
    return _Routed(tools=tools, receipt=receipt, config=config, bitstream=bitstream, instances=instances)


def _needed(build: Build, name: str) -> Path:
    path = build.folder / SYNTH / name
    if not path.is_file():
        raise BuildError(
            f"{path}: missing, and the bitstream was made with it; run hardwire synth {build.folder} again"
        )
    return path


def refuse_gates(where: Path, found: list[Memory], before: Mapping[str, Bits], after: Mapping[str, Bits]) -> None:
    """Raise BuildError, naming them, where contents that are gates or wires would have to change."""
    held, wrong = {name for memory in found for name in memory.files}, []
    for name in sorted(before.keys() - held):
        words = int((before[name] != after[name]).any(1).sum())
        if words:
            wrong.append(f"{name}: {words} of {len(before[name])} words differ, and it is in LUTs")
    for memory in found:
        first = memory.files[0]
        for column, bit in memory.fixed(before[first]).items():
            if (after[first][:, column] != bit).any():
                wrong.append(f"{first}: bit {column} was {bit} in every word, so it is a wire")
    for memory in (memory for memory in found if len(memory.files) > 1):
        if any(not np.array_equal(after[name], after[memory.files[0]]) for name in memory.files):
            wrong.append(
                f"{memory.instance}: {' and '.join(memory.files)} were equal, which of them it has is not known"
            )
    if wrong:
        listed = list(dict.fromkeys(wrong))
        more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
        raise BuildError(
            f"{where}: what stands in gates would have to change: {'; '.join(listed[:SHOWN])}{more}; quantize with "
            "--patchable, or build with --reprintable and load it on the board"
        )


def _write_bitstream(patch: Patch, routed: _Routed, work: Path, progress: Progress) -> None:
    """The routed design with the new contents, packed, unpacked again and compared, every bit of every block RAM."""
    progress("routed design", 0.3)
    config, bitstream = routed.config.name, routed.bitstream.name
    text = routed.config.read_text()
    blocks = trellis.renumbered(trellis.initial(text), patch.before, patch.after)
    (work / config).write_text(trellis.with_initial(text, blocks))
    progress("bitstream", 0.4)
    _tool(routed.tools.packer, work, "--compress", config, bitstream)
    progress("read back", 0.6)
    back = work / "back.config"
    _tool(routed.tools.unpacker, work, bitstream, back.name)
    held = trellis.initial(back.read_text())
    back.unlink()
    for number, words in blocks.items():
        if number not in held or not np.array_equal(held[number], words):
            raise BuildError(f"{bitstream}: block RAM {number} holds something else than was packed")


def _tool(tool: str, work: Path, *arguments: str) -> None:
    log = work / f"{tool}.log"
    code = run_tool(worker(tool, *arguments), work, log, timeout=MINUTES)
    if code:
        raise BuildError(f"{tool} failed: {first_error(log)}")
    log.unlink()


def _write_project(
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


def _write_manifest(build: Build, chip: Chip, routed: _Routed, folder: Path) -> None:
    """The build's manifest for the other chip, and the receipt of its synthesis for what was made of that."""
    old = build.manifest
    parameters = read_meta(build.folder / "rtl")["parameters"]
    room = {name: int(parameters[name]) for name in ROOM if name in parameters}
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
        plan=replace(old.plan, lanes=None, identity=old.identity, room=room),
        files=hash_files(folder),
        proofs=(),
        synthesis=None,
        digest="",
    ).sealed()
    write_manifest(folder, manifest)
    tools = {name: routed.receipt.tools.get(name, NOT_RUN) for name in SYNTHESIS_TOOLS}
    made = [folder / SYNTH / "netlist.json", folder / SYNTH / routed.bitstream.name]
    receipt = replace(
        routed.receipt,
        when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        digest=project_of(Build(folder, manifest, chip)).synthesis_digest(tools),
        files={f"{SYNTH}/{path.name}": sha256(path) for path in made},
    )
    write_manifest(folder, replace(manifest, synthesis=receipt))
