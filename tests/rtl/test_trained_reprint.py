# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Two trained models of one mould: A, B, A in one engine, and on a simulated PYNQ board whose loads are killed.

Of each in its turn: all logits behind 4 x 256 tokens against its reference, greedy and drawn tokens, and the cycles of
every position against one plan.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from second_model import second_chip

from hardwire.backends.rtlsim import RtlSim
from hardwire.build.folder import open_build
from hardwire.chip.model import Chip, load_chip
from hardwire.driver.hosted import HostedChip
from hardwire.driver.model import LanguageModel
from hardwire.emit.rtl.contents import Pour
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import LinkError
from hardwire.host.requests import Backend, Request
from hardwire.manifest import read_bundle_manifest
from hardwire.plan.geometry import Geometry, geometry_of
from hardwire.plan.schedule import schedule
from hardwire.proof.climb import Route, Text, climb
from hardwire.proof.verify import drive

if TYPE_CHECKING:
    from hardwire.backends.simboard import SimBoard

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
    geometry = geometry_of(read_bundle_manifest(SHIPPED).planned_geometry or {}, SHIPPED)
    cycles = planned(a, geometry)
    assert cycles == planned(b, geometry)
    write_rtl(a, tmp_path, geometry, pour=Pour.ALL)
    sim = RtlSim(tmp_path, a)
    sim.compile()
    for number, chip in enumerate((a, b, a)):
        if number:
            sim.reprint(chip)
        is_chip(sim, routes[chip.digest], cycles)


class Killed(Exception):
    """The program ends here."""


def hosted(model: LanguageModel) -> HostedChip:
    assert model.hosted is not None
    return model.hosted


def test_a_board_is_either_model_and_three_kills_serve_nothing_wrong(
    chips: tuple[Chip, Chip], routes: dict[str, Route], reprintable_pynq: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the simulated PYNQ-Z2 of notebook 06."""
    from hardwire.backends.simboard import simulated_board, simulated_bundle
    from hardwire.driver.bundle import for_board
    from hardwire.driver.overlay import open_board

    a, b = chips
    build = open_build(reprintable_pynq)
    assert build.chip.digest == a.digest
    board: SimBoard = simulated_board(build)
    bundle = for_board(simulated_bundle(build), None)
    cycles = list(build.manifest.cycles or ())
    with open_board(bundle, board, True) as model:
        is_chip(hosted(model), routes[a.digest], cycles)
        before, started = model.info()["writes"], time.process_time()
        model.reprint(b)
        writes = model.info()["writes"] - before
        print(f"{writes:,} writes, {writes * 200 / 1e6:.1f} ms at 200 ns each")
        print(f"{time.process_time() - started:.1f} s of a processor, simulation included")
        is_chip(hosted(model), routes[b.digest], cycles)
        model.reprint(a)
    for after in (1, writes // 2, writes - 2):  # the first word, the middle, all but the last
        with open_board(bundle, board, False) as model:
            chip, left = hosted(model), after
            store = chip.bus.write  # type: ignore[attr-defined]

            def write(at: int, word: int) -> None:
                nonlocal left
                if 0x4000 <= at < 0x5000:
                    left -= 1
                    if left < 0:
                        raise Killed
                store(at, word)  # noqa: B023  # called within this turn of the loop

            monkeypatch.setattr(chip.bus, "write", write)  # type: ignore[attr-defined]
            with pytest.raises(Killed):
                model.reprint(b)
            monkeypatch.undo()
            with pytest.raises(LinkError, match="hold no chip: a load was cut off"):
                chip.run(Request(ids=(1, 2), budget=1))
    with open_board(bundle, board, False) as model:  # which repairs it
        is_chip(hosted(model), routes[a.digest], cycles)
