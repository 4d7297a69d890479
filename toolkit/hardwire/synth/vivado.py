# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A build with a Vivado project to a bitstream: run where ``vivado`` is on the PATH, and read what it reported.

build/synth/vivado.log       what Vivado said
build/synth/vivado/          its project, reports, hardwire.bit and hardwire.hwh, and result.txt
build/synth/vivado.receipt   the figures, and the hashes of what they are of: written last

A run by hand or on another machine counts: with result.txt and its neighbours in place, they are judged the same way.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..build.folder import Build, open_build
from ..emit.top.host import HOST_CYCLES
from ..emit.top.vivado import SCRIPT, read_vivado
from ..errors import BuildError
from ..files import sha256
from ..manifest import SYNTH, SynthesisReceipt, read_manifest, write_manifest
from ..manifest.projects import VivadoProject
from ..plan.program import MEAN_OVER
from ..progress import Progress
from ..targets.board import load_board
from ..targets.zynq import DESIGN
from ..tools.process import Stop, first_error, run_tool
from . import placed, receipt, vitis
from .batch import Options
from .project import budget
from .resources import compare
from .rows import NOT_RUN, Row
from .vivado_errors import reason, remedy
from .vivado_reports import read_timing, read_utilization
from .yosys import exclusive

TOOL = "vivado"
PART = "vivado"  # of a build
RECEIPT, LOG = "vivado.receipt", "vivado.log"
BIT, HWH = f"{DESIGN}.bit", f"{DESIGN}.hwh"
ROOM = 2 << 30  # bytes that a project of it takes at least, by the reports of others
MISSED = "ERROR: [hardwire] timing is not met"  # as the script says it
PERIOD = 1e-3  # of the clock that Vivado timed beside the one that the build is for: rounding of its own
KEPT = (BIT, HWH, "timing.rpt", "utilization.rpt", "modules.rpt", "result.txt")


def is_for_vivado(folder: Path) -> bool:
    """Whether a build has a Vivado project. Raises BuildError where it is no build."""
    return PART in read_manifest(folder).parts


def is_of_hls(folder: Path) -> bool:
    """Whether Vitis HLS has to make the core of a build. Raises BuildError where it is no build."""
    return read_manifest(folder).plan.ip == "hls"


def command(build: Path) -> list[str]:
    """Vivado's arguments, run in any folder. Data: nothing is run here."""
    return [TOOL, "-mode", "batch", "-nojournal", "-nolog", "-notrace", "-source", str(build / PART / SCRIPT)]


def run_build(folder: Path, row: Row, progress: Progress, options: Options, stop: Stop) -> None:
    """Make the bitstream of a build, unless it is made; the outcome goes into ``row`` and the build's manifest.

    Raises BuildError where Vivado fails or its reports cannot be read. A build that misses its time is "too slow" and
    has no bitstream; without Vivado, and without results that it left elsewhere, it is "not run".
    """
    build = open_build(folder)
    meta, work = read_vivado(folder / PART), folder.resolve() / SYNTH
    _begin(build, meta, row, work)
    if options.allow_slow:
        raise BuildError("--allow-slow: the processor's clock is fixed; build for a slower one with --clock")
    with exclusive(work):
        version = tool_version(work, stop) or result_of(work).get("vivado", "")
        digest = digest_of(build, version)
        result = receipt.load(work / RECEIPT, digest) if version else None
        row.status = "kept" if result else "done"
        if result is None:
            result = _run_vivado(build, meta, work, version, progress, options, stop)
            if result is None:
                row.status, row.error = "not run", advice(folder, meta)
                return
            if result["met"]:
                receipt.save(work / RECEIPT, digest, result, [f"vivado/{name}" for name in _left(work)])
    _fill(build, row, result, digest, work)
    record(folder, row, result)


def run_core(folder: Path, row: Row, progress: Progress, options: Options, stop: Stop) -> None:
    """Make the core of a build by Vitis HLS, unless it is made, not needed any more, or the tool is not here.

    Raises BuildError where the tool fails.
    """
    build = open_build(folder)
    meta, work = read_vivado(folder / PART), folder.resolve() / SYNTH
    _begin(build, meta, row, work)
    with exclusive(work):
        if not _routed_elsewhere(meta, work):
            vitis.make_core(build.folder, meta, work, progress, options, stop)
    row.status = "done"


def _routed_elsewhere(meta: VivadoProject, work: Path) -> bool:
    """Whether another machine's Vivado has been through these sources, and there is none here."""
    return shutil.which(TOOL) is None and result_of(work).get("sources") == meta["sources"]


def _begin(build: Build, meta: VivadoProject, row: Row, work: Path) -> None:
    board = load_board(build.manifest.board.key)
    cycles = (build.manifest.cycles or ())[:MEAN_OVER]
    row.family, row.budget = board.family, budget(board)
    row.clock_mhz = row.target_mhz = meta["clock_mhz"]
    if cycles:  # of an HLS core nobody knows them
        row.cycles_per_token = round(sum(cycles) / len(cycles) + HOST_CYCLES, 4)
    row.log = str(work / LOG)


