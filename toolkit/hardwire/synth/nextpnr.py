# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Place and route by nextpnr, where a family has one, and the bitstream by the family's packer.

work/route-<seed>.log, .config, .json    one try: what nextpnr said, the routed design, its report
work/route.receipt                       the best try's figures: written last
work/<top>.bit                           the bitstream, compressed
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import BuildError
from ..progress import Progress
from ..targets.families import FAMILIES, family_of
from ..targets.family import Routing
from ..tools.process import OutOfTime, Stop, first_error, run_tool, worker
from . import receipt
from .project import SYNTHESIS_TOOLS, Project, route_tools, tool_versions
from .yosys import Synthesis, exclusive, origins

HOUR = 3600.0
DENSE = 0.6  # share of the LUTs from which cells are spread out more
RESTS = 60  # iterations of the router without a change after which it is taken to be at rest
# nextpnr's words for what it is doing, and the share of the whole that is done by then.
_STAGES = (
    ("Packing IOs", "pack", 0.05),
    ("Device utilisation", "place", 0.1),
    ("Running main analytical placer", "place", 0.2),
    ("Running simulated annealing", "refine the placement", 0.4),
    ("Routing globals", "route", 0.6),
    ("Routing..", "route", 0.65),
    ("Program finished", "report", 0.95),
)


@dataclass(frozen=True, kw_only=True)
class CriticalPath:
    """The slowest path from register to register. Lists are in its order."""

    start: str  # as "u_rom.mem.0.0 (tiny_rom)"
    end: str
    logic_ns: float
    routing_ns: float
    modules: dict[str, float]  # ns spent in each module
    nets: list[str]

    def __str__(self) -> str:
        longest = ", ".join(f"{name} {ns:.1f}" for name, ns in sorted(self.modules.items(), key=lambda m: -m[1])[:3])
        return (
            f"{self.start} to {self.end}: {self.logic_ns + self.routing_ns:.1f} ns, {self.routing_ns:.1f} of it "
            f"routing ({longest})"
        )


class MissedClock(BuildError):
    """The route is done and too slow; ``route`` says how slow, and has no bitstream."""

    def __init__(self, message: str, route: Route) -> None:
        super().__init__(message)
        self.route = route


