# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Build folders as synthesis jobs, and the receipt that a finished one leaves in the manifest.

build/synth/    the work folder (yosys.py, nextpnr.py and vivado.py say what is in it); no part of the build's digest
build/manifest.json: "synthesis"    the receipt: tools, resources, clock, and the digests of netlist and bitstream
"""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..build.folder import Build, open_build
from ..emit.rtl.project import TOP
from ..emit.top import serial as board_top
from ..emit.top.host import HOST_CYCLES, META
from ..emit.top.serial import read_board, sources
from ..errors import BuildError
from ..files import sha256
from ..manifest import SYNTH, SynthesisReceipt, read_manifest, write_manifest
from ..plan.geometry import STAGES
from ..plan.program import MEAN_OVER
from ..targets.board import load_board
from . import vivado
from .batch import Job, Options, Other
from .project import SYNTHESIS_TOOLS, Project, for_board, route_tools, tool_versions
from .rows import NOT_RUN, RESULT, Row
from .yosys import Synthesis


@dataclass(frozen=True)
class Top:
    """What of an RTL project is synthesized. Paths are relative to the project."""

    module: str
    constraints: str = ""
    clock_mhz: float | None = None  # what a PLL inside makes
    host_cycles: int = 0  # per token, beside the engine's own


def choose_top(build: Build) -> Top:
    """A board's own top, with its pins and its PLL, where the RTL project has one; else the bare engine.

    Behind AXI4-Lite too it is the engine: what is around it on a Zynq only Vivado makes.
    """
    if f"rtl/{META}" not in build.manifest.files or vivado.PART in build.manifest.parts:
        return Top(TOP)
    made = board_top.read_board(build.folder / "rtl")
    return Top(made["top"], made["pins"], made["clock_mhz"], HOST_CYCLES)


def _files(build: Build) -> list[str]:
    """The files of the RTL project, as paths below it."""
    return sorted(name[4:] for name in build.manifest.files if name.startswith("rtl/"))


def project_of(build: Build, clock_mhz: float | None = None, seeds: Sequence[int] = (1,)) -> Project:
    """The synthesis job of a build. Raises BuildError without RTL, and for a clock that its PLL does not make."""
    build.require("rtl")
    if build.of_hls:
        raise BuildError(
            f"{build.folder}: its decoder is Verilog that only Vitis HLS makes, so Yosys cannot take it; leave out "
            "--no-route, or build with --ip rtl"
        )
    manifest, top, files = build.manifest, choose_top(build), _files(build)
    if vivado.PART in manifest.parts:
        files = [name for name in files if not name.startswith("board/")]
    planned = top.clock_mhz or float(manifest.plan.clock_mhz)
    if top.clock_mhz is not None and clock_mhz not in (None, planned):
        raise BuildError(
            f"{build.folder}: the PLL of {top.module} makes {planned:g} MHz, --clock asks for {clock_mhz:g}; "
            "build again for that clock"
        )
    verilog = [name for name in files if name.endswith(".sv")]
    packages = sorted(
        (name for name in verilog if name.endswith("_pkg.sv")), key=lambda name: (name[:4] != "rtl/", name)
    )
    cycles = (manifest.cycles or ())[:MEAN_OVER]
    if not cycles:
        raise BuildError(f"{build.folder}: its manifest tells no cycles; run hardwire build again")
    return for_board(
        load_board(manifest.board.key),
        name=str(build.folder),
        root=build.folder / "rtl",
        sources=(*packages, *(name for name in verilog if name not in packages)),
        top=top.module,
        data=tuple(name for name in files if name.endswith(".hex")),
        clock_mhz=clock_mhz or planned,
        constraints=top.constraints,
        seeds=tuple(seeds) or (1,),
        cycles_per_token=round(sum(cycles) / len(cycles) + top.host_cycles, 4),
        fixed_clock=top.clock_mhz is not None,
    )


def job_of(folder: Path, name: str, clock_mhz: float | None = None, seeds: Sequence[int] = (1,)) -> Job:
    """A build folder as a job of a batch. It is opened when its turn comes, so a broken one is that job's failure."""
    return Job(
        name=name,
        work=folder.resolve() / SYNTH,
        project=functools.partial(_project, folder, clock_mhz, tuple(seeds)),
        predicted=functools.partial(_predicted, folder),
        stages=functools.partial(_stages, folder),
        record=functools.partial(record, folder),
        others=functools.partial(_by_vendor, folder, clock_mhz, tuple(seeds)),
    )


def _project(folder: Path, clock_mhz: float | None, seeds: tuple[int, ...]) -> Project:
    return project_of(open_build(folder), clock_mhz, seeds)


