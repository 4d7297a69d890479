# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Guides as automata in the memories of an engine's samplers: answers equal to the reference's under the same masks, in
the cycles that draws under those take; two streams under guides of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from choices import BEST, GUIDED, TWO_GUIDED, assert_equal, assert_simulated, engine_sim
from outlines import TINY

from hardwire.backends.rtlsim import Asked, RtlSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.driver.automaton import Automaton
from hardwire.errors import Unsupported
from hardwire.host.requests import BY_CHIP, BY_HOST, NONE_ALLOWED, Request
from hardwire.plan.schedule import schedule
from hardwire.proof.draws import STOP, Masks, draws, random_guide
from hardwire.proof.receipts import Rung
from hardwire.quantize import Outline, random_chip

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def chip() -> Chip:
    return random_chip(Outline(shape=TINY), seed=8)


@pytest.fixture(scope="module")
def sim(chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> RtlSim:
    return engine_sim(chip, tmp_path_factory.mktemp("guided"), GUIDED)


@pytest.fixture(scope="module")
def two(chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> RtlSim:
    return engine_sim(chip, tmp_path_factory.mktemp("guided"), TWO_GUIDED)


def loops(draw: np.random.Generator, vocab: int) -> Automaton:
    """A guide with loops, barred first tokens and several ends: its answers are of any length."""
    edges = {
        state: {int(t): int(draw.integers(6)) for t in draw.choice(np.arange(4, vocab), 9, replace=False)}
        for state in range(6)
    }
    barred = draw.choice(list(edges[0]), 3, replace=False).tolist()
    return Automaton(vocab, 0, [1, 5], edges | {4: {}}, ends=(STOP,), first=barred)


def guided(draw: np.random.Generator, vocab: int, case: int, stream: int = 0) -> Request:
    k = int(draw.integers(0, BEST + 1)) if case % 3 else 0
    return Request(
        stream=stream,
        ids=tuple(draw.integers(0, vocab, int(draw.integers(1, 5))).tolist()),
        budget=int(draw.integers(1, 9)) if case % 7 else 0,
        temperature=float(draw.choice([0, 0.7, 1.5])),
        seed=int(draw.integers(1 << 62)),
        stops=(STOP,),
        rows=case % 2,
        logprobs=[None, 0, 3][case % 3],
        guide=random_guide(draw, vocab) if case % 2 else loops(draw, vocab),
        clear=case % 5 != 2,
        top_k=k,
        top_p=float(draw.choice([1, 0.5])) if k else 1.0,
        penalty=float(draw.choice([1, 1.3, 10])),
    )


def test_answers_are_the_reference_s(chip: Chip, sim: RtlSim, draw: np.random.Generator) -> None:
    """One automaton behind another in one memory, contexts that go on, with every other option."""
    reference, ended = Reference(chip, best=BEST), Counter[str]()
    assert sim.limits.guide_words == 512
    for case in range(80):
        request = guided(draw, chip.shape.vocab, case)
        request = replace(request, clear=request.clear or sim.contexts[0].position > chip.shape.context - 12)
        want, got = reference.run(request), sim.run(request)
        assert_equal(request, got, want, case)
        assert got.guided == BY_CHIP
        ended[want.status] += 1
    assert set(ended) == {"budget", "stop token", NONE_ALLOWED}, ended


def test_cycles_of_guided_draws_are_those_of_the_plan(chip: Chip, sim: RtlSim) -> None:
    """As those under the same masks; and one in three under the host's masks is equal as well."""
    rung = Rung()
    assert draws(rung, "rtl", chip, sim, 60, schedule(chip, GUIDED)) is None
    assert "9 of them guided by the chip's automaton, 4 by masks" in rung.note


def test_requests_under_one_guide_write_it_once_and_a_reset_leaves_it(chip: Chip, sim: RtlSim) -> None:
    draw = np.random.default_rng(5)
    guide, reference = loops(draw, chip.shape.vocab), Reference(chip, best=BEST)
    for number in range(4):
        request = Request(ids=(1, 2), budget=6, temperature=1.0, seed=number, stops=(STOP,), guide=guide)
        assert_equal(request, sim.run(request), reference.run(request), number)
        if number == 2:
            sim.reset()
    assert sim._guided[0] == sim._told(request).digest  # type: ignore[union-attr]


def test_a_reset_in_the_middle_leaves_a_chip_that_is_right(chip: Chip, sim: RtlSim) -> None:
    draw = np.random.default_rng(6)
    request = Request(
        ids=(1, 2, 3), budget=6, temperature=1.0, seed=4, stops=(STOP,), guide=loops(draw, chip.shape.vocab), top_k=5
    )
    wanted = Reference(chip, best=BEST).run(request)
    whole = sim.run(request).total_cycles
    assert whole is not None and len(wanted.ids) > 2
    for after in range(whole // 9, whole, whole // 9):
        assert sim._simulate([Asked(request)], after)[0].status == "reset"
        assert_equal(request, sim.run(request), wanted, after)
    for stall in (1, 7, 23):
        (run,) = sim._simulate([Asked(request, stall=stall)], 0)
        assert tuple(run.tokens) == wanted.ids


def test_masks_and_automaton_take_turns(chip: Chip, sim: RtlSim, draw: np.random.Generator) -> None:
    """A request without a guide is not narrowed by one that was there, nor by its mask."""
    reference = Reference(chip, best=BEST)
    for case in range(24):
        request = replace(guided(draw, chip.shape.vocab, case), clear=True)
        if case % 3 == 1:
            assert request.guide is not None
            request = replace(request, guide=Masks(request.guide))
        if case % 3 == 2:
            request = replace(request, guide=None)
        got = sim.run(request)
        assert_equal(request, got, reference.run(request), case)
        assert got.guided == (BY_CHIP, BY_HOST, "")[case % 3]


def test_a_guide_without_room_is_the_host_s(chip: Chip, sim: RtlSim) -> None:
    """The answer is right, and says why."""
    vocab = chip.shape.vocab
    long = Automaton(vocab, 0, [600], {state: {5: state + 1, 6: state + 1} for state in range(600)})
    request = Request(ids=(1,), budget=5, guide=long)
    got = sim.run(request)
    assert_equal(request, got, Reference(chip, best=BEST).run(request), "long")
    assert got.guided == BY_HOST
    with pytest.raises(Unsupported, match="guide: the RTL simulation cannot follow it, the guide needs 601 states"):
        sim.together([Asked(request)])


def test_two_streams_have_guides_of_their_own(chip: Chip, two: RtlSim, draw: np.random.Generator) -> None:
    """At once, at random times, with and without pauses; some without a guide."""
    reference, held = Reference(chip, best=BEST), [loops(draw, chip.shape.vocab) for _ in range(3)]
    for case in range(30):
        two.reset()
        asked = []
        for stream in range(2):
            request = replace(guided(draw, chip.shape.vocab, case + stream, stream), clear=True, rows=0)
            if draw.random() < 0.5:
                request = replace(request, guide=held[int(draw.integers(3))] if draw.random() < 0.7 else None)
            stall = case % 2 * int(draw.integers(1, 99))
            asked.append(Asked(replace(request, budget=6), stall=stall, after=int(draw.integers(900))))
        for one, got in zip(asked, two.together(asked), strict=True):
            want = reference.run(replace(one.request, stream=0, rows=1))
            assert_simulated(got, want, case)
