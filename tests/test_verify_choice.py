# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""``hardwire verify`` of builds with an extended sampler: requests with its options climb; a wrong draw is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from choices import GEOMETRY

from hardwire.build.folder import Build
from hardwire.build.make import make_build
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.errors import BuildError
from hardwire.host.requests import Backend, Limits, Outcome, Request, RequestState
from hardwire.plan.cost import choice_cost
from hardwire.plan.geometry import Geometry
from hardwire.proof.draws import END, draws, requests, unlike
from hardwire.proof.plant import plant
from hardwire.proof.receipts import Rung
from hardwire.proof.verify import verify, verify_planted
from hardwire.targets.board import load_board

BEST = 5
TWO = Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2, best=BEST, guide_words=512)


def made(chip: Chip, folder: Path, target: str, geometry: Geometry = GEOMETRY) -> Build:
    chip.save(folder / "some.chip")
    board = load_board("pynq-z2")
    return make_build(folder / "some.chip", board, folder / "build", target=target, geometry=geometry)


@pytest.fixture(scope="module")
def extended(tiny_chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return made(tiny_chip, tmp_path_factory.mktemp("extended"), "bitstream")


@pytest.mark.tools
def test_requests_with_options_climb_the_rungs(extended: Build) -> None:
    receipt = verify(extended, ["int", "csim", "rtl"], tokens=6)
    assert receipt.first_difference is None
    for name in ("csim", "rtl"):
        rung = receipt.rungs[name]
        assert rung.status == "equal" and "24 requests to the extended sampler, every number of the " in rung.note
    assert receipt.rungs["rtl"].note.endswith(" draws that tell them behind the registers")


@pytest.mark.tools
def test_samplers_of_several_streams_draw_at_once(tiny_chip: Chip, tmp_path: Path) -> None:
    """Guided ones too, by automata in their memories and by masks."""
    receipt = verify(made(tiny_chip, tmp_path, "bitstream", TWO), ["rtl"], tokens=6)
    rung = receipt.rungs["rtl"]
    assert rung.status == "equal" and receipt.first_difference is None
    for words in (
        "2 streams at once, at random",
        "12 answers of each behind the registers",
        "24 requests to the extended",
        "4 of them guided by the chip's automaton, 2 by masks",
    ):
        assert words in rung.note


@pytest.mark.tools
def test_a_wrong_draw_is_found_and_named(extended: Build) -> None:
    receipt, change = verify_planted(extended, "draw", ["int"], tokens=6)
    assert change.startswith("word 512 of rom/octave.hex from ")
    found = receipt.first_difference
    assert receipt.verdict == "different" and found is not None and found.rung == "rtl"
    assert found.stage in ("sum of weights", "token", "token drawn") and found.expected != found.got
    where = f"rtl: stage {found.stage}, token {found.token} of request {found.request}, index 0: "
    assert str(found) == f"{where}expected {found.expected}, got {found.got}"


@pytest.mark.tools
def test_a_plain_sampler_has_no_draws_to_break(tiny_chip: Chip, tmp_path: Path) -> None:
    build = made(tiny_chip, tmp_path, "rtl", replace(GEOMETRY, best=0))
    with pytest.raises(BuildError, match="has no extended sampler; build with --sampler extended"):
        plant(build, "draw", tmp_path / "copy")


@pytest.mark.tools  # hls4ml, beside the RTL
def test_a_build_plans_a_sampler_for_each_stream(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "some.chip")
    board = load_board("pynq-z2")
    asked = (tmp_path / "some.chip", board)
    plan = make_build(*asked, tmp_path / "two", target="rtl", streams=2, best=BEST).manifest.plan
    assert plan.geometry is not None and (plan.geometry["streams"], plan.geometry["best"]) == (2, BEST)
    one, two = (
        choice_cost(tiny_chip, Geometry(streams=streams, best=BEST), board.device_family.fabric) for streams in (1, 2)
    )
    assert two.lut == 2 * one.lut and two.bram18 == 2 * one.bram18
    guided = choice_cost(tiny_chip, Geometry(best=BEST, guide_words=4096), board.device_family.fabric)
    assert one.bram18 < guided.bram18 and one.lut < guided.lut and one.dsp == guided.dsp
    with pytest.raises(BuildError, match="give --streams a number"):
        make_build(*asked, tmp_path / "auto", target="rtl", streams=None, best=BEST)


@pytest.mark.tools
def test_a_build_has_room_for_an_automaton_where_it_is_asked_for(tiny_chip: Chip, tmp_path: Path) -> None:
    tiny_chip.save(tmp_path / "some.chip")
    asked, board = tmp_path / "some.chip", load_board("pynq-z2")
    build = make_build(asked, board, tmp_path / "room", target="rtl", best=BEST, guide_words=1024)
    assert build.manifest.plan.geometry is not None and build.manifest.plan.geometry["guide_words"] == 1024
    for name, words, wrong in (
        ("plain", "the automaton is of the extended sampler of the RTL engine", {"target": "rtl"}),
        ("hls", "--guide-words 1024: the automaton is of the extended sampler of the RTL engine", {"best": BEST}),
    ):
        with pytest.raises(BuildError, match=words):
            make_build(asked, board, tmp_path / name, guide_words=1024, **wrong)
    for number in (500, 1000, 256, 32768):
        with pytest.raises(
            BuildError, match=f"guide words {number}, best {BEST}: the table of an extended sampler has"
        ):
            make_build(asked, board, tmp_path / "odd", target="rtl", best=BEST, guide_words=number)


# What is different is found -------------------------------------------------------------------------


class Bent(Backend):
    """The reference, with one thing of the outcome of request ``number`` changed."""

    def __init__(self, chip: Chip, number: int, bend: Callable[[Outcome], Outcome]) -> None:
        self._reference, self._number, self._bend, self._ran = Reference(chip, best=BEST), number, bend, 0

    @property
    def limits(self) -> Limits:
        return self._reference.limits

    def stages(self) -> Any:
        return {}

    def stream(self, request: Request, state: RequestState | None = None) -> Any:
        return self._reference.stream(request, state)

    def run(self, request: Request) -> Outcome:
        outcome, number = self._reference.run(request), self._ran
        self._ran += 1
        return self._bend(outcome) if number == self._number else outcome


def with_draw(**fields: Any) -> Callable[[Outcome], Outcome]:
    """The last draw of an outcome with other numbers."""
    return lambda outcome: replace(outcome, drawn=(*outcome.drawn[:-1], replace(outcome.drawn[-1], **fields)))


def with_logit(outcome: Outcome) -> Outcome:
    logits = outcome.logits.copy()
    logits[-1, 7] += 1
    return replace(outcome, logits=logits)


BENDS: dict[str, Callable[[Outcome], Outcome]] = {
    "logits": with_logit,
    "sum of weights": with_draw(total=1),
    "token drawn": with_draw(token=39),
    "logit drawn": with_draw(logit=-(1 << 20)),
    "best ids": with_draw(ids=np.array([39, 38])),
    "best logits": with_draw(logits=np.array([0])),
    "token": lambda outcome: replace(outcome, ids=(*outcome.ids[:-1], 39)),
    END: lambda outcome: replace(outcome, status="reset"),
    "position": lambda outcome: replace(outcome, position=outcome.position + 1),
    "draws": lambda outcome: replace(outcome, drawn=outcome.drawn[:-1]),
    "rows of logits": lambda outcome: replace(outcome, logits=outcome.logits[:-1]),
}


@pytest.mark.parametrize("stage", BENDS)
def test_every_difference_is_named(tiny_chip: Chip, stage: str) -> None:
    reference, bend = Reference(tiny_chip, best=BEST), BENDS[stage]
    ran = [(request, reference.run(request)) for _, request in requests(np.random.default_rng(12), 40, BEST, 12)]
    number = next(n for n, (_, want) in enumerate(ran) if want.drawn and len(want.logits) and want.ids)
    request, want = ran[number]
    found = unlike(request, want, bend(want))
    assert found is not None and found[0] == stage and found[3] != found[4]
    assert unlike(request, want, want) is None
    rung = Rung()
    difference = draws(rung, "csim", tiny_chip, Bent(tiny_chip, number, bend), 12)
    assert difference is not None and (difference.stage, difference.request) == (stage, number)
    assert draws(rung, "csim", tiny_chip, Bent(tiny_chip, 99, bend), 12) is None and "12 requests" in rung.note


def test_requests_are_of_every_kind(tiny_chip: Chip) -> None:
    """What verify asks of a build: each option, ends of every kind."""
    asked = [request for _, request in requests(np.random.default_rng(24), tiny_chip.shape.vocab, BEST, 24)]
    names = {name for request in asked for name in request.options()}
    assert names == {"top_k", "top_p", "penalty", "logprobs", "guide"}
    assert {request.clear for request in asked} == {True, False} and any(not request.options() for request in asked)
    reference = Reference(tiny_chip, best=BEST)
    assert {reference.run(request).status for request in asked} == {
        "budget", "stop token", "context full", "no token allowed",
    }  # fmt: skip
