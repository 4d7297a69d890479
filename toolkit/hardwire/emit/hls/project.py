# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Chip to HLS project: an hls4ml project with our kernels and constants, and the token-loop top beside it.

    <folder>/firmware/<name>.cpp      hls4ml's top: one token per call
             firmware/<name>_top.cpp  the token loop as a synthesis top; build_top.tcl synthesises it
             firmware/<name>_core.cpp one token per command, for the RTL around it (emit/rtl_hls.py); build_core.tcl
             firmware/kernels/        hls/*.hpp as they are
             firmware/chip/           the model: constants generated from the chip
             hardwire_hls.json        what this is; which scripts were not run
             report.json, report.txt  static expectation of loops, memories and cycles; no tool ran

The same chip and options give the same bytes.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...chip.model import Chip
from ...errors import BuildError
from ...manifest.projects import HlsProject
from ...ops.choice import weight_table
from ..render import render
from . import graph as hls_graph
from . import report
from .constants import Layout, chip_context, ints_text, layout_of, number, weight_files

META = "hardwire_hls.json"
KERNELS = (
    "fixed",
    "parts",
    "taps",
    "embedding",
    "norm",
    "matvec",
    "rope",
    "attention",
    "gate",
    "sampler",
    "choice",
    "softcap",
    "decoder",
    "head",
    "token_loop",
    "choice_draw",
    "core",
    "graph",
)
CORE_SCRIPT = "build_core.tcl"
CHIP = "hardwire_chip"  # the name of a build's project
NOT_RUN = ("build_prj.tcl", "vivado_synth.tcl", "build_top.tcl", CORE_SCRIPT)


def kernel_folder() -> Path:
    """Where hls/*.hpp lie: in the installed package, or at the top of the source tree."""
    folders = [Path(__file__).resolve().parents[4] / "hls"]
    try:
        folders.insert(0, Path(str(importlib.resources.files("hardwire.hls"))))
    except ModuleNotFoundError:  # a source tree on the path, not installed
        pass
    for folder in folders:
        if (folder / "fixed.hpp").is_file():
            return folder
    raise BuildError(
        "the HLS kernels (fixed.hpp and others) are missing from this installation; install hardwire again"
    )


def kernel_paths() -> list[Path]:
    """The kernels that every project copies, in the order of KERNELS."""
    return [kernel_folder() / f"{name}.hpp" for name in KERNELS]


def write_project(
    chip: Chip, folder: Path, *, part: str, clock_mhz: float, lanes: int, name: str = CHIP, best: int = 0
) -> list[Path]:
    """Write the complete project into ``folder``; every file written, sorted. Compiles nothing.

    ``part`` and ``clock_mhz`` go into the scripts; ``lanes`` multiplies run per cycle in a matrix. ``best``: tokens
    that an extended sampler keeps in order; 0: the token loop has the plain one.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in ("hw", "hw_chip", "nnet", "hls"):
        raise BuildError(f"project name {name!r} is not usable as a C++ function name; give letters, digits, _")
    if clock_mhz <= 0:
        raise BuildError(f"a clock of {clock_mhz} MHz is not possible")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", part):
        raise BuildError(f"part {part!r} is no part number; give letters, digits, - and _")
    for group in (asdict(chip.shape), asdict(chip.formats), chip.bits):
        for key, value in group.items():
            number(value, f"value of {key}")
    layout = layout_of(chip, lanes)
    folder = Path(folder)
    files = _own_files(chip, layout, name, part, clock_mhz, best)
    meta: HlsProject = {
        "name": name,
        "part": part,
        "clock_mhz": clock_mhz,
        "lanes": lanes,
        "chip": chip.digest,
        "shape": asdict(chip.shape),
        "formats": asdict(chip.formats),
        "bits": chip.bits,
        "wiring": asdict(chip.wiring),
        "hls4ml": hls_graph.require_hls4ml().__version__,
        "stamp": _stamp(files),
        "core_stamp": _core_stamp(files, part, clock_mhz),
        "not_run": list(NOT_RUN),
        "note": "C-simulated with g++ only; no HLS tool has read these sources",
    }
    if best:
        meta["best"] = best
    firmware = folder / "firmware"
    (firmware / "chip").mkdir(parents=True, exist_ok=True)
    graph = hls_graph.build_graph(folder, meta)
    hls_graph.write_graph(graph, meta, kernel_paths())
    for path, data in files.items():
        (folder / path).write_bytes(data)
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".so", ".o", ".sources"))


def _own_files(chip: Chip, layout: Layout, name: str, part: str, clock_mhz: float, best: int) -> dict[str, bytes]:
    """Everything that hls4ml does not write, by its path in the project."""
    files = {f"firmware/chip/{file}": data for file, data in weight_files(chip, layout).items()}
    files["firmware/chip/chip.hpp"] = _render("chip.hpp.j2", chip_context(chip, layout))
    common = {"name": name, "f": chip.formats, "part": part, "period": f"{1000 / clock_mhz:g}", "best": best}
    if best:
        files["firmware/chip/octave.inc"] = (ints_text(weight_table()) + "\n").encode()
    for template, path in (
        ("top.hpp.j2", f"firmware/{name}_top.hpp"),
        ("top.cpp.j2", f"firmware/{name}_top.cpp"),
        ("core.hpp.j2", f"firmware/{name}_core.hpp"),
        ("core.cpp.j2", f"firmware/{name}_core.cpp"),
        ("csim.hpp.j2", "firmware/csim.hpp"),
        ("build_top.tcl.j2", "build_top.tcl"),
    ):
        files[path] = _render(template, common)
    files[CORE_SCRIPT] = _render("build_core.tcl.j2", common | {"stamp": _core_stamp(files, part, clock_mhz)})
    expected = report.expectation(layout, best=best)
    files["report.json"] = (json.dumps(expected, indent=1) + "\n").encode()
    files["report.txt"] = report.text(expected).encode()
    return files


def _render(template: str, context: dict[str, Any]) -> bytes:
    return render(template, context, int=number).encode()  # Jinja's own int makes 0 of what is no number


def _stamp(files: dict[str, bytes]) -> str:
    """Eight hex digits over our files and the kernels: hls4ml puts them into the library's name."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(path.encode() + b"\0" + files[path])
    for kernel in kernel_paths():
        total.update(kernel.read_bytes())
    return total.hexdigest()[:8]


def _core_stamp(files: dict[str, bytes], part: str, clock_mhz: float) -> str:
    """Over what decides the core's Verilog: sources, device and clock; no reports."""
    sources = {path: data for path, data in files.items() if path.startswith("firmware/")}
    return _stamp(sources | {"for": f"{part} {clock_mhz:g}".encode()})


def read_meta(folder: Path) -> HlsProject:
    """What hardwire_hls.json of a written project says; BuildError when it is not one."""
    try:
        meta: HlsProject = json.loads((folder / META).read_text())
    except OSError as error:
        raise BuildError(f"{folder / META}: cannot be read ({error.strerror}); write the HLS project first") from None
    except ValueError as error:
        raise BuildError(f"{folder / META}: not JSON ({error}); write the HLS project again") from None
    missing = {"name", "part", "clock_mhz", "lanes", "shape", "formats", "stamp", "core_stamp"} - set(meta)
    if missing:
        raise BuildError(f"{folder / META}: no {', '.join(sorted(missing))}; write the HLS project again")
    return meta
