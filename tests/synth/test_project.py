# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Jobs as data: digests, commands, budgets. No tool is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hardwire.errors import BuildError
from hardwire.synth import nextpnr, receipt, yosys
from hardwire.synth.project import Project, budget, for_board
from hardwire.synth.resources import Origins, Resources, Usage, count, over_budget, read_netlist
from hardwire.synth.yosys import Synthesis
from hardwire.targets import ecp5
from hardwire.targets.board import load_board

from .conftest import Make

TOOLS = {"pyosys": "1"}

ECP5 = ecp5.FAMILY.routing


def test_digest_follows_every_input(make: Make) -> None:
    job = make()
    first = job.synthesis_digest(TOOLS)
    assert first == make().synthesis_digest(TOOLS)
    changed = [
        replace(job, top="other"),
        replace(job, family="xc7"),
        replace(job, options=("-nodsp",)),
        replace(job, parameters=(("Depth", 128),)),
        replace(job, defines=(("X", "1"),)),
        replace(job, sources=job.sources[::-1]),
    ]
    assert len({first, *(other.synthesis_digest(TOOLS) for other in changed)}) == len(changed) + 1
    assert job.synthesis_digest({"pyosys": "2"}) != first
    (job.root / "weights.hex").write_text("00\n" * 256)
    assert job.synthesis_digest(TOOLS) != first


def test_route_inputs_leave_the_netlist_alone(make: Make) -> None:
    job = make()
    (job.root / "pins.lpf").write_text('LOCATE COMP "clk_i" SITE "G2";\n')
    for change in ({"clock_mhz": 41.0}, {"seeds": (2,)}, {"constraints": "pins.lpf"}, {"speed": "8"}):
        other = replace(job, **change)
        assert other.synthesis_digest(TOOLS) == job.synthesis_digest(TOOLS)
        assert other.digest(TOOLS) != job.digest(TOOLS)


def test_name_and_place_do_not_count(make: Make, tmp_path: Path) -> None:
    job = make()
    job.stage(tmp_path / "elsewhere")
    assert replace(job, root=tmp_path / "elsewhere", name="other").digest(TOOLS) == job.digest(TOOLS)


@pytest.mark.parametrize("name", ["/etc/passwd", "../tiny.sv", "a b.sv", 'a".sv', "a;shell.sv", "-a\nb.sv"])
def test_paths_stay_below_the_root(make: Make, name: str) -> None:
    with pytest.raises(BuildError, match="must be a plain path below"):
        make(sources=(name,))


def test_missing_and_empty_files_are_refused(make: Make) -> None:
    job = make()
    (job.root / "weights.hex").write_text("")
    with pytest.raises(BuildError, match=r"weights\.hex is empty"):
        job.digest(TOOLS)
    (job.root / "weights.hex").unlink()
    with pytest.raises(BuildError, match=r"weights\.hex is missing; write the project again"):
        job.digest(TOOLS)


def test_unknown_family(make: Make) -> None:
    with pytest.raises(BuildError, match="no family 'gowin'; known are xc7, xcup, ecp5"):
        make(family="gowin")


def test_board_gives_part_and_budget() -> None:
    job = for_board(load_board("ulx3s-85f"), name="x", root=Path(), sources=("x.sv",), top="x")
    assert (job.family, job.package, job.speed, job.clock_mhz) == ("ecp5", "CABGA381", "6", 42)
    assert budget(job.board) == {"lut": 83640, "dsp": 156, "bram18": 208, "uram": 0}
    assert budget(None) == {}


def test_yosys_commands(make: Make) -> None:
    steps = yosys.commands(make("pynq-z2", options=("-nodsp",), defines=(("A", "1"),)))
    assert steps[0][1] == (
        'read_slang --top tiny -G File="weights.hex" -G Depth=256 -D A=1 tiny_rom.sv tiny_ram.sv tiny_pair.sv tiny.sv'
    )
    runs = [command for _, command in steps if "synth_xilinx" in command]
    assert runs[0].startswith("synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -nodsp -top tiny -run begin:prep")
    assert runs[-1].endswith("-run check:")
    # Each label ends where the next one begins, so that nothing is left out or done twice.
    labels = [command.rsplit(" ", 1)[1].split(":") for command in runs]
    assert [end for _, end in labels[:-1]] == [begin for begin, _ in labels[1:]]


