# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Another chip in a bitstream that Vivado made: what ``updatemem`` takes, and where that is on the PATH, its bitstream.

build/synth/vivado/block_rams.txt   where build.tcl found the block RAMs, and what they hold
new/synth/vivado/before.bit         the bitstream that is patched
                 hardwire.hwh       its hardware handoff, which stays
                 hardwire.mmi, <number>.mem, updatemem.sh
                 hardwire.bit       by updatemem; without it, what is above is all
"""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path

from ..build.folder import Build, open_build
from ..chip.model import Chip
from ..emit.top.vivado import read_vivado
from ..errors import BuildError
from ..files import sha256, whole_folder
from ..manifest import SYNTH, SynthesisReceipt
from ..progress import Progress
from ..tools.process import first_error, run_tool
from . import updatemem
from .memories import DIGIT, columns_of
from .patched import Reprinted, contents_for, held_by, write_patched, write_project
from .placed import REPORT, Change, changes, read_report
from .vivado import BIT, HWH, PART, TOOL, digest_of

BEFORE = "before.bit"
MINUTES = 1800.0  # seconds that updatemem may take


def reprint(build: Build, chip: Chip, chip_file: Path, out: Path, progress: Progress, onnx: Path | None) -> Reprinted:
    """Write the build ``out``, whole or not at all. Raises BuildError, naming what stands in the way."""
    started, meta = time.monotonic(), read_vivado(build.folder / PART)
    if build.manifest.plan.ip == "hls":
        raise BuildError(f"{build.folder}: --ip hls: its weights lie where Vitis HLS put them; patch an RTL engine's")
    receipt = _receipt(build)
    progress("block RAMs", 0.0)
    cells = read_report(build.folder / SYNTH / PART / REPORT, meta["part"], meta["sources"])
    files = contents_for(build, chip)
    before, after = ({n: columns_of(lines) for n, lines in held.items()} for held in (held_by(build), files))
    changed, covered = changes(build.folder, cells, before, after)
    with whole_folder(out) as whole:
        write_project(build, chip, chip_file, files, onnx, whole)
        work = whole / SYNTH / PART
        work.mkdir(parents=True)
        shutil.copyfile(build.folder / SYNTH / PART / BIT, work / BEFORE)
        shutil.copyfile(build.folder / SYNTH / PART / HWH, work / HWH)
        updatemem.write_inputs(work, changed, meta["part"], receipt.tools[TOOL], BEFORE, BIT)
        progress(updatemem.TOOL, 0.5)
        made = [work / BIT, work / HWH] if _run(work, changed) else []
        write_patched(build, chip, whole, made, receipt, partial(digest_of, version=receipt.tools[TOOL]))
    return Reprinted(
        build=open_build(out),
        bitstream=out / SYNTH / PART / BIT if made else None,
        memories=len(covered),
        changed=len(changed),
        bits=sum(DIGIT * len(files[name][0]) * len(files[name]) for name in covered),
        seconds=time.monotonic() - started,
        inputs=out / SYNTH / PART,
    )


def _receipt(build: Build) -> SynthesisReceipt:
    """Of a run of Vivado whose products are there. Raises BuildError where one is missing or another."""
    receipt = build.manifest.synthesis
    again = f"run hardwire synth {build.folder} again, where Vivado is"
    if receipt is None or f"{SYNTH}/{PART}/{BIT}" not in receipt.files or TOOL not in receipt.tools:
        raise BuildError(f"{build.folder} has no bitstream of Vivado's; {again}")
    for name in (BIT, HWH, REPORT):
        path, known = build.folder / SYNTH / PART / name, receipt.files.get(f"{SYNTH}/{PART}/{name}")
        if known is None or not path.is_file() or sha256(path) != known:
            raise BuildError(f"{path}: missing, or not the receipt's; {again}")
    return receipt


def _run(work: Path, changed: list[Change]) -> bool:
    """Whether updatemem is here, and wrote the bitstream. Raises BuildError where it fails."""
    if shutil.which(updatemem.TOOL) is None:
        return False
    if not changed:  # it takes no empty map
        shutil.copyfile(work / BEFORE, work / BIT)
        return True
    log = work / f"{updatemem.TOOL}.log"
    code = run_tool(updatemem.command(changed, BEFORE, BIT), work, log, timeout=MINUTES)
    if code or not (work / BIT).is_file():
        raise BuildError(f"{updatemem.TOOL} failed: {first_error(log)}")
    if (work / BIT).stat().st_size != (work / BEFORE).stat().st_size or sha256(work / BIT) == sha256(work / BEFORE):
        raise BuildError(f"{updatemem.TOOL} wrote a bitstream that is no patched one: another size, or nothing changed")
    return True
