# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Paths of netlists: what is longest, what limits and stages refuse; the tiny circuit's as nextpnr routes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardwire.errors import BuildError
from hardwire.synth.paths import Limits, Paths, estimate, faults, table
from hardwire.synth.project import Project
from hardwire.synth.yosys import Synthesis
from hardwire.targets.families import FAMILIES, family_of

from .conftest import Make

Cells = dict[str, Any]
JUDGED = ("xc7", "ecp5")  # families with delays


def cell(kind: str, outputs: str = "O Z Q CO COUT S0 P DO", /, **pins: Any) -> Cells:
    """A cell of Yosys's JSON; pins are bits or lists of them."""
    bits = {port: bit if isinstance(bit, list) else [bit] for port, bit in pins.items()}
    ways = {port: "output" if port in outputs.split() else "input" for port in bits}
    return {"type": kind, "connections": bits, "port_directions": ways, "parameters": {}, "attributes": {}}


def flop(family: str, d: int, q: int) -> Cells:
    return cell("FDRE", C=1, D=d, Q=q) if family == "xc7" else cell("TRELLIS_FF", CLK=1, DI=d, Q=q)


def paths(family: str, cells: Cells) -> Paths:
    return Paths({"modules": {"top": {"cells": cells}}}, "top", family)


def luts(family: str, count: int) -> Cells:
    """A register, so many LUTs behind each other, a register."""
    kind, inputs, output = ("LUT2", ("I0", "I1"), "O") if family == "xc7" else ("LUT4", ("A", "B"), "Z")
    cells = {"u_from": flop(family, 2, 10), "u_to": flop(family, 10 + count, 3)}
    for n in range(count):
        cells[f"u_lut{n}"] = cell(kind, **{inputs[0]: 10 + n, inputs[1]: 2, output: 11 + n})
    return cells


@pytest.mark.parametrize("family", JUDGED)
def test_a_path_of_seven_luts_is_refused_and_one_of_six_is_not(family: str) -> None:
    assert faults(paths(family, luts(family, 6))) == []
    (fault,) = faults(paths(family, luts(family, 7)))
    found = str(fault)
    assert fault.kind == "luts" and found.startswith("u_from") and "to u_to" in found and "7 LUTs" in found
    assert found.endswith("at most 6 LUTs: put a register into it")


@pytest.mark.parametrize("family", JUDGED)
def test_the_time_of_a_path_is_that_of_its_cells_and_nets(family: str) -> None:
    fabric = family_of(family).delays
    assert fabric is not None
    flops, lut = ("FDRE", "LUT2") if family == "xc7" else ("TRELLIS_FF", "LUT4")
    (path,) = paths(family, luts(family, 3)).most()
    ends = fabric.cells[flops]
    assert ends.out is not None and fabric.cells[lut].through is not None
    assert path.ns == pytest.approx(ends.out + ends.setup + 3 * fabric.cells[lut].through + 4 * fabric.net, abs=0.01)
    assert len(path.cells) == 5 and table([path]).count("\n") == 0


def test_a_chain_is_one_however_long_and_three_in_a_row_are_refused() -> None:
    def chains(count: int) -> Cells:
        """Each two CARRY4 long; the sum of one is an operand of the next."""
        cells = {"u_from": flop("xc7", 2, 10), "u_to": flop("xc7", 10 + 10 * count, 3)}
        for n in range(count):
            at = 10 + 10 * n
            cells[f"u_low{n}"] = cell("CARRY4", S=[at], DI=[2], CI=["0"], CO=[at + 1])
            cells[f"u_high{n}"] = cell("CARRY4", S=[2], DI=[2], CI=[at + 1], O=[at + 10])
        return cells

    assert paths("xc7", chains(2)).most("carries")[0].carries == 2 and faults(paths("xc7", chains(2))) == []
    (found,) = faults(paths("xc7", chains(3)))
    assert found.kind == "carries" and "3 carry chains; at most 2 carry chains" in str(found)


