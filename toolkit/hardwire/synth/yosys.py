# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Synthesis by Yosys: a job to a netlist, with what it uses against the board's budget and by module.

work/src/            the job's files, and nothing else
work/synth.json      commands, then the receipt: written last
work/synth.log       what Yosys said
work/instances.json  which file each instance's module is in
work/netlist.json    for place and route
work/netlist.v       for simulation
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import BuildError
from ..progress import Progress
from ..targets.families import family_of
from ..tools.process import Stop, first_error, run_tool, worker
from . import receipt
from .paths import Estimate, estimate
from .project import SYNTHESIS_TOOLS, Project, budget, tool_versions
from .resources import Origins, Resources, Usage, module_lines, over_budget, read_netlist, remedy_for

_READ, _WRITE = 3, 2
LOCK_TRIES = 20

# Yosys goes on after these, with a circuit that is not the one that was written.
TROUBLE = (
    (re.compile(r"is used but has no driver"), "drive it"),
    (re.compile(r"multiple conflicting drivers"), "drive it once"),
    (re.compile(r"found logic loop"), "a latch or a loop: assign in every branch, or use a clock"),
    (re.compile(r"[Ll]atch inferred|is a latch of type"), "assign in every branch, or use a clock"),
    (re.compile(r"[Cc]an(no|')t open|[Ff]ailed to open|could not open", re.ASCII), "name the file in the job's data"),
)


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """A finished synthesis."""

    work: Path
    usage: Usage
    budget: dict[str, int]
    seconds: float
    digest: str
    kept: bool  # found finished, not run
    timing: Estimate | None = None  # what a route may make of it; None of a family without delays

    @property
    def netlist_json(self) -> Path:
        return self.work / "netlist.json"

    @property
    def netlist_verilog(self) -> Path:
        return self.work / "netlist.v"

    @property
    def over(self) -> list[str]:
        """What is more than the board has."""
        return over_budget(self.usage.total, self.budget)

    @property
    def filled(self) -> float:
        """The share of the device's LUTs that it takes."""
        return self.usage.total.lut / self.budget["lut"] if self.budget.get("lut") else 0.0

    @property
    def remedy(self) -> str:
        """What to change where it is over its budget."""
        return remedy_for(self.usage.total, self.budget)


def commands(project: Project) -> list[tuple[str, str]]:
    """What Yosys is told, as (stage, command); run in ``src``. Data: nothing is run here."""
    mapping = family_of(project.family).yosys
    labels = list(mapping.phases)
    synth = f"{' '.join((mapping.command, *project.options))} -top {project.top}"
    steps = [("read", _read(project)), ("read", "@instances ../instances.json"), ("read", "@undrive")]
    steps.append(("check the source", "check"))
    for label, following in zip(labels, [*labels[1:], ""], strict=True):
        steps.append((label, f"{synth} -run {label}:{following}"))
    return [*steps, ("write", "write_json ../netlist.json"), ("write", "write_verilog -noattr ../netlist.v")]


def _read(project: Project) -> str:
    values = [f"-G {name}={_literal(value)}" for name, value in project.parameters]
    values += [f"-D {name}={value}" if value else f"-D {name}" for name, value in project.defines]
    values += [f"-I {folder}" for folder in sorted({str(Path(name).parent) for name in project.headers})]
    return " ".join(["read_slang", "--top", project.top, *values, *project.sources])


def _literal(value: int | str) -> str:
    if isinstance(value, str):
        if not re.fullmatch(r"[\w./+-]*", value):
            raise BuildError(f"a string parameter {value!r}; letters, digits and ./+-_ are what the tools take")
        return f'"{value}"'
    return str(int(value))


def synthesize(
    project: Project,
    work: Path,
    progress: Progress = lambda stage, share: None,
    *,
    timeout: float | None = None,
    stop: Stop | None = None,
) -> Synthesis:
    """Run Yosys unless the same job is finished in ``work``.

    A design over budget is a result, with ``over`` saying what is too much. Raises BuildError with the first line of
    what is wrong with the source, ToolMissing without Yosys.
    """
    project.check_files()
    digest = project.synthesis_digest(tool_versions(SYNTHESIS_TOOLS))
    with exclusive(work):
        result = receipt.load(work / "synth.receipt", digest)
        kept = result is not None
        if result is None:
            result = _run(project, work, progress, timeout, stop)
            receipt.save(work / "synth.receipt", digest, result, ["netlist.json", "netlist.v", "instances.json"])
    progress("synthesis", 1.0)
    return Synthesis(
        work=work,
        usage=_usage(result["usage"]),
        budget=budget(project.board),
        seconds=result["seconds"],
        digest=digest,
        kept=kept,
        timing=_timing(project, work, result),
    )


def _timing(project: Project, work: Path, result: dict[str, Any]) -> Estimate | None:
    if "timing" not in result:  # a receipt of before
        return estimate(json.loads((work / "netlist.json").read_text()), project.top, project.family)
    said = result["timing"]
    return Estimate(mhz=said["mhz"], longest=tuple(said["longest"])) if said else None


