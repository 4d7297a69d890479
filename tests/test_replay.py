# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Streams in one engine, as the plan replays them. ``tests/rtl`` holds the replay against the RTL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from outlines import NEOX

from hardwire.chip.model import Chip
from hardwire.errors import BuildError
from hardwire.pipeline import SHAPES
from hardwire.plan.fit import fit
from hardwire.plan.geometry import Geometry
from hardwire.plan.planner import Planner
from hardwire.plan.program import Schedule
from hardwire.plan.replay import Played, Turn, lane_cycles, prompt_cycles, replay, throughput, timeline
from hardwire.plan.schedule import schedule
from hardwire.plan.words import LEND_AFTER
from hardwire.quality.plots import draw_timeline
from hardwire.quantize import random_chip
from hardwire.targets.board import load_board

SMALL = Geometry(columns=8, rows=4, depth=3, terms=4, banks=3, divides=2)


def turns(rng: np.random.Generator, tokens: int, pause: int = 0) -> Iterator[Turn]:
    """Tokens at random positions of a context of 20, some of them of a prompt."""
    for _ in range(tokens):
        after = int(rng.integers(pause)) if pause else 0
        yield Turn(position=int(rng.integers(20)), generated=bool(rng.integers(3)), after=after)


def played(chip: Chip, geometry: Geometry, *streams: Iterator[Turn]) -> list[Played]:
    return list(replay(schedule(chip, replace(geometry, streams=len(streams))), streams))


@pytest.mark.parametrize("name", ["tiny_chip", "odd_chip", "gpt_chip", "micro_chip", "biased_chip"])
def test_one_stream_takes_what_the_schedule_says(name: str, request: pytest.FixtureRequest) -> None:
    chip = request.getfixturevalue(name)
    program = schedule(chip, replace(SMALL, columns=32, rows=32, depth=1) if name == "micro_chip" else SMALL)
    mix = [Turn(position=p, generated=generated) for p in range(chip.shape.context) for generated in (True, False)]
    tokens = list(replay(program, [iter(mix)]))
    assert [t.latency for t in tokens] == [program.cycles(t.position, t.generated) for t in tokens]
    assert [t.fetch for t in tokens] == [0, *(t.end for t in tokens[:-1])]  # each begins where the last ended
    assert throughput(program).cycles == throughput(program).latency == pytest.approx(program.mean_cycles())


def test_parallel_branches_alone_too() -> None:
    program = schedule(random_chip(NEOX, seed=8), Geometry(columns=4, rows=4, depth=3, terms=2, banks=3, divides=1))
    tokens = list(replay(program, [iter([Turn(position=p) for p in range(program.context)])]))
    assert program.slack > 0 and [t.latency for t in tokens] == [program.cycles(t.position) for t in tokens]


def test_an_idle_engine_takes_a_late_stream_at_once(odd_chip: Chip) -> None:
    """What another stream waits for costs nobody, nor does one that has ended."""
    program = schedule(odd_chip, replace(SMALL, streams=2))
    alone = [program.cycles(p) for p in (3, 4)]
    first = [Turn(position=3), Turn(position=4)]
    tokens = list(replay(program, [iter(first), iter([Turn(position=7, after=sum(alone) + 50)])]))
    assert [t.latency for t in tokens] == [*alone, program.cycles(7)]
    assert [t.fetch for t in tokens] == [0, alone[0], sum(alone) + 50]


@pytest.mark.parametrize("streams", [2, 3, 4])
def test_streams_together_are_faster_than_in_turns_and_no_faster_than_the_lanes(odd_chip: Chip, streams: int) -> None:
    rng = np.random.default_rng(streams)
    mixes = [list(turns(rng, 40, pause=30)) for _ in range(streams)]
    tokens = played(odd_chip, SMALL, *map(iter, mixes))
    program = schedule(odd_chip, SMALL)
    for number, mix in enumerate(mixes):  # each stream gets its own tokens, in order
        own = [t for t in tokens if t.stream == number]
        assert [(t.position, t.generated) for t in own] == [(t.position, t.generated) for t in mix]
        assert all(t.latency >= program.cycles(t.position, t.generated) for t in own)
        ends = [0, *(t.end for t in own)]
        assert all(t.fetch >= end + turn.after for t, end, turn in zip(own, ends, mix, strict=False))
    in_turns = sum(program.cycles(t.position, t.generated) for t in tokens)
    assert tokens[-1].end < 0.75 * in_turns
    assert tokens[-1].end > lane_cycles(program) * sum(t.generated for t in tokens)


def stories_on_pynq_z2() -> Schedule:
    """Stories260K on the PYNQ-Z2's lanes of today, one stream."""
    return schedule(
        random_chip(SHAPES["stories260k"], seed=1), Geometry(columns=16, rows=8, depth=4, banks=25, divides=4)
    )


def test_two_streams_keep_the_lanes_busy() -> None:
    """Stories260K on the PYNQ-Z2's lanes of today: its lanes have work in half of the cycles of one stream."""
    program = stories_on_pynq_z2()
    means = []
    for streams in range(1, 5):
        program.geometry = replace(program.geometry, streams=streams)
        over_all = throughput(program)
        means.append(over_all.cycles)
        assert over_all.latency >= means[0]
    assert means == pytest.approx([997.7, 686.7, 558.5, 556.1], abs=0.1)
    assert lane_cycles(program) == 514