def test_registers_that_a_plan_promises() -> None:
    def cache(late: bool) -> Cells:
        """A bank of the cache, in front of a register or of a LUT."""
        ram = cell("DP16KD", CLKA=1, CLKB=1, ADA0=2, DOA0=10, DOB0=11)
        ram["port_directions"] |= {"DOA0": "output", "DOB0": "output"}
        behind = {"u_q": flop("ecp5", 10, 12), "u_dq": flop("ecp5", 11, 13)} if late else {}
        lut = cell("LUT4", A=12 if late else 10, B=13 if late else 11, Z=14)
        return {"u_keys.gen_bank[0].u_ram": ram, **behind, "u_lut": lut, "u_to": flop("ecp5", 14, 15)}

    assert faults(paths("ecp5", cache(late=False)), stages={"read_stages": 1}) == []
    (found,) = faults(paths("ecp5", cache(late=False)), stages={"read_stages": 2})
    assert str(found) == "u_keys.gen_bank[0].u_ram: a block RAM whose output has no register, but read_stages is 2"
    assert (found.kind, found.ends) == ("register", ("keys", "keys"))
    assert faults(paths("ecp5", cache(late=True)), stages={"read_stages": 2}) == []

    product = {f"A{n}": 20 + n for n in range(2)} | {"B0": 30, "P0": 40}
    bare = {"u_post.gen_row[0].u_mult": cell("MULT18X18D", "P0", **product), "u_to": flop("ecp5", 40, 41)}
    (found,) = faults(paths("ecp5", bare), stages={"factor_stages": 2})
    assert "a multiplier whose factors have no register, but factor_stages is 2" in str(found)
    fed = {f"u_q{bit}": flop("ecp5", 2, bit) for bit in (20, 21, 30)}
    assert faults(paths("ecp5", bare | fed), stages={"factor_stages": 2}) == []


@pytest.mark.parametrize("family", JUDGED)
def test_an_estimate_is_of_the_slowest_path(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    netlist = {"modules": {"top": {"cells": luts(family, 3)}}}
    said = estimate(netlist, "top", family)
    (path,) = paths(family, luts(family, 3)).most()
    assert said is not None and said.mhz == pytest.approx(1000 / path.ns, abs=0.05) and said.longest == (str(path),)
    monkeypatch.setitem(FAMILIES, "bare", replace(family_of(family), delays=None))
    assert estimate(netlist, "top", "bare") is None
    alone = {"modules": {"top": {"cells": {"u_q": flop(family, 2, 3)}}}}
    assert estimate(alone, "top", family) is None


def test_what_no_path_can_be_found_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BuildError, match=r"u_new: a cell 'LUT9' without delays; add it to its family's file"):
        paths("xc7", {"u_new": cell("LUT9", I0=2, O=3)})
    with pytest.raises(BuildError, match="a loop of logic through u_[ab]; a register is missing"):
        paths("xc7", {"u_a": cell("LUT1", I0=2, O=3), "u_b": cell("LUT1", I0=3, O=2)})
    monkeypatch.setitem(FAMILIES, "bare", replace(family_of("xc7"), delays=None))
    with pytest.raises(BuildError, match="no delays of bare's cells; there are xc7, xcup, ecp5"):
        paths("bare", {})