def _run(project: Project, work: Path, progress: Progress, timeout: float | None, stop: Stop | None) -> dict[str, Any]:
    argv = worker("yosys", "../synth.json")
    steps = commands(project)
    project.stage(work / "src")
    (work / "synth.receipt").unlink(missing_ok=True)
    (work / "synth.json").write_text(json.dumps(steps, indent=1))
    log, started = work / "synth.log", time.perf_counter()
    code = run_tool(argv, work / "src", log, _Passes(project.family, progress), timeout, stop)
    refuse_trouble(project.name, log)
    if code:
        raise BuildError(f"{project.name}: synthesis failed: {first_error(log)} (all of it in {log})")
    netlist = json.loads((work / "netlist.json").read_text())
    _refuse_undriven(project, netlist)
    known = origins(project, work)
    _slim(netlist["modules"], project.top, known)
    (work / "netlist.json").write_text(json.dumps(netlist, separators=(",", ":")))
    try:
        usage = read_netlist(netlist, known)
    except BuildError as error:
        raise BuildError(f"{project.name}: {error} (all of it in {log})") from None
    timing = estimate(netlist, project.top, project.family)
    return {
        "usage": asdict(usage),
        "timing": asdict(timing) if timing else None,
        "seconds": round(time.perf_counter() - started, 2),
    }


class _Passes:
    """Turns the log into progress: our own stage lines, and Yosys's "12.3. Executing OPT pass"."""

    def __init__(self, family: str, progress: Progress) -> None:
        phases = family_of(family).yosys.phases
        self.weights = [_READ, 0, 0, 1, *phases.values(), _WRITE, _WRITE]
        self.progress, self.stage, self.share = progress, "start", 0.0

    def __call__(self, line: str) -> None:
        if line.startswith("@stage "):
            _, index, _, self.stage = line.split(" ", 3)
            self.share = sum(self.weights[: int(index)]) / sum(self.weights)
            self.progress(self.stage, self.share)
        elif step := re.match(r"[\d.]+ Executing (\w+) (pass|frontend|backend)", line):
            self.progress(f"{self.stage}: {step[1]}", self.share)


def refuse_trouble(name: str, log: Path) -> None:
    """Raise BuildError for the first warning that means another circuit than the one written."""
    lines = log.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines):
        if "arning" not in line:
            continue
        for pattern, remedy in TROUBLE:
            if pattern.search(line):
                where = f" {lines[number + 1].strip()}" if "loop" in line and number + 1 < len(lines) else ""
                raise BuildError(f"{name}: {line.strip()}{where}; {remedy} (all of it in {log})")


def _slim(modules: dict[str, Any], top: str, known: Origins) -> None:
    """Leave out what nobody reads, which is most of it: the cells' own declarations, and places outside the sources."""
    for name in [name for name in modules if name != top]:
        del modules[name]
    for cell in modules[top]["cells"].values():
        place = known.place(cell["attributes"].pop("src", ""))
        cell["attributes"].pop("module_not_derived", None)
        if place is not None:
            cell["attributes"]["src"] = place
    for net in modules[top]["netnames"].values():
        net["attributes"] = {}


def _refuse_undriven(project: Project, netlist: dict[str, Any]) -> None:
    module = netlist["modules"][project.top]
    driven = {bit for port in module["ports"].values() if port["direction"] == "input" for bit in port["bits"]}
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"].get(port) != "input":
                driven.update(bits)
    for name, port in module["ports"].items():
        for index, bit in enumerate(port["bits"]):
            if port["direction"] == "output" and bit not in driven and bit not in ("0", "1"):
                raise BuildError(
                    f"{project.name}: output {name}[{index}] of {project.top} has no driver after synthesis; "
                    "something that it is computed from is never assigned"
                )


def origins(project: Project, work: Path) -> Origins:
    """Where the parts of the netlist in ``work`` came from."""
    lines = module_lines(work / "src", project.sources)
    return Origins.read(project.top, lines, json.loads((work / "instances.json").read_text()))


def _usage(result: dict[str, Any]) -> Usage:
    modules = {name: Resources(**counts) for name, counts in result["modules"].items()}
    ordered = dict(sorted(modules.items(), key=lambda item: (-item[1].lut, item[0])))  # the largest first
    return Usage(Resources(**result["total"]), result["cells"], ordered)


@contextlib.contextmanager
def exclusive(work: Path, lock: str = "lock") -> Iterator[None]:
    """Hold the work folder, or one part of it; another run in it is refused. A killed run holds nothing."""
    work.mkdir(parents=True, exist_ok=True)
    handle = os.open(work / lock, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        _hold(handle, work)
        yield
    finally:
        os.close(handle)


def _hold(handle: int, work: Path) -> None:
    import fcntl

    for _ in range(LOCK_TRIES):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A tool that another thread is starting may hold our own lock between its fork and its exec.
        time.sleep(0.05)
    raise BuildError(f"{work}: another run is at work in this folder; wait for it")
