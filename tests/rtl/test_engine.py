# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The RTL engine in simulation equals the integer reference, and takes exactly the cycles that were predicted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outlines import EVERYTHING, GEMMA2, GEMMA3, MISTRAL, NEOX, PROOFS, QWEN3, QWEN3_SHARED, SMOLLM3

from hardwire.backends.rtlsim import RtlSim
from hardwire.chip.model import Chip, Shape
from hardwire.chip.reference import Reference, fill, new_state, step
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import BuildError
from hardwire.host.requests import Request
from hardwire.plan.geometry import Geometry
from hardwire.plan.schedule import schedule
from hardwire.plan.trace import Tracer, first_difference
from hardwire.quantize import Options, random_chip

pytestmark = pytest.mark.tools

WIDE_HEADS = Shape(vocab=50, dim=24, layers=2, heads=2, kv_heads=2, head_dim=12, hidden=40, context=30, rotary=12)
CASES = {
    "tiny": ("tiny_chip", Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, trace=True)),
    "odd, few registers, part of all products in multipliers": (
        "odd_chip",
        Geometry(
            columns=8,
            rows=8,
            depth=2,
            terms=4,
            packed_groups=1,
            banks=5,
            divides=8,
            score_fabric=2,
            mix_fabric=2,
            lane_stages=1,
            round_stages=1,
            minus=False,
            trace=True,
        ),
    ),
    "8-bit weights, heads in parts, all in multipliers": (
        "wide_chip",
        Geometry(
            columns=8,
            rows=4,
            depth=1,
            terms=2,
            packed_groups=4,
            banks=1,
            divides=4,
            score_style="apart",
            mix_style="apart",
            trace=True,
        ),
    ),
    "GPT, weights of two depths in URAM": (
        "gpt_chip",
        Geometry(columns=8, rows=2, depth=5, terms=4, banks=3, divides=1, uram=2, score_style="fabric", trace=True),
    ),
    "four heads to a walk": (
        "micro_chip",
        Geometry(
            columns=16,
            rows=16,
            depth=1,
            terms=4,
            packed_groups=2,
            banks=8,
            divides=4,
            mix_style="fabric",
            lane_stages=1,
            trace=True,
        ),
    ),
    "biases": (
        "biased_chip",
        Geometry(columns=12, rows=6, depth=3, terms=4, banks=7, divides=3, lane_stages=4, round_stages=1, trace=True),
    ),
    "parallel branches": (
        "neox_chip",
        Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, factor_stages=2, round_stages=3, trace=True),
    ),
    "a window in one layer": (
        "mistral_chip",
        Geometry(
            columns=6,
            rows=6,
            depth=4,
            terms=2,
            banks=3,
            divides=3,
            lane_stages=1,
            read_stages=2,
            sum_stages=2,
            trace=True,
        ),
    ),
    "angles that differ between layers, heads in parts": (
        "smollm3_chip",
        Geometry(columns=4, rows=4, depth=2, terms=4, banks=5, round_stages=1, trace=True),
    ),
    "norms of queries and keys, heads in parts": (
        "qwen3_chip",
        Geometry(columns=4, rows=4, depth=3, terms=2, banks=4, lane_stages=3, read_stages=2, sum_stages=2, trace=True),
    ),
    "norms of queries and keys, two heads to a walk": (
        "qwen3_shared_chip",
        Geometry(columns=8, rows=8, depth=4, terms=4, banks=8, divides=4, round_stages=1, trace=True),
    ),
    "norms behind branches, caps of scores and logits, a window": (
        "gemma2_chip",
        Geometry(
            columns=4,
            rows=4,
            depth=2,
            terms=2,
            banks=5,
            score_fabric=4,
            factor_stages=2,
            round_stages=3,
            read_stages=2,
            sum_stages=3,
            trace=True,
        ),  # fmt: skip
    ),
    "norms of heads and behind branches, a last read that is not full": (
        "gemma3_chip",
        Geometry(columns=10, rows=10, depth=3, terms=2, banks=2, divides=5, lane_stages=1, round_stages=1, trace=True),
    ),
    "every part at once": (
        "everything_chip",
        Geometry(
            columns=8,
            rows=4,
            depth=6,
            terms=4,
            banks=7,
            divides=4,
            mix_style="fabric",
            lane_stages=4,
            factor_stages=2,
            round_stages=3,
            read_stages=2,
            sum_stages=3,
            trace=True,
        ),  # fmt: skip
    ),
    **{name: ("proof", geometry) for name, (_, geometry) in PROOFS.items()},
}


@pytest.fixture(scope="module")
def wide_chip() -> Chip:
    return random_chip(WIDE_HEADS, seed=6, options=Options(weights=8, rounding="plain"))


