# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A build folder: the chip, the generated project, and a manifest that knows every file's hash.

build/manifest.json   what was made from what, and the receipt of every proof that was run
build/model.chip      the integer model
build/model.onnx      the float model, where it was at hand: lets ``verify`` start from it
build/hls/            the HLS project
build/rtl/            the RTL project
build/vivado/         the Vivado project around it, for a board with a Zynq
build/synth/          what hardwire synth made of it, which is no part of the build's digest
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from ..chip.model import Chip, load_chip, read_origin
from ..chip.origin import find_onnx
from ..emit.rtl.contents import Pour
from ..errors import BoardError, BuildError
from ..files import sha256, whole_folder
from ..manifest import (
    MANIFEST,
    MANIFEST_VERSION,
    SYNTH,
    BoardRef,
    ChipRef,
    Manifest,
    PlanRecord,
    hash_files,
    read_manifest,
    write_manifest,
)
from ..plan.capacity import capacity
from ..plan.cost import axi_memory
from ..plan.drafts import DraftTable
from ..plan.geometry import Geometry, geometry_of
from ..progress import Stage
from ..targets.board import Board
from ..version import __version__
from .engine_plan import Wanted, plan_engine, require_drafts
from .folder import Build

LARGEST_ONNX_COPY = 64 << 20
COMPILED = (".so", ".sources")  # what a C-simulation leaves in a build
ENGINE = ("rtl", "bitstream")  # targets with an engine behind registers
CORES = ("rtl", "hls")  # what its decoder is made of
SYNTH_MADE = (".json", ".log", ".receipt", ".v", ".bit", ".config", ".part")


def make_build(
    chip_path: Path,
    board: Board,
    out: Path,
    *,
    target: str = "hls",
    ip: str = "rtl",
    lanes: int | None = None,
    geometry: Geometry | None = None,
    streams: int | None = 1,
    onnx: Path | None = None,
    reprintable: bool = False,
    best: int = 0,
    guide_words: int = 0,
    drafts: int | None = 0,
    progress: Stage = lambda stage: None,
) -> Build:
    """Write a build folder for ``board``; nothing is compiled or synthesised.

    target: "hls" for an HLS project, "rtl" for the RTL engine and the HLS project beside it, where Vitis HLS knows the
    part and the kernels are expected to fit, "bitstream" for the engine behind AXI4-Lite too, and a Vivado project
    around it, for a board with a Zynq and at the nearest clock that its processor makes; with ``ip`` "hls", its
    decoder is what Vitis HLS makes of the HLS project. ``geometry``: of the RTL engine; without it, the fastest
    that is expected to fit with ``streams`` contexts in flight, None: as many as give the most tokens; ``lanes``: of
    the HLS project. ``reprintable``: the host can write all memories of the RTL engine; without it, of a bitstream
    those in URAM, which it cannot initialise. ``best``: tokens that an extended sampler keeps in order; 0: a plain one,
    unless ``geometry`` says another number. ``guide_words``: transitions of an automaton that each sampler of the RTL
    engine has room for. ``drafts``: entries of the table by which the RTL engine guesses the next token in the pass of
    an idle stream; 0: it guesses nothing; None: if it pays. Raises BoardError where the chip does not fit, BuildError
    where ``out`` holds something else, the engine lacks a part of the chip, or options do not go together. The folder
    appears complete or not at all.
    """
    from ..emit.hls.lanes import check_board, default_lanes

    _check_core(target, ip, geometry, streams, reprintable)
    if guide_words and (ip == "hls" or target not in ENGINE or not (best or (geometry and geometry.best))):
        raise BuildError(
            f"--guide-words {guide_words}: the automaton is of the extended sampler of the RTL engine; give --sampler "
            "extended and --target rtl or bitstream, and no --ip hls"
        )
    if best and (ip == "hls" or reprintable or streams is None):
        raise BuildError(
            "--sampler extended is of the HLS project and of a frozen RTL engine whose streams are told; leave out "
            "--ip hls and --reprintable, and give --streams a number"
        )
    wanted = Wanted(
        geometry=geometry,
        streams=streams,
        best=best,
        guide_words=guide_words,
        drafts=drafts,
        bitstream=target == "bitstream",
    )
    require_drafts(wanted, target in ENGINE and ip != "hls", reprintable)
    chip = load_chip(chip_path)
    board = _with_its_clock(board) if target == "bitstream" else board
    room = capacity(chip, board)
    if not room.fits:
        raise BoardError(f"{chip_path.name} does not fit {board.name}: {room.limit}; {room.note}")
    plan = PlanRecord(clock_mhz=board.clock_mhz, clock_source="asked")
    around_hls, table = ip == "hls", None
    if around_hls:
        plan = replace(plan, ip=ip)
    elif target in ENGINE:
        progress("plan")
        planned = plan_engine(plan, chip, board, chip_path.name, wanted, progress)
        best, table = planned.geometry.best, planned.table
        plan = replace(planned.record, pour=_pour(planned.record, target, reprintable))
    if target == "hls" or board.device_family.hls:
        place = _beside_registers(chip, board) if around_hls else board
        lane_count = lanes or default_lanes(chip, place)
        try:
            check_board(chip, place, lane_count)
            plan = replace(plan, lanes=lane_count)
        except BoardError:  # of no weight beside an engine that fits, unless it was asked for
            if target == "hls" or around_hls or lanes is not None:
                raise
    out = out.resolve()
    refuse_foreign_folder(out)
    with whole_folder(out) as partial:
        progress("chip")
        _copy_chip(chip, chip_path, partial / "model.chip")
        copy_onnx(chip, onnx, chip_path, partial / "model.onnx")
        manifest = _write_parts(chip, board, target, plan, partial, best, table, progress)
        write_manifest(partial, manifest)
    return Build(out, manifest, chip)


