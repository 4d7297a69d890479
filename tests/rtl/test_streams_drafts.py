# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Drafts in the RTL engine: no token, logit or status is another than without them, and every fetch comes in the cycle
that the replay has for it, whether the table is often right or often wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drafting import assert_as_alone, assert_as_planned, learnt, wild

from hardwire.backends.rtlsim import Asked, RtlSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.emit.rtl.project import write_rtl
from hardwire.host.requests import Request
from hardwire.plan.drafts import DraftTable
from hardwire.plan.geometry import Geometry
from hardwire.plan.program import Schedule

pytestmark = pytest.mark.tools

CASES = {
    "two, a table that is right": (
        "tiny_chip", "learnt", Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2, drafts=256),
    ),
    "two, a table that is wrong": (
        "tiny_chip", "wild", Geometry(columns=16, rows=8, depth=4, banks=1, divides=4, streams=2, drafts=16),
    ),
    "three, few registers, parts of a context": (
        "odd_chip",
        "learnt",
        Geometry(
            columns=8, rows=8, depth=2, packed_groups=1, banks=5, divides=2, lane_stages=1, round_stages=1,
            minus=False, streams=3, share=17, drafts=64,
        ),
    ),
    "four, positions with rows": (
        "gpt_chip", "learnt", Geometry(columns=8, rows=2, depth=5, banks=2, divides=1, streams=4, drafts=128),
    ),
}  # fmt: skip

Case = tuple[Chip, DraftTable, Schedule, RtlSim]


@pytest.fixture(scope="module", params=list(CASES), ids=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    name, kind, geometry = CASES[request.param]
    chip, folder = request.getfixturevalue(name), tmp_path_factory.mktemp("drafts")
    table = {"learnt": learnt, "wild": wild}[kind](chip, geometry)
    program = write_rtl(chip, folder, geometry, table=table)
    sim = RtlSim(folder)
    sim.compile()
    return chip, table, program, sim


def drawn(rng: np.random.Generator, case: Case, streams: int, stall: bool = False) -> list[Asked]:
    """Short prompts and long answers of some streams; those behind the first come when they like."""
    chip, _, program, _ = case
    asked, context = list[Asked](), program.context
    for place, stream in enumerate(rng.permutation(program.geometry.streams)[:streams].tolist()):
        known = int(rng.integers(1, 4 if rng.random() < 0.7 else context))
        request = Request(
            stream=stream,
            ids=tuple(rng.integers(0, chip.shape.vocab, known).tolist()),
            budget=int(rng.integers(1, context + 1 - known)) if rng.random() < 0.6 and context > known + 1 else None,
            temperature=float(rng.choice([0.0, 0.8])),
            seed=int(rng.integers(1 << 40)),
            stops=tuple(rng.integers(0, chip.shape.vocab, 2).tolist()) if rng.random() < 0.4 else (),
        )
        after = int(rng.integers(6000)) if place else 0
        asked.append(Asked(request, stall=int(stall and rng.integers(1 << 16)), after=after))
    return asked


@pytest.mark.parametrize(("streams", "mixes"), [(1, 10), (2, 24), (4, 12)])
def test_drafts_equal_the_reference_and_the_replay(case: Case, streams: int, mixes: int) -> None:
    """Alone; with others who come while a draft is computed, and while it is decided; all at once."""
    chip, table, program, sim = case
    rng = np.random.default_rng(streams)
    for _ in range(mixes):
        sim.reset()
        asked = drawn(rng, case, streams)
        found = sim.together(asked)
        assert_as_alone(chip, program, asked, found)
        assert_as_planned(program, table, asked, found)


def test_a_context_may_be_emptied_behind_a_stop_token(case: Case) -> None:
    """At once, while a draft that was dropped with the stop still reads and writes what is nobody's."""
    chip, _, program, sim = case
    rng = np.random.default_rng(9)
    for _ in range(20):
        sim.reset()
        first = Request(ids=tuple(rng.integers(0, chip.shape.vocab, 2).tolist()), budget=None)
        written = Reference(chip).run(first).ids
        stopped = replace(first, stops=(written[int(rng.integers(len(written)))],))
        for request in (stopped, replace(first, ids=first.ids[::-1], budget=3)):
            asked = [Asked(request)]
            assert_as_alone(chip, program, asked, sim.together(asked))