def _predicted(folder: Path) -> dict[str, int]:
    return dict(read_manifest(folder).plan.resources or {})


def _stages(folder: Path) -> dict[str, int]:
    planned = read_manifest(folder).plan.geometry or {}
    return {name: int(planned[name]) for name in STAGES if name in planned}


def _by_vendor(folder: Path, clock_mhz: float | None, seeds: tuple[int, ...], options: Options) -> Sequence[Other]:
    """Vivado, and Vitis HLS before it where its core is C++."""
    if not options.route or not vivado.is_for_vivado(folder):
        return ()
    if clock_mhz is not None or seeds not in ((), (1,)):
        raise BuildError(
            f"{folder}: --clock and --seed are not for Vivado; the clock is in the build, build again for another"
        )
    core = [Other(kind="vitis", run=functools.partial(vivado.run_core, folder))] if vivado.is_of_hls(folder) else []
    return [*core, Other(kind="vivado", run=functools.partial(vivado.run_build, folder))]


def jobs_of(folders: Sequence[Path], clock_mhz: float | None = None, seeds: Sequence[int] = (1,)) -> list[Job]:
    """The jobs of a batch. Raises BuildError where a folder is given twice."""
    places = [folder.resolve() for folder in folders]
    for folder, place in zip(folders, places, strict=True):
        if places.count(place) > 1:
            raise BuildError(f"{folder} is given twice; give each build once")
    return [job_of(folder, str(folder), clock_mhz, seeds) for folder in folders]


def record(folder: Path, project: Project, row: Row, done: Synthesis) -> None:
    """Write a row into the manifest of its build as the receipt of its synthesis."""
    manifest = read_manifest(folder)  # as it is now: a proof may have been added meanwhile
    if row.status == "kept" and manifest.synthesis is not None and manifest.synthesis.digest == done.digest:
        return
    routed = row.place_and_route != NOT_RUN
    outputs = [done.netlist_json, done.netlist_verilog, *([Path(row.bitstream)] if row.bitstream else [])]
    routers = route_tools(project.family) if routed else ()
    tools = tool_versions(SYNTHESIS_TOOLS + routers)
    receipt = SynthesisReceipt(
        status="done" if row.status == "kept" else row.status,
        when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        tools=tools,
        top=project.top,
        digest=done.digest,
        files={f"{SYNTH}/{path.name}": sha256(path) for path in outputs},
        **{key: getattr(row, key) for key in RESULT},
    )
    ran = {"yosys": tools["pyosys"], "nextpnr": next((tools[name] for name in routers), NOT_RUN)}
    told = {**manifest.tools, **ran}
    write_manifest(folder, replace(manifest, synthesis=receipt, resources=row.resources, tools=told))


def checked_netlist(build: Build) -> tuple[Path, SynthesisReceipt]:
    """The netlist of a build, and the receipt that it belongs to.

    Raises BuildError where there is none, where the netlist is not the receipt's, or where the receipt is of other
    RTL than the build's.
    """
    receipt = build.manifest.synthesis
    if receipt is None:
        raise BuildError(f"{build.folder} has no netlist; run hardwire synth {build.folder}")
    if vivado.TOOL in receipt.tools:
        raise BuildError(f"{build.folder} has no netlist; run hardwire synth --no-route {build.folder}")
    expected = receipt.files.get(f"{SYNTH}/netlist.json")
    if expected is None:
        raise BuildError(f"{build.folder}: the receipt of its synthesis has no netlist; run hardwire synth again")
    project = project_of(build)
    tools = {name: receipt.tools.get(name, NOT_RUN) for name in SYNTHESIS_TOOLS}
    if receipt.top != project.top or project.synthesis_digest(tools) != receipt.digest:
        raise BuildError(f"{build.folder}: its netlist is of other RTL than it holds now; run hardwire synth again")
    netlist = build.folder / SYNTH / "netlist.json"
    if not netlist.is_file() or sha256(netlist) != expected:
        raise BuildError(
            f"{netlist}: missing, or not the one of the synthesis receipt; run hardwire synth {build.folder} again"
        )
    return netlist, receipt


def board_job(folder: Path, **changes: Any) -> Project:
    """The synthesis job of a project with a board top, as data; keywords replace what it says."""
    made = read_board(folder)
    job: dict[str, Any] = {
        "name": made["board"],
        "root": folder,
        "sources": sources(folder),
        "top": made["top"],
        "data": tuple(sorted(f"rom/{path.name}" for path in (folder / "rom").iterdir())),
        "constraints": made["pins"],
        "clock_mhz": made["clock_mhz"],
        "cycles_per_token": made["cycles_per_token"],
    }
    return for_board(load_board(made["board"]), **(job | changes))
