# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Extended samplers around an engine with two streams: draws of both at once equal to the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from choices import BEST, TWO, assert_equal, assert_simulated, engine_sim
from outlines import TINY

from hardwire.backends.rtlsim import Asked, RtlSim
from hardwire.chip.model import Chip
from hardwire.chip.reference import Reference
from hardwire.host.requests import Request
from hardwire.proof.draws import requests
from hardwire.quantize import Outline, random_chip

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def chip() -> Chip:
    return random_chip(Outline(shape=TINY), seed=8)


@pytest.fixture(scope="module")
def sim(chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> RtlSim:
    return engine_sim(chip, tmp_path_factory.mktemp("streams"), TWO)


def test_every_draw_is_the_reference_s(chip: Chip, sim: RtlSim, draw: np.random.Generator) -> None:
    """Each stream by itself: its contexts go on, whatever the other is asked between."""
    reference, positions = Reference(chip, streams=2, best=BEST), [0, 0]
    for case, request in requests(draw, chip.shape.vocab, BEST, 120):
        stream = int(draw.integers(2))
        one = replace(request, stream=stream, clear=request.clear or not positions[stream])
        want = reference.run(one)
        assert_equal(one, sim.run(one), want, case)
        positions[stream] = want.position


def alone(draw: np.random.Generator, vocab: int, stream: int) -> Request:
    """A request that begins anew: with options, or none."""
    ids = tuple(draw.integers(0, vocab, int(draw.integers(1, 6))).tolist())
    k = int(draw.integers(0, BEST + 1))
    how = {
        "top_k": k,
        "top_p": float(draw.choice([1, 0.5])) if k else 1.0,
        "penalty": float(draw.choice([1, 1.3, 10])),
        "logprobs": None if draw.random() < 0.5 else 3,
    }
    request = Request(
        stream=stream, ids=ids, budget=int(draw.integers(1, 9)), temperature=float(draw.choice([0, 0.7, 1.5])),
        seed=int(draw.integers(1 << 62)), stops=(3,), **(how if draw.random() < 0.8 else {}),
    )  # fmt: skip
    if draw.random() < 0.2:
        return replace(request, allowed=draw.random(vocab) < 0.3, budget=1)
    return request


def test_both_draw_at_once(chip: Chip, sim: RtlSim, draw: np.random.Generator) -> None:
    """At random times, with and without pauses: tokens, logits, status, and every number of every draw."""
    reference = Reference(chip, best=BEST)
    for case in range(60):
        sim.reset()
        asked = [
            Asked(
                alone(draw, chip.shape.vocab, s),
                stall=case % 2 * int(draw.integers(1, 99)),
                after=int(draw.integers(900)),
            )
            for s in range(2)
        ]
        for one, got in zip(asked, sim.together(asked), strict=True):
            want = reference.run(replace(one.request, stream=0, rows=1))
            assert_simulated(got, want, case)
