# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Another chip in a finished bitstream's file: block RAMs get other contents, gates and wires stay. Of an ECP5 here; of
an AMD part ``vivado_patch.py`` writes what the vendor's tool takes.

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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..build.folder import Build, open_build
from ..build.make import refuse_foreign_folder
from ..chip.model import Chip, load_chip
from ..errors import BuildError
from ..files import sha256, whole_folder
from ..manifest import SYNTH, SynthesisReceipt
from ..progress import Progress
from ..targets.families import FAMILIES, family_of
from ..targets.family import BlockRam, Routing
from ..tools.process import first_error, run_tool, worker
from . import trellis, vivado, vivado_patch
from .builds import checked_netlist, project_of
from .memories import DIGIT, Bits, Memory, block_rams, columns_of, locate, put
from .patched import Reprinted, contents_for, held_by, write_patched, write_project
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
    if vivado.is_for_vivado(build.folder):
        return vivado_patch.reprint(build, chip, chip_file, out, progress, onnx)
    routed = _routed(build)
    progress("netlist", 0.0)
    patch = patch_of(build, chip)
    with whole_folder(out) as whole:
        write_project(build, chip, chip_file, patch.files, onnx, whole)
        (whole / SYNTH).mkdir()
        _write_bitstream(patch, routed, whole / SYNTH, progress)
        progress("netlist", 0.9)
        (whole / SYNTH / "netlist.json").write_text(patch.patched())
        shutil.copyfile(routed.instances, whole / SYNTH / routed.instances.name)
        made = [whole / SYNTH / "netlist.json", whole / SYNTH / routed.bitstream.name]
        write_patched(build, chip, whole, made, routed.receipt, partial(_digest, routed.receipt))
    return Reprinted(
        build=open_build(out),
        bitstream=out / SYNTH / routed.bitstream.name,
        memories=len(patch.memories),
        changed=patch.changed,
        bits=patch.bits,
        seconds=time.monotonic() - started,
    )


def _digest(receipt: SynthesisReceipt, build: Build) -> str:
    tools = {name: receipt.tools.get(name, NOT_RUN) for name in SYNTHESIS_TOOLS}
    return project_of(build).synthesis_digest(tools)


def patch_of(build: Build, chip: Chip) -> Patch:
    """What is to be changed in a synthesized build's netlist. Raises BuildError, naming what stands in the way."""
    files = contents_for(build, chip)
    path, _ = checked_netlist(build)
    ram, project = _block_ram(build), project_of(build)
    netlist = json.loads(path.read_text())
    cells = netlist["modules"][project.top]["cells"]
    before = {name: columns_of(lines) for name, lines in held_by(build).items()}
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


def _block_ram(build: Build) -> BlockRam:
    """Raises BuildError for a family whose routed designs cannot be changed here."""
    family = family_of(str(build.synthesis.family))
    if family.block_ram is None:
        able = [each.name for each in FAMILIES.values() if each.block_ram is not None]
        raise BuildError(
            f"{build.folder}: the bitstream of a {family.name} is the vendor's; {' and '.join(able)} are patched here, "
            "others in the build that Vivado ran"
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