def test_a_prompt_runs_through_the_passes_of_idle_streams() -> None:
    """The same engine, one user alone."""
    program = stories_on_pynq_z2()
    means = []
    for streams in range(1, 5):
        program.geometry = replace(program.geometry, streams=streams)
        means.append(prompt_cycles(program))
    assert means == pytest.approx([764.4, 465.1, 409.5, 390.4], abs=0.1)
    program.geometry = replace(program.geometry, best=8)  # one that draws is no idle one
    assert prompt_cycles(program) == means[0] == pytest.approx(program.mean_cycles(generated=False))


def test_a_pass_is_lent_after_a_while_and_given_back_behind_one_token(odd_chip: Chip) -> None:
    program = schedule(odd_chip, replace(SMALL, streams=2))
    lender = [Turn(position=0), Turn(position=1, after=3 * program.cycles(0))]
    prompt = [Turn(position=p, generated=False) for p in range(20)]
    found = list(replay(program, [iter(prompt), iter(lender)]))
    own, (before, after) = [t for t in found if t.stream == 0], [t for t in found if t.stream == 1]
    assert [t.position for t in own] == list(range(20))  # each done behind those before it
    asked = before.end + 3 * program.cycles(0)
    free = [t for t in own if t.fetch >= before.end + LEND_AFTER and t.end <= after.fetch]
    assert any(t.fetch < u.fetch < t.end for t in free for u in free)  # two at once
    early = sorted((t for t in own if t.fetch < before.end + LEND_AFTER), key=lambda t: t.fetch)
    assert all(t.end <= u.fetch for t, u in pairwise(early))  # and before that one at a time
    late = sorted((t for t in own if asked <= t.fetch < after.end + LEND_AFTER), key=lambda t: t.fetch)
    assert all(t.end <= u.fetch for t, u in pairwise(late))
    assert asked <= after.fetch <= max(t.end for t in own if t.fetch < asked)


def test_streams_share_a_cache_that_is_too_small_for_all(tiny_chip: Chip) -> None:
    """Whole contexts where the memories hold them, parts otherwise; each stream then ends at its part."""
    planner, board = Planner(tiny_chip), load_board("pynq-z2")
    whole = planner.best(board, streams=2)
    assert whole is not None and whole.schedule.context == tiny_chip.shape.context
    tight = replace(board, bram18=whole.cost.bram18 - 2)
    plan = planner.best(tight, streams=2)
    assert plan is not None and plan.cost.bram18 <= tight.bram18


def test_fit_plans_streams(tiny_chip: Chip) -> None:
    board = load_board("pynq-z2")
    planner = Planner(tiny_chip)
    one, two, auto = (fit(tiny_chip, board, planner, streams=n) for n in (1, 2, None))
    assert one.latency_cycles == one.mean_cycles and (one.streams, two.streams) == (1, 2)
    assert two.mean_cycles < 0.75 * one.mean_cycles and two.latency_cycles > one.latency_cycles
    assert two.prompt_cycles < 0.75 * one.prompt_cycles
    assert auto.mean_cycles <= two.mean_cycles and auto.tokens_per_second >= two.tokens_per_second
    assert two.geometry["streams"] == 2 and two.floor_cycles < one.floor_cycles


def test_what_no_engine_holds_is_refused(tiny_chip: Chip) -> None:
    with pytest.raises(BuildError, match="5 streams, 0 positions of each: an engine holds 1 to 4 streams"):
        Geometry(streams=5)
    with pytest.raises(BuildError, match="share 25: a stream has at most the context's 24 positions"):
        schedule(tiny_chip, replace(SMALL, streams=2, share=25))


@pytest.mark.parametrize("position", [0, 5, 23])
def test_the_timeline_of_one_stream_is_the_plans(tiny_chip: Chip, position: int) -> None:
    program = schedule(tiny_chip, Geometry(columns=8, rows=4, depth=3, banks=3, divides=2))
    found, cycles = timeline(program, position)
    assert cycles == program.cycles(position)
    own = [busy for stream, busy in found if stream == 0 and busy.start >= 0]
    assert sorted(own, key=repr) == sorted(program.timeline(position), key=repr)


@pytest.mark.tools
@pytest.mark.parametrize("streams", [2, 4])
def test_the_timeline_of_several_shares_lanes_and_read_out(tiny_chip: Chip, streams: int, tmp_path: Path) -> None:
    """All are at work within one token of the first; lanes are one's at a time, and so is every read."""
    program = schedule(tiny_chip, Geometry(columns=8, rows=4, depth=3, banks=3, divides=2, streams=streams))
    found, cycles = timeline(program, 11)
    assert {stream for stream, _ in found} == set(range(streams)) and cycles > program.cycles(11)
    reads = sorted((busy.start, busy.end) for _, busy in found if busy.part == "read-out")
    assert all(end <= start for (_, end), (start, _) in pairwise(reads))
    lanes = sorted((busy.start, busy.end) for _, busy in found if busy.part == "lanes")
    assert all(first < second for (first, _), (second, _) in pairwise(lanes))
    draw_timeline(program, 11, tmp_path / "picture.png", "a board")
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"
