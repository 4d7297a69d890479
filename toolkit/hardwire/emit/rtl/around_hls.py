# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The engine around an HLS core: an RTL project whose decoder is what Vitis HLS makes of the HLS project beside it.

    <folder>/rtl/*.sv           the token loop, the core's streams, and what every board's registers need
             sim/               the core as C++ behind its ports, for simulation
             hardwire_top.sv    the only generated source: ports as of emit.rtl's
             hardwire_rtl.json  what this is
    <folder>/../hls             the HLS project; its build_core.tcl makes the core's Verilog

Registers, driver and simulation see the same engine as around our RTL, but for its cycles, which HLS decides.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...chip.model import Chip
from ...errors import BuildError
from ...host.requests import STOPS
from ...manifest.projects import RtlProject
from ..hls.project import CHIP, kernel_folder
from ..hls.project import read_meta as read_hls
from .packages import ports_package
from .project import META, TOP_PORTS, rtl_folder, top_module, write_packages

CORE = f"{CHIP}_core"
ENGINE, FOLDER = "streamed_engine", "streamed"  # in rtl/
ROOTS = (ENGINE, "host_streams")  # the modules that a board's top reaches for in rtl/
SIM = "sim"
HEADERS = ("firmware", "firmware/chip", "firmware/kernels", "firmware/ap_types")  # of the HLS project


def write_rtl_around_hls(chip: Chip, folder: Path) -> None:
    """Write the project. The HLS project lies, or comes to lie, in ``folder``/../hls."""
    for name in ("rtl", SIM):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for source in [*needed(ROOTS), rtl_folder() / "sim.cpp"]:
        shutil.copyfile(source, folder / "rtl" / source.name)
    for source in sorted(p for p in (kernel_folder() / SIM).iterdir() if p.suffix in (".sv", ".cpp")):
        shutil.copyfile(source, folder / SIM / source.name)
    values = parameters(chip)
    write_packages(folder, values, ports_package, chip.digest)
    (folder / "hardwire_top.sv").write_text(top_module(_body(), chip.digest))
    meta: RtlProject = {
        "chip": chip.digest,
        "shape": asdict(chip.shape),
        "formats": asdict(chip.formats),
        "core": CORE,
        "cycles": None,
        "parameters": values,
        "rom": {},
    }
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def parameters(chip: Chip) -> dict[str, Any]:
    """What the registers and the simulation must know of the engine, named as emit.rtl's parameters."""
    return {
        "Vocab": chip.shape.vocab,
        "Context": chip.shape.context,
        "Streams": 1,
        "Stops": STOPS,
        "Drafts": 0,
        "Rows": 1,  # logits come one by one
        "LogitW": chip.formats.logit,
        "LogitFraction": chip.formats.logit_fraction,
        "Trace": 0,
        "Segments": 0,
    }


def needed(roots: tuple[str, ...]) -> list[Path]:
    """The sources in rtl/ of these modules and of all that they name, sorted."""
    sources = {path.stem: path for folder in (rtl_folder(), rtl_folder() / FOLDER) for path in folder.glob("*.sv")}
    modules: set[str] = set()
    queue = list(roots)
    while queue:
        name = queue.pop()
        if name not in modules:
            modules.add(name)
            code = re.sub(r"//.*", "", sources[name].read_text())
            queue += set(re.findall(r"\w+", code)) & sources.keys() - modules
    return [sources[name] for name in sorted(modules)]


@dataclass(frozen=True)
class CoreSources:
    """What a project takes beside its own sources: nothing, unless its core is of HLS."""

    verilog: tuple[Path, ...] = ()  # these three of the simulated core
    cpp: tuple[Path, ...] = ()
    headers: tuple[Path, ...] = ()  # folders
    stamp: str = ""  # of the HLS sources that the core is made of, as its build_core.tcl has it


def core_of(project: Path, meta: RtlProject) -> CoreSources:
    """The core of a written project as C++ behind its ports. Raises BuildError where its HLS project is missing."""
    if "core" not in meta:
        return CoreSources()
    hls = project.parent / "hls"
    hls_meta = read_hls(hls)
    if hls_meta["chip"] != meta["chip"]:
        raise BuildError(f"{hls}: of another chip than {project}; run hardwire build again")
    return CoreSources(
        verilog=(project / SIM / f"{CORE}.sv",),
        cpp=(project / SIM / "core_sim.cpp",),
        headers=tuple(hls / name for name in HEADERS),
        stamp=str(hls_meta["core_stamp"]),
    )


def _body() -> str:
    """The engine and the core, joined."""
    joined = ", ".join(f".{name}" for _, _, name in TOP_PORTS if not name.startswith(("load_", "trace_")))
    return f"""
  logic         command_valid, command_ready, scores_valid, scores_ready, drawn_valid, drawn_ready;
  logic [151:0] command;
  logic [31:0]  scores, drawn;
  assign trace_data_o = '0;

  {ENGINE} u_engine (
    {joined}, .command_valid_o(command_valid), .command_ready_i(command_ready), .command_o(command),
    .scores_valid_i(scores_valid), .scores_ready_o(scores_ready), .scores_i(scores), .drawn_valid_i(drawn_valid),
    .drawn_ready_o(drawn_ready), .drawn_i(drawn));

  {CORE} u_core (
    .ap_clk(clk_i), .ap_rst_n(!rst_i), .command_TDATA(command), .command_TVALID(command_valid),
    .command_TREADY(command_ready), .logits_TDATA(scores), .logits_TVALID(scores_valid), .logits_TREADY(scores_ready),
    .token_TDATA(drawn), .token_TVALID(drawn_valid), .token_TREADY(drawn_ready));

  logic unused;
  assign unused = ^{{load_valid_i, load_data_i, trace_addr_i}};
"""
