# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Two trained models of one mould: A, B, A in one engine. On a simulated PYNQ board notebook 06 does it.

Of each in its turn: all logits behind 4 x 256 tokens against its reference, greedy and drawn tokens, and the cycles of
every position against one plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from second_model import second_chip

from hardwire.backends.rtlsim import RtlSim
from hardwire.chip.model import Chip, load_chip
from hardwire.emit.rtl.contents import Pour
from hardwire.emit.rtl.project import write_rtl
from hardwire.host.requests import Backend, Request
from hardwire.manifest import read_bundle_manifest
from hardwire.plan.geometry import Geometry, geometry_of
from hardwire.plan.schedule import schedule
from hardwire.proof.climb import Route, Text, climb
from hardwire.proof.verify import drive

pytestmark = [pytest.mark.tools, pytest.mark.slow]  # minutes: Verilator, and millions of cycles

SHIPPED = Path(__file__).parents[2] / "bitstreams" / "ulx3s-85f" / "bundled"
STARTS, LENGTH = ("Once upon a time", "Tom and his dog", "The license", "One day"), 256


@pytest.fixture(scope="module")
def chips() -> tuple[Chip, Chip]:
    first = load_chip(SHIPPED / "model.chip")
    return first, second_chip(first)


@pytest.fixture(scope="module")
def routes(chips: tuple[Chip, Chip]) -> dict[str, Route]:
    """By a chip's digest: what it must say. Cycles are added by who knows the engine."""
    from hardwire.frontend.tokenizer import tokenizer_of

    made = {}
    for chip in chips:
        starts = [tokenizer_of(chip.tokenizer or {}, "the chip's tokenizer").story_ids(text) for text in STARTS]
        ids, logits = drive(chip, starts, LENGTH)
        texts = [Text(row, rows, len(start)) for row, rows, start in zip(ids, logits, starts, strict=True)]
        loops = [
            Request(ids=tuple(starts[0]), budget=64, **options) for options in ({}, {"temperature": 0.8, "seed": 9})
        ]
        made[chip.digest] = Route(rung="reprint", chip=chip, texts=texts, loops=loops)
    assert (made[chips[0].digest].texts[0].ids != made[chips[1].digest].texts[0].ids).any()
    return made


def is_chip(backend: Backend, route: Route, cycles: Sequence[int]) -> None:
    """Everything that the route compares is equal, to the last logit and cycle."""
    timed = Request(ids=tuple(route.texts[0].ids[:1]))
    rung, difference = climb(
        Route(rung="reprint", chip=route.chip, texts=route.texts, loops=route.loops, timed=timed, cycles=cycles),
        backend,
    )
    assert difference is None, difference
    assert rung.logits >= len(STARTS) * LENGTH * route.chip.shape.vocab
    print(f"chip {route.chip.digest[:12]}: {rung.tokens:,} tokens, {rung.logits:,} logits equal")


def planned(chip: Chip, geometry: Geometry) -> list[int]:
    plan = schedule(chip, geometry)
    return [plan.cycles(position) for position in range(chip.shape.context)]


def test_one_engine_is_either_model(chips: tuple[Chip, Chip], routes: dict[str, Route], tmp_path: Path) -> None:
    a, b = chips
    shipped = geometry_of(read_bundle_manifest(SHIPPED).planned_geometry or {}, SHIPPED)
    geometry = replace(shipped, streams=1, share=0)  # memories that a host writes are of one stream
    cycles = planned(a, geometry)
    assert cycles == planned(b, geometry)
    write_rtl(a, tmp_path, geometry, pour=Pour.ALL)
    sim = RtlSim(tmp_path, a)
    sim.compile()
    for number, chip in enumerate((a, b, a)):
        if number:
            sim.reprint(chip)
        is_chip(sim, routes[chip.digest], cycles)