class Unrouted(BuildError):
    """The router came to rest with wires that two nets want: it would go on for ever. Another seed may do."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """A finished route and its bitstream."""

    bitstream: Path | None
    clock_mhz: float
    target_mhz: float
    seed: int
    critical_path: CriticalPath
    utilization: dict[str, tuple[int, int]]  # used and available, by the device's own cell names
    seconds: float
    digest: str
    kept: bool
    met: bool  # every clock of the design reached what it must


def command(project: Project, seed: int, filled: float = 0.0) -> list[str]:
    """nextpnr's arguments, run in the work folder. ``filled``: the share of the device's LUTs that the netlist takes.
    Data: nothing is run here."""
    routing = family_of(project.family).routing
    devices = routing.devices if routing is not None else {}
    device = next((flags for name, flags in devices.items() if project.part.startswith(f"{name}-")), None)
    if device is None or not project.package or not project.speed:
        known = [name for family in FAMILIES.values() if family.routing for name in family.routing.devices]
        raise BuildError(
            f"{project.name}: no open place and route for {project.family} {project.part!r} {project.package!r}; "
            f"parts that have one are {', '.join(known)}, with a package and a speed"
        )
    where = ["--lpf", f"src/{project.constraints}"] if project.constraints else ["--lpf-allow-unconstrained"]
    return [
        *(*device, "--package", project.package, "--speed", project.speed, "--json", "netlist.json", *where),
        *("--textcfg", f"route-{seed}.config", "--report", f"route-{seed}.json"),
        # A missed clock is ours to judge, with the report in hand.
        *("--freq", f"{project.clock_mhz:g}", "--seed", str(seed), "--timing-allow-fail"),
        # The default router gave up an hour into an engine at 69 % of the LUTs.
        *("--router", "router2"),
        # Placed as densely as by default, an engine at 71 % had wires left that two nets wanted.
        *(("--placer-heap-beta", "0.8") if filled > DENSE else ()),
    ]


def route(
    project: Project,
    synthesis: Synthesis,
    progress: Progress = lambda stage, share: None,
    *,
    timeout: float | None = HOUR,
    allow_slow: bool = False,
    stop: Stop | None = None,
) -> Route:
    """Place, route and pack unless the same job is finished; tries the job's seeds until one meets the clock.

    Raises BuildError saying what to change: what there is too much of, or as MissedClock the clock and the path that
    missed it (``allow_slow`` takes the fastest try as it is).
    """
    command(project, project.seeds[0])
    if not to_be_tried(project, synthesis):
        return finish(project, synthesis, progress, timeout=timeout, allow_slow=allow_slow, stop=stop)
    failure: str | None = None
    for number, seed in enumerate(project.seeds):

        def inner(stage: str, share: float, number: int = number) -> None:
            progress(stage, (number + share) / len(project.seeds))

        try:
            if try_seed(project, synthesis, seed, inner, timeout=timeout, stop=stop)["met"]:
                break
        except (Unrouted, OutOfTime) as error:
            failure = str(error)
    return finish(project, synthesis, progress, timeout=timeout, allow_slow=allow_slow, stop=stop, failure=failure)


def to_be_tried(project: Project, synthesis: Synthesis) -> bool:
    """Whether a seed has to run: no finished one met the clock, and not all are finished."""
    if synthesis.over or family_of(project.family).routing is None:
        return False
    found = [receipt.load(*_place(project, synthesis.work, seed)) for seed in project.seeds]
    return not any(one["met"] for one in found if one) and None in found


def try_seed(
    project: Project,
    synthesis: Synthesis,
    seed: int,
    progress: Progress = lambda stage, share: None,
    *,
    timeout: float | None = HOUR,
    stop: Stop | None = None,
) -> dict[str, Any]:
    """Place and route with one seed unless that is finished: its figures, "met" and "kept". Seeds may run side by side.

    Raises Unrouted or OutOfTime where this seed leads nowhere, BuildError where none would.
    """
    if synthesis.over:
        raise BuildError(f"{project.name} does not fit {project.part}: {'; '.join(synthesis.over)}; {synthesis.remedy}")
    work = synthesis.work
    place, digest = _place(project, work, seed)
    with exclusive(work, f"lock-{seed}"):
        tried = receipt.load(place, digest)
        kept = tried is not None
        if tried is None:

            def inner(stage: str, share: float) -> None:
                progress(f"seed {seed}: {stage}", share)

            tried = _try(project, synthesis, seed, inner, timeout, stop)
            receipt.save(place, digest, tried, [f"route-{seed}.config"])
    return {**tried, "kept": kept}


def _place(project: Project, work: Path, seed: int) -> tuple[Path, str]:
    """The receipt of a seed's try, and its digest, which is of this seed alone: others may join it."""
    tools = tool_versions(SYNTHESIS_TOOLS + route_tools(project.family))
    return work / f"route-{seed}.receipt", replace(project, seeds=(seed,)).digest(tools)


def finish(
    project: Project,
    synthesis: Synthesis,
    progress: Progress = lambda stage, share: None,
    *,
    timeout: float | None = HOUR,
    allow_slow: bool = False,
    stop: Stop | None = None,
    failure: str | None = None,
) -> Route:
    """The best of the finished tries, and its bitstream.

    Raises MissedClock where that is too slow (``allow_slow`` takes it as it is), and BuildError with ``failure``, what
    the last try said, where none is finished.
    """
    if synthesis.over:
        raise BuildError(f"{project.name} does not fit {project.part}: {'; '.join(synthesis.over)}; {synthesis.remedy}")
    digest = project.digest(tool_versions(SYNTHESIS_TOOLS + route_tools(project.family)))
    work = synthesis.work
    with exclusive(work):
        tried = receipt.load(work / "route.receipt", digest)
        kept = tried is not None
        if tried is None:
            receipts = [receipt.load(*_place(project, work, seed)) for seed in project.seeds]
            done = [one for one in receipts if one is not None]
            if not done:
                raise BuildError(failure or f"{project.name}: no seed is routed; run hardwire synth again")
            tried = max(done, key=lambda one: (one["met"], one["clock_mhz"]))
            if not tried["met"] and not allow_slow:
                raise _too_slow(project, _route(work, tried, None, digest, False))
            _pack(project, work, tried, timeout, stop)
            receipt.save(work / "route.receipt", digest, tried, [f"{project.top}.bit"])
    result = _route(work, tried, work / f"{project.top}.bit", digest, kept)
    if not result.met and not allow_slow:
        raise _too_slow(project, result)
    progress("bitstream", 1.0)
    return result