def test_registers_inside_a_multiplier_end_a_path_and_begin_one() -> None:
    """Of one with a register behind its product alone; of one with registers all along; of one without any."""

    def multiplied(**registers: int) -> Paths:
        block = cell("DSP48E1", "P", A=10, B=11, P=20)
        names = ("AREG", "BREG", "MREG", "PREG", "CREG", "DREG", "ADREG")
        block["parameters"] = {name: f"{registers.get(name, 0):032b}" for name in names}
        ends = {"u_a": flop("xc7", 2, 10), "u_b": flop("xc7", 3, 11), "u_lut": cell("LUT1", I0=20, O=21)}
        return paths("xc7", {**ends, "u_mult": block, "u_to": flop("xc7", 21, 22)})

    def ways(found: Paths) -> dict[str, float]:
        """ns but for the nets."""
        net = found.delays.net
        return {path.cells[0].split()[0] + " " + path.cells[-1].split()[0]:
                round(path.ns - net * (len(path.cells) - 1), 2) for path in found.most()}  # fmt: skip

    through = ways(multiplied())
    assert len(through) == 1 and through.popitem()[1] == pytest.approx(3.45, abs=0.01)  # of an end the longest
    one = ways(multiplied(PREG=1))
    assert one == {"u_a u_mult": 3.19, "u_b u_mult": 3.06, "u_mult u_to": 0.5}
    every = ways(multiplied(AREG=1, BREG=1, MREG=1, PREG=1))
    assert every["u_a u_mult"] == pytest.approx(0.71, abs=0.01) and every["u_mult u_to"] == one["u_mult u_to"]
    assert set(ways(multiplied(AREG=1))) == {"u_a u_mult", "u_b u_to"}  # the other factor passes


def test_a_lut_in_front_of_a_carry_is_beside_it() -> None:
    """No net leads from a LUT to the carry that it selects, and one leads to the carry's other input."""

    def chain(port: str) -> float:
        other = "DI" if port == "S" else "S"
        carry = cell("CARRY4", **{port: [11], other: [2], "CI": ["0"], "O": [12]})
        (path,) = paths("xc7", {"u_from": flop("xc7", 2, 10), "u_lut": cell("LUT1", I0=10, O=11), "u_carry": carry,
                                "u_to": flop("xc7", 12, 13)}).most(count=1)  # fmt: skip
        return path.ns

    fabric = family_of("xc7").delays
    assert fabric is not None and chain("DI") - chain("S") == pytest.approx(fabric.net)


def test_a_cell_without_a_name_is_told_by_its_source() -> None:
    cells = luts("xc7", 7)
    cells["$auto$42"] = cells.pop("u_from") | {"attributes": {"src": "/build/rtl/post.sv:48.51-48.75|x.sv:1"}}
    (found,) = faults(paths("xc7", cells))
    assert str(found).startswith("post.sv:48 (FDRE) to u_to") and found.ends[0] == "post"


@pytest.mark.tools
@pytest.mark.parametrize("family", JUDGED)
def test_the_tiny_circuit(synthesized: Callable[[str], tuple[Project, Synthesis]], family: str) -> None:
    job, done = synthesized(family)
    found = Paths(json.loads(done.netlist_json.read_text()), job.top, job.family)
    listed = found.most(count=10)
    print(table(listed))
    assert 5 < len(listed) <= 10 and [path.ns for path in listed] == sorted((p.ns for p in listed), reverse=True)
    assert 2 < listed[0].ns < 30
    # Its product is corrected behind the multiplier: on ECP5 that is a chain more than may be.
    said = faults(found)
    assert (
        not said
        if family == "xc7"
        else said and all(fault.ends[0] == "rom" and "3 carry chains" in str(fault) for fault in said)
    )
    assert len(faults(found, Limits(luts=1))) > len(said)
    # It multiplies what its ROM reads in the same cycle.
    assert found.bare(r"u_rom", "output")


@pytest.mark.tools
@pytest.mark.slow
def test_the_slowest_path_is_the_one_that_is_routed(make: Make, tmp_path: Path) -> None:
    from hardwire.synth.nextpnr import route
    from hardwire.synth.yosys import synthesize

    job = make()
    done = synthesize(job, tmp_path / "w")
    (path, *_) = Paths(json.loads(done.netlist_json.read_text()), job.top, job.family).most()
    routed = route(job, done).critical_path
    assert path.cells[0].split(" ")[0] == routed.start.split(" ")[0]
    assert path.ns == pytest.approx(routed.logic_ns + routed.routing_ns, rel=0.4)
