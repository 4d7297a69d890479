# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Random decoders on random engines of one to four streams: plan, RTL and reference agree. A seed is a test."""

from __future__ import annotations

from pathlib import Path

import pytest
import random_streams

from hardwire.errors import BuildError
from hardwire.plan.geometry import Geometry
from hardwire.plan.schedule import schedule
from hardwire.quantize import random_chip

FIRST = 4  # one of each number of streams

SEEDS = [
    pytest.param(seed, marks=[pytest.mark.slow] if seed >= FIRST else [], id=f"seed-{seed}")
    for seed in range(random_streams.COUNT)
]


@pytest.mark.tools
@pytest.mark.parametrize("seed", SEEDS)
def test_plan_and_reference_hold(seed: int, tmp_path: Path) -> None:
    print(random_streams.check(seed, tmp_path))


def test_a_seed_decides_all_and_streams_go_round(tmp_path: Path) -> None:
    cases = [random_streams.case_of(seed, tmp_path / str(seed)) for seed in range(4)]
    assert [case.geometry.streams for case in cases] == [1, 2, 3, 4]
    again = random_streams.case_of(2, tmp_path / "again")
    assert (again.geometry, again.chip.digest) == (cases[2].geometry, cases[2].chip.digest)


def test_a_campaign_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def check(seed: int, folder: Path) -> str:
        if seed == 3 and 3 not in asked:
            asked.append(seed)
            raise AssertionError(f"seed {seed}: planted")
        asked.append(seed)
        return "fine"

    monkeypatch.setattr(random_streams, "check", check)
    log = tmp_path / "streams.log"
    with pytest.raises(AssertionError, match="seed 3: planted"):
        list(random_streams.campaign(range(6), log))
    assert list(random_streams.campaign(range(6), log)) and asked == [0, 1, 2, 3, 3, 4, 5]
    monkeypatch.setattr(random_streams, "sources", lambda: "of other sources")
    assert len(list(random_streams.campaign(range(6), log))) == 6


def test_quotients_fill_words() -> None:
    """A seed's find: quotients that do not divide a word were written to the wrong places, without a word of it."""
    shape = random_streams.Shape(
        vocab=44, dim=20, layers=1, heads=4, kv_heads=2, head_dim=8, hidden=20, context=27, rotary=0
    )
    chip = random_chip(random_streams.Outline(shape=shape, wiring=random_streams.Wiring(positions=True)), seed=1)
    geometry = Geometry(columns=6, rows=6, depth=3, terms=2, banks=3, divides=4)
    with pytest.raises(BuildError, match="divides 4: choose a divisor of the 6 channels of a head"):
        schedule(chip, geometry)