def _route(work: Path, result: dict[str, Any], bitstream: Path | None, digest: str, kept: bool) -> Route:
    return Route(
        bitstream=bitstream,
        clock_mhz=result["clock_mhz"],
        target_mhz=result["target_mhz"],
        seed=result["seed"],
        critical_path=CriticalPath(**result["critical_path"]),
        utilization={name: (used, have) for name, (used, have) in result["utilization"].items()},
        seconds=result["seconds"],
        digest=digest,
        kept=kept,
        met=result["met"],
    )


def _try(
    project: Project, synthesis: Synthesis, seed: int, progress: Progress, timeout: float | None, stop: Stop | None
) -> dict[str, Any]:
    work = synthesis.work
    log, started = work / f"route-{seed}.log", time.perf_counter()

    rest = Rest()

    def on_line(line: str) -> None:
        for mark, stage, share in _STAGES:
            if mark in line:
                progress(stage, share)
        if rest.reached(line):
            raise Unrouted(
                f"{project.name}: seed {seed}: the router came to rest with {rest.overused} wires wanted twice; "
                f"{_congestion(log, _routing(project))}"
            )

    try:
        code = run_tool(
            worker(_routing(project).tool, *command(project, seed, synthesis.filled)), work, log, on_line, timeout, stop
        )
    except OutOfTime as error:
        raise OutOfTime(f"{error}; or {_congestion(log, _routing(project))}") from None
    if code:
        raise BuildError(f"{project.name}: {_failure(log, _routing(project))} (all of it in {log})")
    report = json.loads((work / f"route-{seed}.json").read_text())
    clock, achieved, met = judged_clock(report, project.clock_mhz)
    return {
        "clock_mhz": round(achieved, 2),
        "met": met,
        "target_mhz": project.clock_mhz,
        "seed": seed,
        "critical_path": asdict(critical_path(project, work, report, clock)),
        "utilization": {k: (u["used"], u["available"]) for k, u in report["utilization"].items() if u["used"]},
        "seconds": round(time.perf_counter() - started, 2),
    }


def _routing(project: Project) -> Routing:
    """What routes a job's family; ``command`` has refused those without."""
    routing = family_of(project.family).routing
    assert routing is not None
    return routing


class Rest:
    """Counts the router's iterations since the number of wires that are wanted twice last changed."""

    def __init__(self) -> None:
        self.overused, self.since = 0, 0

    def reached(self, line: str) -> bool:
        """Whether this line of its log is one too many."""
        match = re.search(r"iter=\d+ wires=\d+ overused=(\d+) ", line)
        if match is None:
            return False
        overused = int(match[1])
        self.since = self.since + 1 if overused == self.overused else 0
        self.overused = overused
        return overused > 0 and self.since >= RESTS


def _pack(project: Project, work: Path, result: dict[str, Any], timeout: float | None, stop: Stop | None) -> None:
    bit = f"{project.top}.bit"
    (work / bit).unlink(missing_ok=True)
    log = work / "pack.log"
    code = run_tool(
        worker(_routing(project).packer, "--compress", f"route-{result['seed']}.config", bit),
        work,
        log,
        stop=stop,
        timeout=timeout,
    )
    if code or not (work / bit).is_file():
        raise BuildError(f"{project.name}: ecppack failed: {first_error(log)}")