def _check_core(target: str, ip: str, geometry: Geometry | None, streams: int | None, reprintable: bool) -> None:
    if ip not in CORES:
        raise BuildError(f"no core {ip!r}; choose {' or '.join(CORES)}")
    if ip == "hls" and target != "bitstream":
        raise BuildError(f"--ip hls is what a bitstream is made with; with --target {target} leave it out")
    if ip == "hls" and geometry is not None:
        raise BuildError("--geometry is of the RTL engine; with --ip hls give --lanes")
    if streams != 1 and (ip == "hls" or target not in ENGINE):
        raise BuildError("--streams is of the RTL engine; give --target rtl or bitstream, and no --ip hls")
    if streams != 1 and geometry is not None:
        raise BuildError("--streams plans a geometry; with --geometry say streams in it, as in streams=2")
    if reprintable and (ip == "hls" or target not in ENGINE):
        raise BuildError("--reprintable is of the RTL engine; give --target rtl or bitstream, and no --ip hls")


def _pour(plan: PlanRecord, target: str, reprintable: bool) -> str | None:
    """Which memories the host can write: all, or of a bitstream what it leaves empty."""
    if reprintable:
        return Pour.ALL.value
    return Pour.URAM.value if target == "bitstream" and plan.geometry and plan.geometry["uram"] else None


def _beside_registers(chip: Chip, board: Board) -> Board:
    """What a board has left beside the AXI registers of an engine that tells its logits one by one."""
    free = max(board.bram18 - axi_memory(chip, rows=1), 0)
    return replace(board, name=f"{board.name}, beside the AXI registers,", bram18=free)


def _with_its_clock(board: Board) -> Board:
    """The board at the clock that its processor makes, nearest to the one that is asked for."""
    from ..emit.top.vivado import require_zynq

    return replace(board, clock_mhz=require_zynq(board).clock(board.clock_mhz).mhz)


