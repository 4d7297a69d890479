# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate on paths, on netlists of the smallest engine with all stages: nothing beyond the limits but what is known,
and whatever is planted is found and named."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hardwire.build.make import make_build
from hardwire.cli.main import main
from hardwire.plan.geometry import STAGES
from hardwire.proof.plant import gate_of_logits
from hardwire.quantize import random_chip
from hardwire.synth import batch
from hardwire.synth.builds import project_of
from hardwire.synth.paths import Fault, Limits, Paths, faults
from hardwire.synth.rows import Row, Table
from hardwire.synth.yosys import synthesize
from hardwire.targets.board import load_board

from .conftest import BOARDS, MINI, SMALLEST

Netlist = dict[str, Any]
FAMILIES = ("xc7", "ecp5")
OUTPUTS = "O Z Q CO S0 COUT"

# Where the RTL is beyond the limits with all stages, by the sources of both ends ("": Yosys left none). A path that
# begins or ends elsewhere fails, as does any when it grows.
KNOWN: dict[str, set[tuple[str, str]]] = {
    "xc7": {
        ("norm_root", "norm_root"), ("token_loop", ""), ("token_loop", "emission"), ("token_loop", "noise"),
    },
    "ecp5": set(),
}  # fmt: skip
MOST = Limits(luts=7)


@pytest.fixture(scope="module", params=FAMILIES)
def netlist(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Netlist]:
    """Family, top and netlist of the smallest chip with all stages, without a board's host around the engine."""
    board, folder = load_board(BOARDS[request.param]), tmp_path_factory.mktemp(request.param)
    random_chip(MINI, seed=0).save(folder / "mini.chip")
    geometry = replace(SMALLEST, minus=board.family != "ecp5", **{**STAGES, "lane_stages": 3})
    build = make_build(
        folder / "mini.chip", replace(board, serial=None), folder / "build", target="rtl", geometry=geometry
    )
    project = project_of(build)
    done = synthesize(project, folder / "work")
    return request.param, project.top, json.loads(done.netlist_json.read_text())


def found(netlist: tuple[str, str, Netlist], **stages: int) -> list[Fault]:
    family, top, cells = netlist
    return faults(Paths(cells, top, family), stages=stages)


@pytest.mark.tools
def test_nothing_is_beyond_the_limits_but_what_is_known(netlist: tuple[str, str, Netlist]) -> None:
    family, top, cells = netlist
    said = found(netlist, **STAGES)
    new = [fault for fault in said if fault.kind != "luts" or fault.ends not in KNOWN[family]]
    assert not new, "\n".join(sorted({f"{fault.kind} {fault.ends}: {fault}" for fault in new}))
    assert not faults(Paths(cells, top, family), MOST), "a known path has grown"


@pytest.mark.tools
@pytest.mark.parametrize("kind", ["luts", "carries", "register"])
def test_a_planted_violation_is_found_and_named(netlist: tuple[str, str, Netlist], kind: str) -> None:
    family, top, cells = netlist
    before = {str(fault) for fault in found(netlist, **STAGES)}
    planted = copy.deepcopy(cells)
    {"luts": plant_luts, "carries": plant_carries, "register": plant_bare}[kind](
        planted["modules"][top]["cells"], family
    )
    new = [fault for fault in found((family, top, planted), **STAGES) if str(fault) not in before]
    named = [fault for fault in new if fault.kind == kind and "planted" in str(fault)]
    assert named, "\n".join(map(str, new))
    assert {"luts": "7 LUTs", "carries": "3 carry chains", "register": "but read_stages is 2"}[kind] in str(named[0])


@pytest.mark.tools
def test_a_gate_to_be_planted_is_found(netlist: tuple[str, str, Netlist]) -> None:
    _, top, cells = netlist
    name = gate_of_logits(cells["modules"][top])
    assert name is not None and cells["modules"][top]["cells"][name]["type"].startswith("LUT")


def fresh(cells: Netlist) -> Iterator[int]:
    """Numbers of nets that there are not."""
    bits = (bit for cell in cells.values() for bits in cell["connections"].values() for bit in bits)
    first = 1 + max(bit for bit in bits if isinstance(bit, int))
    return iter(range(first, first + 10_000))