def judged_clock(report: dict[str, Any], target: float) -> tuple[str, float, bool]:
    """The clock to report, what it reached in MHz, and whether all clocks reached what they must.

    That is the one furthest below its constraint; where none is, the one that was asked for (a board's oscillator and
    what its PLL makes are two).
    """
    clocks = {name: (float(clock["achieved"]), float(clock["constraint"])) for name, clock in report["fmax"].items()}
    if not clocks:
        raise BuildError("the design has no path between registers; there is no clock to report")
    worst = min(clocks, key=lambda name: clocks[name][0] / clocks[name][1])
    if clocks[worst][0] < clocks[worst][1]:
        return worst, clocks[worst][0], False
    asked = min(clocks, key=lambda name: (abs(clocks[name][1] - target), clocks[name][0]))
    return asked, clocks[asked][0], True


def critical_path(project: Project, work: Path, report: dict[str, Any], clock: str) -> CriticalPath:
    """The slowest path within ``clock``, every part of it given to the module that it is in."""
    netlist = json.loads((work / "netlist.json").read_text())["modules"][project.top]
    known = origins(project, work)
    owner = known.owners(netlist["cells"])
    edges = (path for path in report["critical_paths"] if all(path[end].endswith(clock) for end in ("from", "to")))
    steps = next(edges)["path"]
    modules: dict[str, float] = {}
    for step in steps:
        name = _cell(step["from"]["cell"])
        sources = (known.module_at(place) for place in step.get("sources", ()))
        module = next((module_of for module_of in sources if module_of), None) or owner.get(name, project.top)
        modules[module] = round(modules.get(module, 0.0) + step["delay"], 3)

    def label(cell: str) -> str:
        name = _cell(cell)
        module = owner.get(name) or known.instances[known.instance_of(name)]
        return f"{re.split('_TRELLIS_FF_Q|_MULT18X18D_', name)[0]} ({module})"

    def total(kinds: tuple[str, ...]) -> float:
        return round(sum(step["delay"] for step in steps if step["type"] in kinds), 3)

    routing = total(("routing",))
    nets = [step["net"] for step in steps if "net" in step and "$" not in step["net"]]
    return CriticalPath(
        start=label(steps[0]["from"]["cell"]),
        end=label(steps[-1]["to"]["cell"]),
        logic_ns=round(sum(step["delay"] for step in steps) - routing, 3),
        routing_ns=routing,
        modules=modules,
        nets=nets,
    )


def _cell(name: str) -> str:
    """A netlist's cell name from nextpnr's, which adds its own parts after a "$"."""
    return name.split("$", 1)[0] if not name.startswith("$") else name


def _too_slow(project: Project, route: Route) -> MissedClock:
    return MissedClock(
        f"{project.name}: {route.clock_mhz:.1f} MHz after routing, {project.clock_mhz:g} wanted (seeds "
        f"{', '.join(map(str, project.seeds))}); slowest is {route.critical_path}; put a register into it, try more "
        f"seeds, or ask for {int(route.clock_mhz)} MHz",
        route,
    )


def _failure(log: Path, routing: Routing) -> str:
    """What a failed run says, and what to change."""
    text = log.read_text(errors="replace")
    first = first_error(log)
    for cell, used, have in re.findall(r"Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%", text):
        if int(used) > int(have):
            return f"{int(used):,} {cell} of {int(have):,}; too many {routing.kinds.get(cell, 'of these')}"
    for cell, remedy in routing.kinds.items():
        if cell in first:
            return f"{first}; too many {remedy}"
    if "lpf" in first.lower() or "LOC" in first or "constrain" in first:
        return f"{first}; correct the pin constraints"
    return f"{first}; {_congestion(log, routing)}"


def _congestion(log: Path, routing: Routing) -> str:
    used = re.findall(rf"Info:\s+{routing.luts}:\s+(\d+)/\s*(\d+)", log.read_text(errors="replace"))
    share = f"{100 * int(used[-1][0]) // int(used[-1][1])} % of the LUTs are used: " if used else ""
    return f"{share}plan fewer lanes, or try another seed"
