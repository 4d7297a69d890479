# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the results script: what it compares would be noticed, what is missing is said."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import speeds
from results import resource_rows
from speeds import Goal, Models, Planned, Work, plan, prove, routed, same_cycles, same_logits, same_prompt_cycles

from hardwire.backends.rtlsim import RtlSim
from hardwire.chip.model import Chip
from hardwire.emit.rtl.project import write_rtl
from hardwire.errors import BuildError, Mismatch
from hardwire.plan.fit import fit
from hardwire.plan.geometry import Geometry
from hardwire.plan.planner import Planner
from hardwire.plan.program import Schedule
from hardwire.plan.schedule import schedule
from hardwire.quantize import random_chip
from hardwire.targets.board import load_board

GEOMETRY = Geometry(columns=4, rows=4, depth=3, terms=2, banks=4)


@pytest.fixture(scope="module")
def planner(tiny_chip: Chip) -> Planner:
    return Planner(tiny_chip)


@pytest.fixture(scope="module")
def engine(tiny_chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is compiled once; ``prove`` finds its library again."""
    folder = tmp_path_factory.mktemp("engine")
    write_rtl(tiny_chip, folder, GEOMETRY)
    RtlSim(folder, tiny_chip).compile()
    return folder


@pytest.mark.tools
def test_every_position_is_compared(tiny_chip: Chip, engine: Path) -> None:
    proof = prove(tiny_chip, schedule(tiny_chip, GEOMETRY), engine)
    assert (proof.logits, proof.generated, proof.prompt) == (24 * 40, 24, 23)
    assert proof.tokens_per_second > 0


@pytest.mark.tools
def test_of_several_streams_every_position_of_one(tiny_chip: Chip, tmp_path: Path) -> None:
    proof = prove(tiny_chip, schedule(tiny_chip, replace(GEOMETRY, streams=2, share=13)), tmp_path)
    assert (proof.logits, proof.generated, proof.prompt) == (13 * 40, 13, 12)


@pytest.mark.tools
@pytest.mark.parametrize("position", [0, 11, 23])
def test_one_wrong_cycle_is_noticed(
    tiny_chip: Chip, engine: Path, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, sim, right = schedule(tiny_chip, GEOMETRY), RtlSim(engine, tiny_chip), Schedule.cycles

    def wrong(self: Schedule, at: int, generated: bool = True) -> int:
        return right(self, at, generated) + (at == position)

    monkeypatch.setattr(Schedule, "cycles", wrong)
    sim.compile()
    with pytest.raises(Mismatch, match=r"a generated token at position \d+ took \d+ cycles, not \d+"):
        same_cycles(made, sim)
    if position < 23:  # the last is no inner one
        with pytest.raises(Mismatch, match=f"a prompt token at position {position} took"):
            same_prompt_cycles(made, sim, np.arange(24))
    sim.close()


@pytest.mark.tools
def test_other_weights_are_noticed(tiny_chip: Chip, engine: Path) -> None:
    sim = RtlSim(engine)
    sim.compile()
    other = random_chip(tiny_chip.shape, seed=4)
    with pytest.raises(Mismatch, match="rtl: stage logits, token 0 of text 0, index 0: expected"):
        same_logits(other, sim, np.arange(24))
    sim.close()


def test_a_plan_is_the_one_that_fit_finds(planner: Planner, tmp_path: Path) -> None:
    board = load_board("ulx3s-85f")
    verdict = fit(planner.chip, board, planner)
    found = plan(Work("bundled", "ulx3s-85f"), planner, tmp_path)
    assert [found.made.cycles(p) for p in range(24)] == verdict.cycles
    assert found.mean == pytest.approx(verdict.mean_cycles, abs=0.01) and found.floor == verdict.floor_cycles
    assert found.rate == pytest.approx(verdict.tokens_per_second, rel=1e-4)
    assert (found.clock_mhz, found.clock_source) == (verdict.clock_mhz, "estimated; not routed here")


def test_a_clock_is_routed_only_with_the_bitstream_of_the_plan(tiny_chip: Chip, tmp_path: Path) -> None:
    planned, other = (schedule(tiny_chip, g) for g in (GEOMETRY, replace(GEOMETRY, depth=4)))
    board, manifest = load_board("ulx3s-85f"), tmp_path / "manifest.json"

    def of(said: dict[str, object]) -> tuple[Geometry, float, str]:
        manifest.write_text(json.dumps(said))
        made, clock, source = routed(tiny_chip, planned, board, manifest)
        return made.geometry, clock, source

    said = {"clock_mhz": 61.5, "cycles": [planned.cycles(p) for p in range(24)]}
    assert of(said) == (GEOMETRY, 61.5, "routed")
    said["cycles"] = [other.cycles(p) for p in range(24)]
    assert of(said) == (GEOMETRY, board.clock_mhz, "asked; the bitstream is of another plan")
    assert of(said | {"geometry": asdict(other.geometry)}) == (other.geometry, 61.5, "routed")
    for wrong in ({"clock_mhz": 61.5}, {"clock_mhz": 61.5, "cycles": 1499.7}, {"clock_mhz": "fast", "cycles": []}):
        with pytest.raises(BuildError, match="manifest.json: malformed, .*; it has clock_mhz and cycles, a list"):
            of(wrong)


def test_a_row_says_what_was_asked_and_what_came(tiny_chip: Chip) -> None:
    made = schedule(tiny_chip, GEOMETRY)
    cycles = [made.cycles(p) for p in range(24)]
    planned = Planned(load_board("pynq-z2"), made, 10, "serial chain", 100.0, "estimated", 1.0)
    work = Work("bundled", "pynq-z2", Goal(1e6, "cycles"), Goal(1e9, "tokens/s"))
    row = speeds.speed_row("tiny", work, planned)
    mean = np.mean(cycles)
    assert row == [
        "tiny",
        "pynq-z2",
        f"0: {cycles[0]}, 1: {cycles[1]}, 23: {cycles[23]}",
        f"{mean:,.1f} over 0 to 23",
        "10 (serial chain)",
        f"{mean / 10:.2f}",
        "100 MHz, estimated",
        f"{1e8 / mean:,.0f}",
        "1,000,000 cycles: met",
        "1,000,000,000 tokens/s: missed at an estimated clock",
    ]
    assert Goal(1, "tokens/s").judged(replace(planned, clock_source="routed")) == "1 tokens/s: met"
    assert speeds.speed_row("tiny", replace(work, required=None), planned)[-2] == ""


def test_without_the_development_folder_a_random_model_is_named_so(tmp_path: Path) -> None:
    models = Models(tmp_path / "nothing", tmp_path)
    assert models.named("stories260K") == "stories260K shape, random" and models.named("bundled") == "bundled"
    assert models.decoder("stories260K").parameters > 260_000
    assert models.planner("microgpt").chip.shape.context == 16


def test_resources_are_shown_beside_what_was_predicted() -> None:
    row = {
        "resources": {"lut": 4000, "dsp": 3, "uram": 0},
        "share": {"lut": 0.0752, "dsp": 0.0136, "uram": 0.0},
        "predicted": {"lut": {"predicted": 4100}, "uram": {"predicted": 0}},
    }
    assert resource_rows("b", "pynq-z2", row) == [
        ["b", "pynq-z2", "lut", "4,100", "4,000", "+2.5%", "7.5% (85%: met)"],
        ["b", "pynq-z2", "dsp", "", "3", "", "1.4%"],
    ]
    assert resource_rows("b", "kv260", row | {"share": {"lut": 0.86}})[0][-1] == "86.0% (85%: missed)"