def tool_version(work: Path, stop: Stop) -> str | None:
    """What ``vivado -version`` says, as "2024.1"; None where there is no such program. Raises BuildError."""
    if shutil.which(TOOL) is None:
        return None
    log = work / "vivado-version.log"
    code = run_tool([TOOL, "-version"], work, log, timeout=120, stop=stop)
    match = re.search(r"[Vv]ivado v(\d+\.\d+\S*)", log.read_text(errors="replace"))
    if code or match is None:
        cause = first_error(log)
        raise BuildError(
            f"{TOOL} -version: {cause}; {remedy(cause, '', '', work) or f'is this the right {shutil.which(TOOL)}?'}"
        )
    return match[1]


def digest_of(build: Build, version: str) -> str:
    """Of all that decides the bitstream."""
    files = {n: h for n, h in build.manifest.files.items() if n.startswith(("rtl/", f"{PART}/"))}
    record = {"files": files, "vivado": version}
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _left(work: Path) -> list[str]:
    """What is kept of a run; a run of before has no report of block RAMs, which reprint alone needs."""
    return [name for name in (*KEPT, placed.REPORT) if (work / PART / name).is_file()]


def result_of(work: Path) -> dict[str, str]:
    """result.txt of a run that came as far as its reports; empty where there is none."""
    try:
        lines = (work / PART / "result.txt").read_text().splitlines()
    except OSError:
        return {}
    return {key: value for key, _, value in (line.partition(" ") for line in lines)}


def _run_vivado(
    build: Build, meta: VivadoProject, work: Path, version: str, progress: Progress, options: Options, stop: Stop
) -> dict[str, Any] | None:
    """What a run gave, of here or of elsewhere; None where there is neither."""
    started, result = time.perf_counter(), result_of(work)
    installed = shutil.which(TOOL) is not None
    # A machine may have one of the tools: what it can make is there when the other one comes.
    cored = not meta["hls"] or _routed_elsewhere(meta, work)
    cored = cored or vitis.make_core(build.folder, meta, work, progress, options, stop)
    if not installed and not result:
        return None
    same = result.get("sources") == meta["sources"]
    if not installed and not same:
        raise BuildError(f"{work / PART}: made from other sources than the build's; {advice(build.folder, meta)}")
    if installed and not (same and result.get("vivado") == version and (work / PART / HWH).is_file()):
        if not cored:
            return None
        _run(build, meta, work, progress, options, stop)
    return read_results(work, meta, version) | {"seconds": round(time.perf_counter() - started, 2)}


def _run(build: Build, meta: VivadoProject, work: Path, progress: Progress, options: Options, stop: Stop) -> None:
    shutil.rmtree(work / PART, ignore_errors=True)
    free = shutil.disk_usage(work).free
    if free < ROOM:
        raise BuildError(f"{work}: {free / 2**30:.1f} GiB are free, Vivado needs {ROOM >> 30} or more; make room first")

    def on_line(line: str) -> None:
        stage = re.match(r"@stage ([\d.]+) (.+)", line)
        if stage:
            progress(stage[2], float(stage[1]))

    log = work / LOG
    code = run_tool(command(build.folder.resolve()), work, log, on_line, options.timeout("vivado"), stop)
    # Reports are there where only time was missed: they are the better message.
    if code and MISSED not in log.read_text(errors="replace"):
        cause = f"Vivado was ended by signal {-code}" if code < 0 else reason(log)
        do = remedy(cause, meta["part"], meta["vivado"]["edition"], work / PART)
        raise BuildError(f"{build.folder}: {cause}{f'; {do}' if do else ''} (all of it in {log})")


def read_results(work: Path, meta: VivadoProject, version: str) -> dict[str, Any]:
    """The figures of a run's reports. Raises BuildError where one is missing, or the run was for another part."""
    result = result_of(work)
    if result.get("part") != meta["part"] or not version.startswith(result.get("vivado", "-")):
        raise BuildError(
            f"{work / PART}: of {result.get('part', 'no part')} by Vivado {result.get('vivado', '')}, the build is for "
            f"{meta['part']}, the version {version}; run hardwire synth again"
        )
    achieved = 1000 / float(result["period_ns"])
    if abs(achieved / meta["clock_mhz"] - 1) > PERIOD:
        raise BuildError(
            f"{work / PART}: Vivado timed it at {achieved:.3f} MHz, which its processor's IP made of the "
            f"{meta['clock_mhz']:g} that the build is for; build again for another clock with --clock"
        )
    timing = read_timing(work / PART / "timing.rpt")
    if timing.met:
        for name in KEPT:
            if not (work / PART / name).is_file() or not (work / PART / name).stat().st_size:
                raise BuildError(f"{work / PART / name}: missing or empty, though timing is met; run it again")
    return {
        "met": timing.met,
        "setup_ns": timing.setup,
        "hold_ns": timing.hold,
        "pulse_ns": timing.pulse,
        "period_ns": float(result["period_ns"]),
        "critical_path": timing.slowest.as_dict() if timing.slowest else None,
        "resources": read_utilization(work / PART / "utilization.rpt"),
        "vivado": result["vivado"],
        "processor": {key: value for key, value in result.items() if key.startswith(("PCW_", "PSU_"))},
    }


