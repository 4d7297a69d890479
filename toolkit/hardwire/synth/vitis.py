# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The core of a build made with --ip hls to Verilog, where Vitis HLS is on the PATH.

build/synth/vitis.log           what it said
build/synth/vitis/              its project, and result.txt: of which sources, written last

A run by hand or on another machine counts, as Vivado's does: the scripts compare result.txt themselves.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ..errors import BuildError
from ..manifest import SYNTH
from ..manifest.projects import CoreScript, VivadoProject
from ..progress import Progress
from ..tools.process import Stop, run_tool
from .batch import Options
from .vivado_errors import reason, remedy

TOOLS = (("vitis-run", "--mode", "hls", "--tcl"), ("vitis_hls", "-f"))  # newer and older versions
FOLDER, LOG, RESULT = "vitis", "vitis.log", "result.txt"


def _core(meta: VivadoProject) -> CoreScript:
    assert meta["hls"] is not None  # callers have looked: other builds have nothing for Vitis HLS
    return meta["hls"]


def script(build: Path, meta: VivadoProject) -> Path:
    return build / "hls" / _core(meta)["script"]


def command(build: Path, meta: VivadoProject, tool: tuple[str, ...] = TOOLS[0]) -> list[str]:
    """Arguments of Vitis HLS, run in any folder. Data: nothing is run here."""
    return [*tool, str(script(build, meta))]


def is_made(work: Path, meta: VivadoProject) -> bool:
    """Whether the core's Verilog is there and of the build's sources."""
    core = _core(meta)["core"]
    verilog = work / FOLDER / f"{core}_prj" / "solution1" / "syn" / "verilog" / f"{core}.v"
    try:
        lines = (work / FOLDER / RESULT).read_text().splitlines()
    except OSError:
        return False
    return f"stamp {_core(meta)['stamp']}" in lines and verilog.is_file()


def make_core(build: Path, meta: VivadoProject, work: Path, progress: Progress, options: Options, stop: Stop) -> bool:
    """Make the core's Verilog unless it is there; False where there is no tool for it.

    Raises BuildError with the tool's first error.
    """
    if is_made(work, meta):
        return True
    tool = next((tool for tool in TOOLS if shutil.which(tool[0])), None)
    if tool is None:
        return False
    progress("Vitis HLS", 0.0)
    shutil.rmtree(work / FOLDER, ignore_errors=True)
    log = work / LOG
    code = run_tool(command(build.resolve(), meta, tool), work, log, timeout=options.timeout("vitis"), stop=stop)
    if code or not is_made(work, meta):
        cause = f"ended by signal {-code}" if code < 0 else reason(log)
        do = remedy(cause, meta["part"], meta["vivado"]["edition"], work / FOLDER)
        raise BuildError(f"{build}: {tool[0]}: {cause}{f'; {do}' if do else ''} (all of it in {log})")
    return True


def reports(work: Path) -> list[Path]:
    """The summary of synthesis, csynth.rpt, or where a version writes none, those of single functions."""
    paths = sorted((work / FOLDER).glob("*_prj/solution1/syn/report/*csynth.rpt"))
    return [path for path in paths if path.name == "csynth.rpt"] or paths


def slow_loops(work: Path) -> list[str]:
    """A sentence for each loop that starts an iteration less often than asked, by csynth.rpt; none without one.

    In reports of single functions "achieved" stands beside "target" under "Initiation Interval"; in the summary, which
    is there since 2020.2, the issue type (the second line of that heading is "Type") is "II" where it is missed.
    """
    text = "\n".join(path.read_text(errors="replace") for path in reports(work))
    rows = [[cell.strip() for cell in line.strip(" |").split("|")] for line in text.splitlines() if "|" in line]
    problems: list[str] = []
    columns: dict[str, int] = {}
    for row in rows:
        lowered = [cell.lower() for cell in row]
        if "achieved" in lowered and "target" in lowered:
            columns = {name: lowered.index(name) for name in ("achieved", "target")}
        elif "type" in lowered and "interval" in lowered:
            columns = {name: lowered.index(name) for name in ("type", "interval")}
        elif columns and len(row) > max(columns.values()):
            problems += _slow(row, columns)
    return problems


def _slow(row: list[str], columns: dict[str, int]) -> list[str]:
    name = row[0].lstrip("-+o ")
    if "achieved" in columns:
        achieved, target = row[columns["achieved"]], row[columns["target"]]
        missed = achieved.isdigit() and target.isdigit() and int(achieved) > int(target)
        target_note = f", not {target}"
    else:
        achieved, target_note = row[columns["interval"]], ""
        missed = row[columns["type"]].upper() == "II"
    if not missed:
        return []
    return [f"HLS: {name} starts every {achieved} cycles{target_note}: slower than its report expected (csynth.rpt)"]


def version(work: Path) -> str:
    """Of the tool, by what it said; "not known" of a run elsewhere."""
    try:
        text = (work / LOG).read_text(errors="replace")
    except OSError:
        return "not known"
    match = re.search(r"\bv(\d{4}\.\d\S*)", text)
    return match[1] if match else "not known"


def advice(folder: Path, meta: VivadoProject) -> str:
    """How to make the core by hand, to stand before what Vivado needs."""
    return (
        f"Vitis HLS is not run: neither {' nor '.join(tool[0] for tool in TOOLS)} is on the PATH. Where it is "
        f"installed, copy {folder} there and run: {' '.join(command(folder, meta))}; then copy {folder / SYNTH} back. "
    )