@pytest.fixture(scope="module")
def neox_chip() -> Chip:
    return random_chip(NEOX, seed=8)


@pytest.fixture(scope="module")
def mistral_chip() -> Chip:
    return random_chip(MISTRAL, seed=8)


@pytest.fixture(scope="module")
def smollm3_chip() -> Chip:
    return random_chip(SMOLLM3, seed=8)


@pytest.fixture(scope="module")
def qwen3_chip() -> Chip:
    return random_chip(QWEN3, seed=8)


@pytest.fixture(scope="module")
def qwen3_shared_chip() -> Chip:
    return random_chip(QWEN3_SHARED, seed=8)


@pytest.fixture(scope="module")
def gemma2_chip() -> Chip:
    return random_chip(GEMMA2, seed=8)


@pytest.fixture(scope="module")
def gemma3_chip() -> Chip:
    return random_chip(GEMMA3, seed=8)


@pytest.fixture(scope="module")
def everything_chip() -> Chip:
    return random_chip(EVERYTHING, seed=8)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Chip, Geometry], RtlSim]:
    """Simulations by chip and geometry, each compiled once."""
    made: dict[tuple[str, Geometry], RtlSim] = {}

    def compiled(chip: Chip, geometry: Geometry) -> RtlSim:
        key = chip.digest, geometry
        if key not in made:
            folder = tmp_path_factory.mktemp("rtl")
            write_rtl(chip, folder, geometry)
            made[key] = RtlSim(folder, chip)
            made[key].compile()
        made[key].restart()
        return made[key]

    return compiled


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, build: Callable[[Chip, Geometry], RtlSim]) -> tuple[Chip, Geometry, RtlSim]:
    name, geometry = CASES[request.param]
    chip = random_chip(PROOFS[request.param][0], seed=8) if name == "proof" else request.getfixturevalue(name)
    return chip, geometry, build(chip, geometry)