def _fill(build: Build, row: Row, result: dict[str, Any], digest: str, work: Path) -> None:
    row.resources, row.seconds, row.digest = result["resources"], result["seconds"], digest
    row.share = {key: round(row.resources[key] / most, 4) for key, most in row.budget.items() if most}
    predicted = build.manifest.plan.resources
    row.predicted = compare(dict(predicted), row.resources) if predicted is not None else {}
    row.place_and_route, row.clock_source = f"Vivado {result['vivado']}", "routed"
    row.fmax_mhz = round(1000 / (result["period_ns"] - result["setup_ns"]), 2)
    row.warnings = [*vitis.slow_loops(work), *_more_memory(row)]
    row.critical_path = result["critical_path"]
    if not result["met"]:
        slowest = f"; slowest is {row.critical_path['text']}" if row.critical_path else ""
        for name in (BIT, HWH):  # the script sees no pulse, and would leave them
            (work / PART / name).unlink(missing_ok=True)
        row.status, row.clock_mhz = "too slow", row.fmax_mhz
        row.error = (
            f"{build.folder}: timing is not met at {row.target_mhz:g} MHz: slack {result['setup_ns']:g} ns of setup, "
            f"{result['hold_ns']:g} of hold, {result['pulse_ns']:g} of the pulse{slowest}; {_to_meet(result)}"
        )
        return
    row.bitstream = str(work / PART / BIT)
    assert row.clock_mhz is not None
    if row.cycles_per_token is not None:
        row.tokens_per_second = round(row.clock_mhz * 1e6 / row.cycles_per_token, 1)


def _to_meet(result: dict[str, Any]) -> str:
    """What helps a build that misses its time. A pulse may be half a period; hold does not depend on the period."""
    if result["setup_ns"] < 0 or result["pulse_ns"] < 0:
        least = result["period_ns"] - min(result["setup_ns"], 2 * result["pulse_ns"], 0)
        return f"build again with --clock {int(1000 / least)}, or plan fewer lanes"
    return "a slower clock does not help hold: build again with another --geometry, or take a newer Vivado"


def _more_memory(row: Row) -> list[str]:
    """More block RAM than planned: what two ports read may have been made twice."""
    memory = row.predicted.get("bram18")
    if not memory or memory["used"] <= memory["predicted"]:
        return []
    return [
        f"{memory['used']:g} block RAMs of 18 Kbit for {memory['predicted']:g} planned: a table of two ports "
        "(rom_pair) may have been made twice; modules.rpt says which"
    ]


def record(folder: Path, row: Row, result: dict[str, Any]) -> None:
    """Write the row into the build's manifest as the receipt of its synthesis."""
    from .rows import RESULT

    manifest = read_manifest(folder)
    if row.status == "kept" and manifest.synthesis is not None and manifest.synthesis.digest == row.digest:
        return
    names = _left(folder / SYNTH)
    synthesis = SynthesisReceipt(
        status="done" if row.status == "kept" else row.status,
        when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        tools={TOOL: result["vivado"]},
        top=DESIGN,
        digest=row.digest,
        files={f"{SYNTH}/{PART}/{name}": sha256(folder / SYNTH / PART / name) for name in names},
        processor=result.get("processor", {}),
        slack_ns={"setup": result["setup_ns"], "hold": result["hold_ns"], "pulse": result["pulse_ns"]},
        **{key: getattr(row, key) for key in RESULT},
    )
    tools = {**manifest.tools, TOOL: result["vivado"]}
    if manifest.plan.ip == "hls":
        tools["vitis_hls"] = vitis.version(folder / SYNTH)
    write_manifest(folder, replace(manifest, synthesis=synthesis, resources=row.resources, tools=tools))


def advice(folder: Path, meta: VivadoProject) -> str:
    """What to do where a tool is missing."""
    about = meta["vivado"]
    before = ""
    if meta["hls"] and not vitis.is_made(folder / SYNTH, meta):
        before = vitis.advice(folder, meta)
        if shutil.which(TOOL):
            return f"{before}Then run hardwire synth {folder} again"
    edition = "the free edition will do" if about["edition"] == "free" else "its part needs a licence"
    return (
        f"{before}{TOOL} is {NOT_RUN}: it is not on the PATH. Where Vivado {about['since']} or later is installed "
        f"({edition}), copy {folder} there and run: {' '.join(command(folder))}; then copy {folder / SYNTH} back and "
        f"run hardwire synth {folder} again"
    )