def _write_parts(
    chip: Chip,
    board: Board,
    target: str,
    plan: PlanRecord,
    folder: Path,
    best: int,
    table: DraftTable | None,
    progress: Stage,
) -> Manifest:
    """Write the projects of a target; the manifest of the whole folder."""
    parts, cycles = [], None
    if plan.lanes is not None:
        from ..emit.hls.project import write_project

        progress("HLS project")
        write_project(chip, folder / "hls", part=board.part, clock_mhz=board.clock_mhz, lanes=plan.lanes, best=best)
        parts.append("hls")
    if plan.ip is not None:
        from ..emit.rtl.around_hls import write_rtl_around_hls

        progress("RTL project")
        write_rtl_around_hls(chip, folder / "rtl")
        parts.append("rtl")
    elif plan.geometry is not None:
        from ..emit.rtl.project import write_rtl
        from ..emit.top import serial

        progress("RTL project")
        pour = Pour.NONE if plan.pour is None else Pour(plan.pour)
        program = write_rtl(chip, folder / "rtl", geometry_of(plan.geometry, folder), pour=pour, table=table)
        cycles = [program.cycles(position) for position in range(program.context)]
        if board.serial is not None:
            serial.write_board_top(folder / "rtl", board, serial.SerialHost(clock_mhz=board.clock_mhz))
        parts.append("rtl")
    if target == "bitstream":
        from ..emit.top.axi import write_axi_top
        from ..emit.top.host import Host
        from ..emit.top.vivado import write_vivado

        progress("Vivado project")
        write_axi_top(folder / "rtl", Host(clock_mhz=board.clock_mhz))
        write_vivado(folder / "vivado", folder / "rtl", board)
        parts.append("vivado")
    progress("hashes")
    return _manifest(chip, board, target, parts, plan, cycles, folder)


def refuse_foreign_folder(out: Path) -> None:
    """A folder is replaced only if every file in it is one that a build of ours put there."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        listed = set(read_manifest(out).files) | {MANIFEST} if out.is_dir() else set()
    except BuildError:
        listed = set()
    if not listed:
        raise BuildError(f"{out} exists and is no hardwire build; remove it or choose another -o")
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        name = path.relative_to(out).as_posix()
        if name not in listed and path.suffix not in COMPILED and not _left_by_tools(name, listed):
            raise BuildError(f"{out} holds {name}, which is not of its build; remove it or choose another -o")


def _left_by_tools(name: str, listed: set[str]) -> bool:
    """Whether simulation or synthesis put the file there, which is not of the build and not of a user."""
    if name.startswith(("rtl/obj_dir/", f"{SYNTH}/sim/", f"{SYNTH}/vivado/", f"{SYNTH}/vitis/")):
        return True
    folder, _, rest = name.partition("/")
    if folder != SYNTH:
        return False
    if rest.startswith("src/"):
        return f"rtl/{rest[4:]}" in listed
    return rest == "lock" or ("/" not in rest and Path(rest).suffix in SYNTH_MADE)


def _copy_chip(chip: Chip, chip_path: Path, to: Path) -> None:
    """The chip as it is, but for where its ONNX lay: builds of equal chips have equal digests."""
    if read_origin(chip_path) is None:
        shutil.copyfile(chip_path, to)
    else:
        chip.save(to)


def copy_onnx(chip: Chip, onnx: Path | None, chip_path: Path, to: Path) -> None:
    """Copy the ONNX that the chip came from: the one given, or one that is found."""
    source = chip.about.get("onnx")
    source = source if isinstance(source, dict) else {}
    if onnx is not None:
        if not onnx.is_file() or sha256(onnx) != source.get("sha256"):
            raise BuildError(f"{onnx} is not the model that {chip_path.name} was made from; give that one")
        shutil.copyfile(onnx, to)
        return
    found = find_onnx(chip, chip_path)
    if found is not None and found.stat().st_size <= LARGEST_ONNX_COPY:
        shutil.copyfile(found, to)


def _manifest(
    chip: Chip,
    board: Board,
    target: str,
    parts: list[str],
    plan: PlanRecord,
    cycles: list[int] | None,
    folder: Path,
) -> Manifest:
    return Manifest(
        format=MANIFEST_VERSION,
        hardwire=__version__,
        target=target,
        parts=tuple(parts),
        board=BoardRef(key=board.key, name=board.name, part=board.part),
        chip=ChipRef(
            file="model.chip",
            digest=chip.digest,
            bits=chip.bits,
            exceptions=tuple(chip.exceptions()),
            about=chip.about,
        ),
        plan=plan,
        cycles=None if cycles is None else tuple(cycles),
        resources=None,
        tools={name: "not run" for name in ("vitis_hls", "vivado", "yosys", "nextpnr")},
        files=hash_files(folder),
        proofs=(),
        digest="",
    ).sealed()