def test_string_parameters_cannot_add_commands(make: Make) -> None:
    with pytest.raises(BuildError, match="letters, digits"):
        yosys.commands(make(parameters=(("File", 'x"; shell'),)))


def test_nextpnr_command(make: Make) -> None:
    command = nextpnr.command(make(), 7)
    assert command[:5] == ["--85k", "--package", "CABGA381", "--speed", "6"]
    assert command[-7:-2] == ["--freq", "40", "--seed", "7", "--timing-allow-fail"]
    assert command[-2:] == ["--router", "router2"]
    assert nextpnr.command(make(), 7, 0.5) == command
    assert nextpnr.command(make(), 1, 0.63)[-2:] == ["--placer-heap-beta", "0.8"]
    assert "--lpf-allow-unconstrained" in command
    with pytest.raises(BuildError, match="no open place and route for xc7"):
        nextpnr.command(make("pynq-z2"), 1)


def test_a_router_that_changes_nothing_any_more_is_at_rest() -> None:
    line = "Info:     iter={} wires=894523 overused={} overuse={} archfail=NA"
    rest = nextpnr.Rest()
    falling = [rest.reached(line.format(i, 200 - i, 200 - i)) for i in range(199)]
    assert not any(falling) and not rest.reached("Info: Routing globals...")
    still = [rest.reached(line.format(i, 1, 1)) for i in range(nextpnr.RESTS + 1)]
    assert not any(still[:-1]) and still[-1] and rest.overused == 1
    done = nextpnr.Rest()
    assert not any(done.reached(line.format(i, 0, 0)) for i in range(2 * nextpnr.RESTS))


def fitting(work: Path) -> Synthesis:
    """A finished synthesis of a design that fits."""
    usage = Usage(Resources(), {}, {})
    return Synthesis(work=work, usage=usage, budget={}, seconds=1.0, digest="", kept=True)