def test_the_trace_is_that_of_the_reference(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    tracer, state = Tracer(chip, schedule(chip, geometry)), new_state(chip)
    names = {stage.name for stage in tracer.stages}
    assert names >= {"embed", "L0.q", "L0.attn", attention_out(chip), "L0.x", "logits"}
    for position, token in enumerate(text(chip, 4)):
        sim.simulate([token], 1, clear=position == 0)
        assert first_difference(tracer.step(state, token), sim.trace) is None, position


def test_the_trace_of_an_inner_token_ends_with_its_last_keys_and_values(case: tuple[Chip, Geometry, RtlSim]) -> None:
    """The last of a prompt that is too long is one."""
    chip, geometry, sim = case
    tokens, last = text(chip, chip.shape.context + 1), f"L{chip.shape.layers - 1}"
    sim.simulate(tokens)
    tracer, state = Tracer(chip, schedule(chip, geometry)), new_state(chip)
    fill(chip, state, np.array([tokens[:-2]]))
    expected = tracer.step(state, tokens[-2], inner=True)
    assert {f"{last}.q", f"{last}.k", f"{last}.v"} <= {stage.name for stage in expected}
    assert all(stage.name not in (f"{last}.attn", f"{last}.x", "logits") for stage in expected)
    assert first_difference(expected, sim.trace) is None


def attention_out(chip: Chip) -> str:
    """The stage in which the first layer's attention is added to the residual: parallel branches share one."""
    return "L0.x" if chip.wiring.parallel else "L0.attn_x"


def test_the_trace_names_the_first_stage_that_differs(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    tracer, (token, other) = Tracer(chip, schedule(chip, geometry)), text(chip, 2)
    expected = tracer.step(new_state(chip), token)
    sim.simulate([token], 1)
    read = {stage.word: sim.trace(stage.word) for stage in tracer.stages}
    late = next(stage for stage in tracer.stages if stage.name == attention_out(chip))
    read |= {stage.word: read[stage.word] ^ 4 for stage in tracer.stages[tracer.stages.index(late) :]}
    found = first_difference(expected, read.__getitem__)
    assert found is not None and found[0].name == attention_out(chip) and found[1] == found[2] ^ 4
    sim.simulate([other], 1)
    found = first_difference(expected, sim.trace)
    assert found is not None and found[0].name == "embed"


def text(chip: Chip, count: int, seed: int = 1) -> list[int]:
    return np.random.default_rng(seed).integers(0, chip.shape.vocab, count).tolist()


def expected(
    chip: Chip, prompt: list[int], budget: int | None = None, stops: tuple[int, ...] = (), **options: Any
) -> tuple[list[int], str]:
    outcome = Reference(chip).run(Request(ids=prompt, budget=budget, stops=stops, **options))
    return list(outcome.ids), outcome.status


def test_logits_of_the_whole_context(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, _, sim = case
    tokens = text(chip, chip.shape.context)
    reference = step(chip, new_state(chip), np.array([tokens]))[0]
    np.testing.assert_array_equal(sim.predict(tokens), reference)


def test_cycles_of_every_position(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, geometry, sim = case
    plan, full = schedule(chip, geometry), range(chip.shape.context - 1)
    assert sim.simulate([1]).token_cycles == [plan.cycles(p) for p in full]
    assert sim.simulate(text(chip, chip.shape.context)).token_cycles == [plan.cycles(p, generated=False) for p in full]


def test_lanes_of_parallel_branches_work_while_attention_walks(neox_chip: Chip) -> None:
    geometry = CASES["parallel branches"][1]
    made, layers = schedule(neox_chip, geometry), neox_chip.shape.layers
    apart = schedule(replace(neox_chip, wiring=replace(neox_chip.wiring, parallel=False)), geometry)
    assert 0 < made.slack < made.span(0)
    for position in (0, 23):
        assert made.cycles(position) < apart.cycles(position) - layers * made.slack
        busy = made.timeline(position)
        lanes = sorted((b.start, b.end) for b in busy if b.part == "lanes")
        assert all(end <= start for (_, end), (start, _) in zip(lanes, lanes[1:], strict=False))
        run, walk = (next(b for b in busy if b.part == part) for part in ("lanes", "attention"))
        assert run.start < walk.start < run.end


def test_tokens_until_the_context_is_full(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, _, sim = case
    outcome = sim.simulate([3, 1])
    assert (outcome.tokens, outcome.status) == expected(chip, [3, 1])
    assert outcome.position == chip.shape.context


def test_temperature_and_stalls_change_nothing_else(case: tuple[Chip, Geometry, RtlSim]) -> None:
    chip, _, sim = case
    for seed in (0, 0x9E3779B97F4A7C15):
        sampling = {"temperature": 0.8, "seed": seed}
        wanted, status = expected(chip, [2, 5], 12, **sampling)
        for stall in (0, 99):
            outcome = sim.simulate([2, 5], 12, stall=stall, **sampling)
            assert (outcome.tokens, outcome.status) == (wanted, status)


def test_requests_one_after_another(tiny_chip: Chip, build: Callable[[Chip, Geometry], RtlSim]) -> None:
    """Stop tokens, a budget, no budget at all, a prompt beyond the context, and what each leaves behind."""
    sim = build(tiny_chip, CASES["tiny"][1])
    free, _ = expected(tiny_chip, [7, 7], 10)
    stop = free[4]
    for stops in ((stop,), (39, stop), (38, 39)):
        outcome = sim.simulate([7, 7], 10, stops=stops)
        assert (outcome.tokens, outcome.status) == expected(tiny_chip, [7, 7], 10, stops=stops)
    nothing = sim.simulate([7, 7], 0)
    assert (nothing.tokens, nothing.status, nothing.position) == ([], "budget", 0)
    beyond = sim.simulate(text(tiny_chip, 40))
    assert (beyond.tokens, beyond.status) == ([], "context full")
    assert sim.simulate([7, 7], 10).tokens == free


def test_continue_after_a_stop(tiny_chip: Chip, build: Callable[[Chip, Geometry], RtlSim]) -> None:
    sim = build(tiny_chip, CASES["tiny"][1])
    whole = sim.simulate([4], 12).tokens
    first = sim.simulate([4], 5).tokens
    assert first + sim.simulate([first[-1]], 7, clear=False).tokens == whole


@pytest.mark.parametrize("depth", [3, 8, 18])  # with 18 the lanes' skew is longer than a reset
def test_reset_in_the_middle_of_a_token(tiny_chip: Chip, build: Callable[[Chip, Geometry], RtlSim], depth: int) -> None:
    sim = build(tiny_chip, replace(CASES["tiny"][1], depth=depth))
    wanted, _ = expected(tiny_chip, [5, 6], 6)
    for cycles in (1, 13, 17, 60, 70, 79, 118, 130, 211, 305, 454, 523, 777, 1234):
        assert sim.simulate(text(tiny_chip, 9, cycles), abort_after=cycles).status == "reset"
        assert sim.simulate([5, 6], 6).tokens == wanted, f"after a reset in cycle {cycles}"


def test_a_changed_rom_is_refused(tiny_chip: Chip, tmp_path: Path) -> None:
    write_rtl(tiny_chip, tmp_path, CASES["tiny"][1])
    RtlSim(tmp_path, tiny_chip)
    (tmp_path / "rom" / "exp.hex").unlink()
    with pytest.raises(BuildError, match="exp.hex: missing or changed"):
        RtlSim(tmp_path, tiny_chip)
