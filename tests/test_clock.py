# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The clock that a plan is estimated to reach: against every known route, by its stages, and what fit makes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import routes
from click.testing import CliRunner
from outlines import EVERY

from hardwire.build.folder import open_build
from hardwire.chip.model import Chip
from hardwire.cli.main import main
from hardwire.errors import BuildError
from hardwire.plan.clock import BLOCKS, clock_estimate, settable
from hardwire.plan.depth import at_estimated_clock, depths, estimate
from hardwire.plan.fit import fit
from hardwire.plan.geometry import STAGES, Geometry
from hardwire.plan.planner import Planner
from hardwire.plan.schedule import schedule
from hardwire.plan.ways import KINDS, Site
from hardwire.plan.widths import Widths
from hardwire.quantize import random_chip
from hardwire.targets.board import load_board
from hardwire.targets.families import FAMILIES, family_of

PAGE = Path(__file__).parent.parent / "docs" / "clock.md"


@pytest.fixture
def few_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of seconds: every thirtieth form of the lanes."""
    every = Planner._cores
    monkeypatch.setattr(Planner, "_cores", lambda planner: list(every(planner))[::30])


def test_the_page_has_every_route_beside_its_estimate() -> None:
    assert "\n".join(routes.rows()) in PAGE.read_text()


@pytest.mark.parametrize("family", ["xc7", "ecp5"])
def test_errors_that_a_family_states_are_those_of_its_routes(family: str) -> None:
    delays = family_of(family).delays
    assert delays is not None and delays.wiring.error is not None
    known = [route for route in routes.ROUTES if (route.board == "xc7z010") == (family == "xc7")]
    errors = [estimated / mhz - 1 for route in known for estimated, _ in (routes.said(route),) for mhz in route.mhz]
    middles = [routes.error(route) for route in known]
    lowest, highest = delays.wiring.error
    assert lowest <= min(middles) and max(middles) <= highest
    assert min(middles) < lowest + 0.02 and max(middles) > highest - 0.02  # no wider than they are
    assert max(map(abs, errors)) < 0.15  # of single seeds: the larger tile has 63.6, 72.8 and 77.4 MHz by three


def test_no_family_without_a_route_states_an_error() -> None:
    assert {key for key, family in FAMILIES.items() if family.delays and family.delays.wiring.error is None} == {"xcup"}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_kind_of_path_begins_and_ends_at_a_register(name: str, family: str) -> None:
    chip = random_chip(EVERY[name], seed=1)
    for geometry in (
        Geometry(columns=4, rows=4, depth=2, terms=2, banks=5, score_fabric=4, divides=1),
        Geometry(columns=8, rows=4, depth=3, packed_groups=1, banks=2, divides=1, mix_style="fabric", **STAGES),
    ):
        try:
            program = schedule(chip, geometry)
        except BuildError:  # a cap of scores is not with all of them in LUTs, and the like
            continue
        site = Site(program, Widths.of(chip), family_of(family))
        for kind in KINDS:
            steps = kind.steps(site)
            if steps is None:
                continue
            assert steps[0].part in ("register", "small memory", *BLOCKS) and steps[-1].part in ("register", "product")
            assert all(step.count >= 1 for step in steps) and len(steps) > 1, kind.name


@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_stage_shortens_what_its_field_names_and_lengthens_nothing(tiny_chip: Chip, family: str) -> None:
    base = Geometry(columns=8, rows=4, depth=2, packed_groups=1, banks=5, score_fabric=2, mix_fabric=2,
                    lane_stages=1, round_stages=1)  # fmt: skip
    widths, fabric = Widths.of(tiny_chip), family_of(family)

    def paths(geometry: Geometry) -> dict[str, float]:
        found = clock_estimate(schedule(tiny_chip, geometry), widths, fabric, 0.5)
        assert found is not None and found.mhz == round(1000 / found.worst.ns, 1)
        return {path.kind.name: path.ns for path in found.paths}

    before = paths(base)
    for field, most in STAGES.items():
        last = before
        for stages in range(2, most + 1):
            after = paths(replace(base, **{field: stages}))
            assert all(after[name] <= last[name] + 1e-9 for name in after if name in last), field
            last = after
        shorter = {name for name in last if name in before and last[name] < before[name]}
        named = {kind.name for kind in KINDS if field in kind.fields}
        assert shorter and shorter <= named, field


def test_a_full_device_is_slower(tiny_chip: Chip) -> None:
    program, widths = schedule(tiny_chip, Geometry(minus=False)), Widths.of(tiny_chip)
    clocks = [clock_estimate(program, widths, family_of("ecp5"), full) for full in (0.1, 0.5, 0.9)]
    mhz = [found.mhz for found in clocks if found is not None]
    assert len(mhz) == 3 and mhz == sorted(mhz, reverse=True)
    bare = replace(family_of("ecp5"), delays=None)
    assert clock_estimate(program, widths, bare, 0.5) is None


@pytest.mark.usefixtures("few_cores")
def test_fit_counts_tokens_at_the_estimated_clock(tiny_chip: Chip) -> None:
    board = load_board("pynq-z2")
    said = fit(tiny_chip, board)
    assert said.estimate is not None and said.estimate["asked_mhz"] == 100 and said.clock_source == "estimated"
    assert said.clock_mhz == round(settable(board, said.estimate["mhz"]), 3) <= said.estimate["mhz"] < 100
    assert said.tokens_per_second == pytest.approx(said.clock_mhz * 1e6 / said.mean_cycles, rel=1e-4)
    assert said.estimate["error"] == (0.01, 0.03) and "nextpnr has them in two routes" in said.estimate["basis"]
    assert len(said.estimate["longest"]) == 5 and said.estimate["longest"][0].endswith(" ns")
    slow = fit(tiny_chip, replace(board, clock_mhz=20.0))
    assert slow.clock_mhz == 20 and slow.estimate["asked_mhz"] == 20  # no faster than what is asked for


@pytest.mark.usefixtures("few_cores")
@pytest.mark.parametrize("name", ["pynq-z2", "ulx3s-85f", "kv260"])
def test_depth_is_what_gives_the_most_tokens(tiny_chip: Chip, name: str) -> None:
    board, planner = load_board(name), Planner(tiny_chip)
    before = fit(tiny_chip, board, planner)
    tried = depths(tiny_chip, board, Geometry(**before.geometry))
    assert len(tried) > 1 and len({depth.stages for depth in tried}) == len(tried)
    clocks = [depth.clock_mhz for depth in tried]
    assert clocks == sorted(clocks)  # each shortens the slowest path, or one as slow
    chosen = at_estimated_clock(tiny_chip, board, planner)
    after = fit(tiny_chip, chosen, planner)
    assert after.tokens_per_second >= before.tokens_per_second
    assert after.tokens_per_second >= max(depth.rate for depth in tried) * 0.999
    assert after.clock_mhz == round(chosen.clock_mhz, 3) <= after.estimate["mhz"]
    assert {name: after.geometry[name] for name in STAGES} == dict(chosen.stages)


def test_a_chip_that_does_not_fit_keeps_its_board(tiny_chip: Chip) -> None:
    board = replace(load_board("pynq-z2"), bram18=1)
    assert at_estimated_clock(tiny_chip, board) is board
    assert fit(tiny_chip, board).estimate is None


@pytest.mark.usefixtures("few_cores")
def test_the_commands_plan_by_the_estimate(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "tiny.chip")
    chosen = at_estimated_clock(tiny_chip, load_board("ulx3s-85f"))
    call = ["fit", str(tmp_path / "tiny.chip"), "--board", "ulx3s-85f", "--clock", "estimate", "--json"]
    said = json.loads(CliRunner().invoke(main, call).stdout)[0]
    assert {name: said["geometry"][name] for name in STAGES} == dict(chosen.stages)
    assert said["clock_source"] == "estimated" and said["clock_mhz"] == round(chosen.clock_mhz, 3)

    build = ["build", str(tmp_path / "tiny.chip"), "-o", str(tmp_path / "b"), "--board", "ulx3s-85f", "--target", "rtl"]
    result = CliRunner().invoke(main, [*build, "--clock", "estimate"])
    assert result.exit_code == 0, result.output
    plan = open_build(tmp_path / "b").manifest.plan
    assert plan.geometry == said["geometry"] and plan.clock_mhz == chosen.clock_mhz and plan.clock_source == "asked"
    for wrong in (["--geometry", "banks=2"], ["--target", "hls"]):
        result = CliRunner().invoke(main, [*build, "--clock", "estimate", *wrong])
        assert result.exit_code == 1 and "--clock estimate plans the stages of an RTL engine; give MHz" in result.output
    result = CliRunner().invoke(main, [*build, "--clock", "fast"])
    assert result.exit_code == 1 and "'fast' is not a valid float" in result.output


def test_a_plan_for_42_mhz_is_as_it_was() -> None:
    """The stages that its clock asks for are still those; choosing by the estimate is an option."""
    board, chip = load_board("ulx3s-85f"), routes.chip("bundled")
    program = schedule(chip, routes.ROUTES[2].geometry)
    said = estimate(chip, board, program, Widths.of(chip))
    assert said is not None and 0.9 < said.mhz / 44.82 < 1.1
    stages = [stages for above, stages in board.device_family.planning.stages if board.clock_mhz > above][-1]
    assert all(getattr(program.geometry, name) == count for name, count in stages.items())