def test_a_seed_without_a_route_is_not_the_last(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def rests(argv: object, cwd: Path, log: Path, on_line: Callable[[str], None], *more: object) -> int:
        log.write_text("")
        seen.append(log.name)
        for _ in range(100):
            on_line("Info:     iter=1 wires=9 overused=3 overuse=3 archfail=NA")
        return 0

    monkeypatch.setattr(nextpnr, "run_tool", rests)
    monkeypatch.setattr(nextpnr, "worker", lambda tool, *arguments: [tool, *arguments])
    monkeypatch.setattr(nextpnr, "tool_versions", lambda tools: {})
    with pytest.raises(BuildError, match="seed 2: the router came to rest with 3 wires wanted twice; .*another"):
        nextpnr.route(make(seeds=(1, 2)), fitting(tmp_path))
    assert seen == ["route-1.log", "route-2.log"]


def test_a_finished_try_is_kept_whatever_seeds_join_it(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def slow(project: Project, synthesis: Synthesis, seed: int, *more: object) -> dict[str, object]:
        seen.append(seed)
        work = synthesis.work
        if seed == 2:
            raise nextpnr.OutOfTime("seed 2 took too long")
        (work / f"route-{seed}.config").write_text("")
        path = {"start": "a", "end": "b", "logic_ns": 1.0, "routing_ns": 1.0, "modules": {}, "nets": []}
        figures = {"target_mhz": 34.0, "critical_path": path, "utilization": {}, "seconds": 1.0}
        return {"met": seed == 4, "clock_mhz": 30.0 + seed, "seed": seed, **figures}

    def pack(project: Project, work: Path, *more: object) -> None:
        (work / f"{project.top}.bit").write_text("")

    monkeypatch.setattr(nextpnr, "_try", slow)
    monkeypatch.setattr(nextpnr, "_pack", pack)
    monkeypatch.setattr(nextpnr, "tool_versions", lambda tools: {})

    def best(*seeds: int) -> int:
        return nextpnr.route(make(seeds=seeds), fitting(tmp_path), allow_slow=True).seed

    assert best(1, 2) == 1 and best(1, 3) == 3 and seen == [1, 2, 3]
    with pytest.raises(BuildError, match="seed 2 took too long"):
        best(2)
    seen.clear()
    assert best(4) == 4 and best(5, 4) == 4 and seen == [4], "one that met the clock is there, whatever comes before it"


def test_resources_are_counted_as_boards_are() -> None:
    used = count({"LUT4": 3, "CCU2C": 2, "TRELLIS_FF": 5, "TRELLIS_DPR16X4": 1, "DP16KD": 4, "PFUMX": 9})
    assert used == Resources(lut=13, ff=5, bram18=4, carry=2)
    used = count({"LUT6": 3, "INV": 1, "FDRE": 2, "RAMB18E1": 1, "RAMB36E1": 3, "DSP48E1": 6, "RAM64M": 1, "CARRY4": 2})
    assert used == Resources(lut=8, ff=2, dsp=6, bram18=7, bram36=3, carry=2)
    with pytest.raises(BuildError, match=r"2 latches \(LDCE\)"):
        count({"LDCE": 2})
    with pytest.raises(BuildError, match="'MYSTERY' of unknown cost"):
        count({"MYSTERY": 1})


def test_over_budget_names_what_and_how_much() -> None:
    assert over_budget(Resources(lut=10, dsp=3), {"lut": 10, "dsp": 2}) == ["3 multipliers of 2"]


def test_luts_count_for_what_they_feed() -> None:
    def cell(kind: str, src: str, **ports: int) -> dict:
        return {
            "type": kind,
            "attributes": {"src": src},
            "port_directions": {port: "output" if port in "ZQ" else "input" for port in ports},
            "connections": {port: [bit] for port, bit in ports.items()},
        }

    cells = {
        "ff": cell("TRELLIS_FF", "b.sv:9.1-9.3|/share/cells.v:3.1", DI=3, Q=4),
        "near": cell("LUT4", "/share/cells.v:1.1", A=2, Z=3),
        "far": cell("LUT4", "/share/cells.v:1.1", A=1, Z=2),
        "loose": cell("LUT4", "", A=4, Z=5),
        "u_c.mem.0.0": cell("DP16KD", "/share/cells.v:1.1", DIA0=5),
    }
    lines = {"a.sv": [(1, "a")], "b.sv": [(2, "b"), (20, "c")]}
    origins = Origins.read("a", lines, {"u_c": "b.sv:21.3"})
    usage = read_netlist({"modules": {"a": {"cells": cells}}}, origins)
    assert usage.total == Resources(lut=3, ff=1, bram18=1)
    assert usage.modules == {"b": Resources(lut=2, ff=1), "c": Resources(lut=1, bram18=1)}


def test_receipts_hold_only_for_their_digest_and_outputs(tmp_path: Path) -> None:
    place = tmp_path / "step.receipt"
    (tmp_path / "out").write_text("x")
    receipt.save(place, "d1", {"a": 1}, ["out"])
    assert receipt.load(place, "d1") == {"a": 1}
    assert receipt.load(place, "d2") is None
    (tmp_path / "out").write_text("y")
    assert receipt.load(place, "d1") is None
    place.write_text("{")
    assert receipt.load(place, "d1") is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Warning: Wire tiny.\\x [3] is used but has no driver.", "drive it"),
        ("Warning: multiple conflicting drivers for tiny.\\x:", "drive it once"),
        ("a.sv:3: warning: Latch inferred for signal `x'", "assign in every branch"),
    ],
)
def test_warnings_that_mean_trouble(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "log").write_text(f"1. Executing X pass.\nWarning: harmless\n{line}\n")
    with pytest.raises(BuildError, match=told) as caught:
        yosys.refuse_trouble("tiny", tmp_path / "log")
    assert line in str(caught.value)


def test_failed_places_say_what_to_change(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("Info:              DP16KD:     231/    208   111%\nERROR: Unable to place cell 'x'\n")
    assert nextpnr._failure(log, ECP5).startswith("231 DP16KD of 208; too many block RAMs: make the KV cache")
    log.write_text("Info:        TRELLIS_COMB:   80000/  83640    95%\nERROR: Routing failed\n")
    assert (
        nextpnr._failure(log, ECP5)
        == "ERROR: Routing failed; 95 % of the LUTs are used: plan fewer lanes, or try another seed"
    )


def test_project_is_data() -> None:
    job = Project(name="x", root=Path(), sources=("x.sv",), top="x", family="ecp5")
    assert hash(job) == hash(replace(job))
