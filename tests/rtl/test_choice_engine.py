# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The extended sampler around the engine: draws equal to the reference, cycles equal to the plan; plain requests cost
what they cost in a plain build."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from choices import BEST, GEOMETRY, assert_equal, engine_sim
from outlines import TINY

from hardwire.backends.rtlsim import RtlSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.emit.rtl.contents import Pour
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import BuildError, Unsupported
from hardwire.host.requests import NONE_ALLOWED, Request
from hardwire.plan.choice import draw_cycles
from hardwire.plan.geometry import Geometry
from hardwire.plan.schedule import schedule
from hardwire.proof.draws import random_guide, requests
from hardwire.quantize import Outline, random_chip

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def chip() -> Chip:
    return random_chip(Outline(shape=TINY), seed=8)


@pytest.fixture(scope="module")
def sim(chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> RtlSim:
    return engine_sim(chip, tmp_path_factory.mktemp("choice"), GEOMETRY)


def test_every_draw_is_the_reference_s(chip: Chip, sim: RtlSim, draw: np.random.Generator) -> None:
    reference, ended = Reference(chip, best=BEST), set()
    for case, request in requests(draw, chip.shape.vocab, BEST, 140):
        wanted = reference.run(request)
        assert_equal(request, sim.run(request), wanted, case)
        ended.add(wanted.status)
    assert ended == {"budget", "stop token", "context full", NONE_ALLOWED}


def test_cycles_are_those_of_the_plan(chip: Chip, sim: RtlSim, draw: np.random.Generator) -> None:
    program, counted = schedule(chip, GEOMETRY), 0
    for _, request in requests(draw, chip.shape.vocab, BEST, 60, rows=1):
        outcome = sim.run(request)
        if request.guide is not None or not outcome.cycles:
            continue
        first = outcome.position - len(outcome.cycles) - (outcome.status in ("stop token", NONE_ALLOWED))
        for position, cycles in enumerate(outcome.cycles, first):
            more = draw_cycles(chip.shape.vocab, position, request, request.inverse) if request.options() else 0
            assert cycles == program.cycles(position) + more, (request, position)
            counted += 1
    assert counted > 60


def test_a_guided_answer_is_accepted_by_its_guide(chip: Chip, sim: RtlSim, draw: np.random.Generator) -> None:
    whole = 0
    for seed in range(30):
        guide = random_guide(draw, chip.shape.vocab)
        outcome = sim.run(Request(ids=(1, 2), budget=8, temperature=1.0, seed=seed, stops=(3,), guide=guide))
        assert guide.accepts(outcome.ids) == (outcome.status in ("stop token", NONE_ALLOWED)), outcome
        whole += guide.accepts(outcome.ids)
    assert whole > 15


def test_pauses_change_nothing(chip: Chip, sim: RtlSim) -> None:
    from hardwire.backends.rtlsim import Asked

    request = Request(ids=(1, 2, 3), budget=6, temperature=0.9, seed=4, top_k=5, penalty=1.2, logprobs=2)
    wanted = Reference(chip, best=BEST).run(request)
    for stall in (1, 7, 23):
        (run,) = sim._simulate([Asked(request, stall=stall)], 0)
        assert tuple(run.tokens) == wanted.ids and [d.total for d in run.drawn] == [d.total for d in wanted.drawn]


def test_a_reset_in_a_draw_leaves_a_chip_that_is_right(chip: Chip, sim: RtlSim) -> None:
    """Marks of seen tokens are taken away by a reset too."""
    request = Request(ids=(1, 2, 3), budget=6, penalty=3.0, top_k=5)
    wanted = Reference(chip, best=BEST).run(request)
    whole = sim.run(request).total_cycles
    assert whole is not None
    for after in range(whole // 7, whole, whole // 7):
        from hardwire.backends.rtlsim import Asked

        assert sim._simulate([Asked(request)], after)[0].status == "reset"
        assert_equal(request, sim.run(request), wanted, after)


def test_a_plain_build_refuses_by_name_and_an_extended_one_is_frozen(chip: Chip, tmp_path: Path) -> None:
    write_rtl(chip, tmp_path / "plain", Geometry(columns=4, rows=4, depth=3, terms=2, banks=4))
    assert not list((tmp_path / "plain" / "rtl").glob("choice*"))
    plain = RtlSim(tmp_path / "plain", chip)
    with pytest.raises(Unsupported, match="top_k: the RTL simulation samples by temperature and seed alone; build it"):
        plain.limits.check(Request(ids=(1,), top_k=3))
    with pytest.raises(BuildError, match="--sampler extended: of a frozen engine; leave out --reprintable"):
        write_rtl(chip, tmp_path / "both", GEOMETRY, pour=Pour.ALL)
