# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Several streams in the RTL engine at once: each equals the integer reference as if it were alone, and every fetch
comes in the cycle that the replay has for it, those of prompts in the passes of idle streams too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outlines import BLOOM, GEMMA2, MISTRAL, NEOX

from hardwire.backends.rtlsim import Asked, RtlSim, Simulated
from hardwire.chip.model import Chip, Wiring
from hardwire.chip.reference import Reference
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import BuildError
from hardwire.host.requests import Request
from hardwire.pipeline import SHAPES
from hardwire.plan.geometry import Geometry
from hardwire.plan.program import Schedule
from hardwire.plan.replay import Played, Turn, prompt_cycles, prompt_spans, replay
from hardwire.plan.schedule import schedule
from hardwire.quantize import random_chip

pytestmark = pytest.mark.tools

CASES = {
    "two whole contexts": ("tiny_chip", Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=2)),
    "three that share, few registers, products in multipliers": (
        "odd_chip",
        Geometry(
            columns=8, rows=8, depth=2, packed_groups=1, banks=5, divides=2, lane_stages=1, round_stages=1,
            minus=False, streams=3, share=13,
        ),
    ),
    "four, one walk per layer": (
        "micro_chip",
        Geometry(columns=16, rows=16, depth=1, banks=8, divides=4, mix_style="fabric", streams=4),
    ),
    "two, weights in URAM, one bank": (
        "gpt_chip",
        Geometry(columns=8, rows=2, depth=5, banks=1, divides=1, uram=2, streams=2),
    ),
    "three, attention takes longest": (
        "tiny_chip",
        Geometry(columns=16, rows=8, depth=4, banks=1, divides=4, streams=3),
    ),
    "three, parallel branches": (
        "neox_chip",
        Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, streams=3),
    ),
    "three, capped logits": (
        "capped_chip",
        Geometry(columns=4, rows=4, depth=3, terms=2, banks=5, divides=2, streams=3),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def neox_chip() -> Chip:
    return random_chip(NEOX, seed=8)


@pytest.fixture(scope="module")
def capped_chip() -> Chip:
    return random_chip(replace(MISTRAL, wiring=Wiring(logit_cap=True)), seed=8)


@pytest.fixture(scope="module", params=list(CASES), ids=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Chip, Geometry, RtlSim]:
    name, geometry = CASES[request.param]
    chip, folder = request.getfixturevalue(name), tmp_path_factory.mktemp("streams")
    write_rtl(chip, folder, geometry)
    sim = RtlSim(folder)
    sim.compile()
    return chip, geometry, sim


def drawn(rng: np.random.Generator, chip: Chip, geometry: Geometry, stall: bool = False) -> list[Asked]:
    """A request of each stream that its context holds, at random times."""
    asked, context = [], geometry.share or chip.shape.context
    for stream in range(geometry.streams):
        known = int(rng.integers(1, context))
        request = Request(
            stream=stream,
            ids=tuple(rng.integers(0, chip.shape.vocab, known).tolist()),
            budget=int(rng.integers(1, context + 1 - known)) if context > known + 1 else 1,
            temperature=float(rng.choice([0.0, 0.8])),
            seed=int(rng.integers(1 << 40)),
            stops=tuple(rng.integers(0, chip.shape.vocab, 1).tolist()),
        )
        asked.append(Asked(request, stall=int(stall and rng.integers(1 << 16)), after=int(rng.integers(400))))
    return asked


def drawn_prompts(rng: np.random.Generator, chip: Chip, geometry: Geometry, stall: bool = False) -> list[Asked]:
    """Long prompts of some streams, at times so far apart that passes of others are lent and asked back."""
    asked, context = [], geometry.share or chip.shape.context
    streams = [s for s in range(geometry.streams) if rng.random() < 0.7] or [int(rng.integers(geometry.streams))]
    for stream in streams:
        known = context - int(rng.integers(0, 4)) if rng.random() < 0.7 else int(rng.integers(1, context))
        request = Request(
            stream=stream,
            ids=tuple(rng.integers(0, chip.shape.vocab, known).tolist()),
            budget=int(rng.integers(1, min(4, context + 1 - known) + 1)),
            temperature=float(rng.choice([0.0, 0.8])),
            seed=int(rng.integers(1 << 40)),
            stops=tuple(rng.integers(0, chip.shape.vocab, 1).tolist()),
        )
        asked.append(Asked(request, stall=int(stall and rng.integers(1 << 16)), after=int(rng.integers(2500))))
    return asked


def assert_as_alone(chip: Chip, asked: list[Asked], found: list[Simulated]) -> None:
    for one, got in zip(asked, found, strict=True):
        wanted = Reference(chip).run(replace(one.request, stream=0, rows=1))
        assert (got.tokens, got.status) == (list(wanted.ids), wanted.status), f"stream {one.request.stream}"
        np.testing.assert_array_equal(got.logits, wanted.logits, f"stream {one.request.stream}")


def turns(asked: Asked, found: Simulated) -> list[Turn]:
    """What the engine was given to do; a request is taken up a cycle after it is there."""
    known = len(asked.request.ids)
    return [
        Turn(position=position, generated=position >= known - 1, after=0 if position else asked.after + 1)
        for position in range(len(found.fetches))
    ]


def assert_as_planned(program: Schedule, asked: list[Asked], found: list[Simulated]) -> None:
    streams: list[Iterator[Turn]] = [iter(()) for _ in range(program.geometry.streams)]
    planned: list[list[Played]] = [[] for _ in streams]
    for one, got in zip(asked, found, strict=True):
        streams[one.request.stream] = iter(turns(one, got))
    for token in replay(program, streams):
        planned[token.stream].append(token)
    for one, got in zip(asked, found, strict=True):
        stream = one.request.stream
        assert got.fetches.tolist() == [token.fetch for token in planned[stream]], f"stream {stream}"


@pytest.mark.parametrize(("draw_mix", "seed", "mixes"), [(drawn, 7, 12), (drawn_prompts, 3, 24)])
def test_streams_equal_the_reference_and_the_replay(
    case: tuple[Chip, Geometry, RtlSim], draw_mix: Callable[..., list[Asked]], seed: int, mixes: int
) -> None:
    """Of prompts also where a stream wants its own pass back, and where two prompts want the same."""
    chip, geometry, sim = case
    rng, program = np.random.default_rng(seed), schedule(chip, geometry)
    for _ in range(mixes):
        sim.reset()
        asked = draw_mix(rng, chip, geometry)
        found = sim.together(asked)
        assert_as_alone(chip, asked, found)
        assert_as_planned(program, asked, found)


def test_prompts_with_pauses_behind_one_another(case: tuple[Chip, Geometry, RtlSim]) -> None:
    """Without a reset between, so what is left of one request is there when the next begins."""
    chip, geometry, sim = case
    rng = np.random.default_rng(13)
    sim.reset()
    for _ in range(12):
        asked = drawn_prompts(rng, chip, geometry, stall=True)
        assert_as_alone(chip, asked, sim.together(asked))


def test_a_prompt_alone_is_faster_for_every_idle_stream(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    program = schedule(chip, geometry)
    ids = tuple(np.random.default_rng(1).integers(0, chip.shape.vocab, program.context).tolist())
    for stream in range(geometry.streams):
        sim.reset()
        (found,) = sim.together([Asked(Request(stream=stream, ids=ids, budget=1))])
        assert found.token_cycles == prompt_spans(program, program.context - 1)
    assert prompt_cycles(program) < 0.9 * prompt_cycles(schedule(chip, replace(geometry, streams=1)))


def test_a_whole_context_of_stories260k(tmp_path: Path) -> None:
    """Through three passes on PYNQ-Z2: a token waits for attention while one behind it could have it sooner."""
    chip = random_chip(SHAPES["stories260k"], seed=1)
    geometry = Geometry(columns=16, rows=8, depth=4, banks=25, divides=4, streams=3, share=256)
    program, sim = write_rtl(chip, tmp_path, geometry), RtlSim(tmp_path)
    sim.compile()
    ids = tuple(np.random.default_rng(1).integers(0, chip.shape.vocab, 256).tolist())
    asked = [Asked(Request(stream=2, ids=ids, budget=1))]
    found = sim.together(asked)
    assert_as_alone(chip, asked, found)
    assert found[0].token_cycles == prompt_spans(program, 255)
    assert prompt_cycles(program) == pytest.approx(409.5, abs=0.1)


def test_a_prompt_that_finds_no_room_ends_before_the_next_request(case: tuple[Chip, Geometry, RtlSim]) -> None:
    """Its last tokens are still computed when that is known: nothing of them is in the context that follows."""
    chip, geometry, sim = case
    rng, context = np.random.default_rng(2), geometry.share or chip.shape.context
    sim.reset()
    for _ in range(3):
        ids = tuple(rng.integers(0, chip.shape.vocab, context + 3).tolist())
        (found,) = sim.together([Asked(Request(stream=0, ids=ids, budget=2))])
        assert (found.tokens, found.status, found.position) == ([], "context full", context)
        asked = [Asked(Request(stream=0, ids=ids[: context // 2], budget=2))]
        assert_as_alone(chip, asked, sim.together(asked))


def test_pauses_of_one_stream_change_no_other(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    rng = np.random.default_rng(11)
    for _ in range(4):
        asked = drawn(rng, chip, geometry, stall=True)
        assert_as_alone(chip, asked, sim.together(asked))


def test_a_stream_goes_on_while_others_come_and_go(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    ids = (1, 2, 3)
    wanted = Reference(chip).generate(ids, 9)
    sim.reset()
    (first,) = sim.together([Asked(Request(stream=1, ids=ids, budget=4))])
    other = Asked(Request(stream=0, ids=ids, budget=9))
    later = Asked(Request(stream=1, ids=(first.tokens[-1],), budget=5, clear=False), after=100)
    whole, rest = sim.together([other, later])
    assert whole.tokens == wanted and first.tokens + rest.tokens == wanted


def test_one_stream_alone_is_as_fast_as_an_engine_of_one(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    program = schedule(chip, replace(geometry, streams=1))
    for stream in range(geometry.streams):
        sim.reset()
        (found,) = sim.together([Asked(Request(stream=stream, ids=(1,), budget=None))])
        assert found.status == "context full" and found.position == program.context
        assert found.token_cycles == [program.cycles(p) for p in range(program.context - 1)]


def test_a_reset_ends_all(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    rng = np.random.default_rng(5)
    for cycles in (17, 70, 133, 402):
        broken = drawn(rng, chip, geometry)
        assert [got.status for got in sim._simulate(broken, cycles)] == ["reset"] * geometry.streams
        asked = drawn(rng, chip, geometry)
        assert_as_alone(chip, asked, sim.together(asked))


@pytest.mark.parametrize(
    ("outline", "parts"),
    [(GEMMA2, "attention windows, norms inside a layer, a cap of scores"), (BLOOM, "ALiBi")],
)
def test_parts_that_are_for_one_stream_are_named(outline: object, parts: str) -> None:
    chip = random_chip(outline, seed=8)
    geometry = Geometry(columns=4, rows=4, depth=2, terms=2, banks=5, score_fabric=4, streams=2)
    with pytest.raises(BuildError, match=f"2 streams: the RTL engine has {parts} for one stream alone; plan one"):
        schedule(chip, geometry)


def test_a_trace_is_of_one_stream(tiny_chip: Chip, tmp_path: Path) -> None:
    geometry = replace(CASES["two whole contexts"][1], trace=True)
    with pytest.raises(BuildError, match="2 streams: the trace window is of one stream; plan one, or leave trace out"):
        write_rtl(tiny_chip, tmp_path, geometry)