def made(kind: str, **pins: int | list[int | str]) -> Netlist:
    """A cell of Yosys's JSON."""
    bits = {port: bit if isinstance(bit, list) else [bit] for port, bit in pins.items()}
    ways = {port: "output" if port in OUTPUTS.split() or port.startswith("DOA") else "input" for port in bits}
    return {"type": kind, "connections": bits, "port_directions": ways, "parameters": {}, "attributes": {}}


def flop(family: str, d: int, q: int) -> Netlist:
    return made("FDRE", C=["0"], D=d, Q=q) if family == "xc7" else made("TRELLIS_FF", CLK=["0"], DI=d, Q=q)


def plant_luts(cells: Netlist, family: str, count: int = 7) -> None:
    """A register, seven LUTs behind each other, a register."""
    nets = fresh(cells)
    at = next(nets)
    cells["u_planted.from_q"] = flop(family, next(nets), at)
    for n in range(count):
        to = next(nets)
        cells[f"u_planted.lut{n}"] = made("LUT1", I0=at, O=to) if family == "xc7" else made("LUT4", A=at, Z=to)
        at = to
    cells["u_planted.to_q"] = flop(family, at, next(nets))


def plant_carries(cells: Netlist, family: str) -> None:
    """A register, three sums behind each other, a register."""
    nets = fresh(cells)
    at = next(nets)
    cells["u_planted.from_q"] = flop(family, next(nets), at)
    for n in range(3):
        to = next(nets)
        sums = made("CARRY4", S=at, CI=["0"], O=to) if family == "xc7" else made("CCU2C", A0=at, CIN=["0"], S0=to)
        cells[f"u_planted.sum{n}"] = sums
        at = to
    cells["u_planted.to_q"] = flop(family, at, next(nets))


def plant_bare(cells: Netlist, family: str) -> None:
    """A bank of the cache whose word goes through a LUT in the cycle in which it is read."""
    nets = fresh(cells)
    out, to = next(nets), next(nets)
    ram = made("RAMB18E1", CLKARDCLK=["0"], DOADO=out) if family == "xc7" else made("DP16KD", CLKA=["0"], DOA0=out)
    ram["port_directions"] |= {"DOADO": "output"} if family == "xc7" else {"DOA0": "output"}
    cells["u_planted.u_keys.u_ram"] = ram
    cells["u_planted.lut"] = made("LUT1", I0=out, O=to) if family == "xc7" else made("LUT4", A=out, Z=to)
    cells["u_planted.to_q"] = flop(family, to, next(nets))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["luts", "carries", "register"])
def test_what_is_planted_is_all_that_is_found_in_an_empty_netlist(family: str, kind: str) -> None:
    cells: Netlist = {"u_q": flop(family, 2, 3)}
    {"luts": plant_luts, "carries": plant_carries, "register": plant_bare}[kind](cells, family)
    (fault,) = faults(Paths({"modules": {"top": {"cells": cells}}}, "top", family), stages={"read_stages": 2})
    assert fault.kind == kind and fault.ends == (("keys",) * 2 if kind == "register" else ("planted",) * 2)


@pytest.mark.parametrize(("count", "code"), [(0, 0), (1, 2), (12, 2)])
def test_the_command_says_what_is_found_and_exits_with_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int, code: int
) -> None:
    def run(jobs: Any, progress: Any, options: batch.Options, place: Any) -> Table:
        assert options.check_paths and not options.route
        return Table([Row(name="mini", status="kept", path_faults=[f"u_{n}: too long" for n in range(count)])])

    monkeypatch.setattr(batch, "run_batch", run)
    result = CliRunner().invoke(main, ["synth", str(tmp_path), "--no-route", "--check-paths", "--json"])
    assert result.exit_code == code
    assert len(json.loads(result.stdout)[0]["path_faults"]) == count
    assert ("mini: u_0: too long" in result.stderr) == (count > 0) and ("and 2 more" in result.stderr) == (count == 12)
